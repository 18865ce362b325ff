# What is already known when a loop begins: from this driver's own disk and from Redis (the driver was started again),
# and from the ledger of earlier attempts (files in the bucket). A value counts only if its key says that nothing it
# depends on has changed.

load_known <- function(fleet, loop) {
  loop$spill <- open_spill(fleet$journal, loop$number, fleet$lasting || fleet$durable)
  bits <- redis_send(fleet$con, list(list("GET", done_key(loop$number))), raw = TRUE)[[1]]
  loop$done_flags <- bit_flags(bits)
  loop$remote <- fleet$ledger[[whole(loop$number)]]
  loop$anything_known <- nrow(loop$spill$entries) > 0L || any(loop$done_flags) || !is.null(loop$remote)
}

# A Redis bitmap as logical vector, element i + 1 for bit i (first bit = most significant)
bit_flags <- function(bytes) {
  if (!length(bytes)) return(logical())
  as.vector(matrix(as.logical(rawToBits(bytes)), nrow = 8L)[8:1, , drop = FALSE])
}

# Finds out which of these iterations need no run. What is not reused is counted with its reason.
take_known <- function(fleet, loop, items) {
  entries <- loop$spill$entries
  entries <- entries[entries$key != NO_KEY, , drop = FALSE]
  row <- match(items, entries$i)
  mine <- which(!is.na(row))
  good <- mine[has_key(loop, items[mine], entries$key[row[mine]])]
  adopt(loop, items[good], entries[row[good], , drop = FALSE])
  for (k in setdiff(mine, good)) {
    note_reason(loop, key_difference(entries$key[row[k]], key_of(loop, items[k])))
    spill_forget(loop$spill, items[k])
    loop$to_clear <- c(loop$to_clear, items[k])
  }
  spill_flush(loop$spill)
  for (i in items[is.na(row)]) take_stored(fleet, loop, i)
}

# From Redis, or from the ledger
take_stored <- function(fleet, loop, i) {
  flagged <- isTRUE(loop$done_flags[i + 1L])
  if (flagged && fetch_stored(fleet, loop, i)) return(invisible())
  entry <- if (!is.null(loop$remote)) get0(whole(i), envir = loop$remote, inherits = FALSE)
  if (!is.null(entry) && has_key(loop, i, entry$key)) {
    # its mark in Redis stays: a task of before that comes back passes over it
    set_status(loop, i, REMOTE)
    loop$reused <- loop$reused + 1L
    loop$finished <- loop$finished + 1L
    return(invisible())
  }
  if (flagged) loop$to_clear <- c(loop$to_clear, i)
  if (!is.null(loop$remote)) note_reason(loop, if (is.null(entry)) "not finished before" else paste("changed:", key_difference(entry$key, key_of(loop, i))))
}

# What this driver's own disk has
adopt <- function(loop, items, entries) {
  if (!length(items)) return(invisible())
  set_status(loop, items, STORED)
  set_place(loop, items, entries$offset, entries$bytes)
  loop$executed <- loop$executed + length(items)
  loop$finished <- loop$finished + length(items)
  loop$seconds <- loop$seconds + sum(entries$seconds)
  loop$seconds2 <- loop$seconds2 + sum(entries$seconds^2)
  loop$longest <- max(loop$longest, entries$seconds)
  loop$result_bytes <- loop$result_bytes + sum(entries$bytes)
  loop$recovered <- or_else(loop$recovered, 0L) + length(items)
}

# A result that workers stored while no driver was there to fetch it
fetch_stored <- function(fleet, loop, i) {
  key <- value_key(loop$number, whole(i))
  reply <- redis_send(fleet$con, lapply(c("k", "v", "o", "s"), function(field) list("HGET", key, field)), raw = TRUE)
  if (is.null(reply[[1]]) || !has_key(loop, i, rawToChar(reply[[1]]))) return(FALSE)
  if (!is.null(reply[[3]])) {
    await_object(fleet, loop, i, rawToChar(reply[[3]]), rawToChar(reply[[4]]), 0, 0)
    loop$recovered <- or_else(loop$recovered, 0L) + 1L
    return(TRUE)
  }
  if (is.null(reply[[2]])) return(FALSE)
  keep_values(loop, i, reply[2], 0)
  acknowledge(fleet, loop, i)
  loop$recovered <- or_else(loop$recovered, 0L) + 1L
  TRUE
}

note_reason <- function(loop, reason) loop$reasons[[reason]] <- or_else(loop$reasons[[reason]], 0L) + 1L

# Iterations whose stored value no longer counts must be free to be stored anew.
clear_stale <- function(fleet, loop) {
  stale <- loop$to_clear
  if (!length(stale)) return(invisible())
  redis_send(fleet$con, unlist(lapply(stale, function(i) list(list("SETBIT", done_key(loop$number), whole(i), "0"), list("DEL", value_key(loop$number, i)))),
                           recursive = FALSE))
  loop$to_clear <- NULL
}

# --- the ledger of earlier attempts
# ----------------------------------------------------------------------------------------------------------

# One JSON line per finished iteration -> list by loop of environments by iteration; the newest attempt wins.
read_ledger <- function(path) {
  input <- file(path, "r", encoding = "UTF-8")
  on.exit(close(input))
  tables <- list()
  repeat {
    lines <- readLines(input, 5000L, warn = FALSE)
    if (!length(lines)) break
    for (line in lines[nzchar(lines)]) {
      entry <- tryCatch(jsonlite::fromJSON(line), error = function(e) NULL)
      if (is.null(entry$loop) || is.null(entry$iteration) || is.null(entry$key)) next
      loop <- whole(as.numeric(entry$loop))
      if (is.null(tables[[loop]])) tables[[loop]] <- new.env(parent = emptyenv())
      id <- whole(as.numeric(entry$iteration))
      old <- get0(id, envir = tables[[loop]], inherits = FALSE)
      if (is.null(old) || as.numeric(or_else(entry$attempt, 0)) >= as.numeric(or_else(old$attempt, 0))) assign(id, entry, envir = tables[[loop]])
    }
  }
  tables
}

# The random seed of the session that made the ledger is written after "~" in its keys.
ledger_seed <- function(ledger) {
  for (table in ledger) for (id in ls(table)) {
    key <- get(id, envir = table)$key
    if (grepl("~", key, fixed = TRUE)) return(sub(".*~", "", key))
  }
  NULL
}

REMOTE_FILES <- 64L
REMOTE_BYTES <- 64 * 2^20 # the event loop waits for them
REMOTE_SOON <- 1024L
REMOTE_WINDOW <- 10000L   # several times as many as share a file

# Downloads the values of reused iterations, several files at a time, in the order in which they will be combined. A
# file that many results share is fetched and read once for all of them, as far as they are drawn.
fetch_remote <- function(fleet, loop) {
  from <- loop$combined + 1L
  if (is.null(loop$remote) || from > loop$count || !any(status_of(loop, from:min(loop$count, from + REMOTE_SOON - 1L)) == REMOTE)) return(invisible())
  ahead <- from:min(loop$count, from + REMOTE_WINDOW - 1L)
  ahead <- ahead[status_of(loop, ahead) == REMOTE]
  entries <- mget(whole(ahead), envir = loop$remote)
  urls <- vapply(entries, function(entry) entry$url, "")
  by_file <- split(seq_along(ahead), factor(urls, unique(urls)))
  bytes <- vapply(by_file, function(rows) sum(vapply(entries[rows], function(entry) as.numeric(or_else(entry$bytes, 0)), 0)), 0)
  by_file <- utils::head(by_file, max(1L, min(REMOTE_FILES, sum(cumsum(bytes) <= REMOTE_BYTES))))
  files <- download_all(names(by_file))
  for (url in names(by_file)) store_remote(fleet, loop, ahead[by_file[[url]]], entries[by_file[[url]]], files[[url]])
  unlink(unlist(files))
  spill_flush(loop$spill)
}

# All that is wanted of one file. What cannot be read or has another sum is run again.
store_remote <- function(fleet, loop, items, entries, file) {
  shared <- if (!is.null(file) && !is.null(entries[[1]]$part)) tryCatch(readRDS(file), error = identity)
  values <- lapply(seq_along(items), function(k) tryCatch(remote_bytes(entries[[k]], file, shared), error = function(e) {
    say("loop %s iteration %s: the stored result cannot be used (%s): it runs again", whole(loop$number), whole(items[k]), conditionMessage(e))
    NULL
  }))
  good <- lengths(values) > 0L
  loop$reused <- loop$reused - sum(!good)
  loop$finished <- loop$finished - sum(!good)
  if (!all(good)) run_again(fleet, loop, items[!good])
  items <- items[good]
  if (!length(items)) return(invisible())
  set_place(loop, items, spill_write(loop$spill, items, key_of(loop, items), values[good], 0, REMOTE_COPY), lengths(values[good]))
  set_status(loop, items, STORED)
  drop_args(loop, items)
}

# A file is the serialization of one value, or (part) a named list of serializations: `shared`, or the error of reading
# it.
remote_bytes <- function(entry, file, shared) {
  if (is.null(file)) stop("it could not be downloaded")
  if (inherits(shared, "error")) stop(conditionMessage(shared))
  got <- if (is.null(entry$part)) readBin(file, "raw", file.size(file)) else shared[[entry$part]]
  if (!is.raw(got)) stop("it has no part ", entry$part)
  if (!is.null(entry$sha256) && !identical(sha256(got), entry$sha256)) stop("its SHA-256 differs")
  got
}

# Their results are as good as never stored.
run_again <- function(fleet, loop, items) {
  set_status(loop, items, PENDING)
  loop$requeued <- c(loop$requeued, items)
  loop$to_clear <- c(loop$to_clear, items)
  clear_stale(fleet, loop)
}
