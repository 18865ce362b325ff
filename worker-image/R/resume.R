# The ledger of earlier attempts: reading it, and fetching the values that it names from files in the bucket. Which of
# them count is decided in reuse.R.

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
      attempt <- function(one) as.numeric(or_else(one$attempt, 0))
      if (is.null(old) || attempt(entry) >= attempt(old)) assign(id, entry, envir = tables[[loop]])
    }
  }
  tables
}

# The random seed of the session that made the ledger is written after "~" in its keys; what follows "!" is lend.R's.
ledger_seed <- function(ledger) {
  for (table in ledger) for (id in ls(table)) {
    key <- get(id, envir = table)$key
    if (grepl("~[^!]", key)) return(sub("!.*", "", sub(".*~", "", key)))
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
  ahead <- remote_ahead(loop$window, loop$reuse)
  if (!length(ahead)) return(invisible())
  entries <- mget(whole(ahead), envir = loop$reuse$remote)
  urls <- vapply(entries, function(entry) entry$url, "")
  by_file <- split(seq_along(ahead), factor(urls, unique(urls)))
  sizes <- vapply(entries, function(entry) as.numeric(or_else(entry$bytes, 0)), 0)
  bytes <- vapply(by_file, function(rows) sum(sizes[rows]), 0)
  by_file <- utils::head(by_file, max(1L, min(REMOTE_FILES, sum(cumsum(bytes) <= REMOTE_BYTES))))
  files <- download_all(names(by_file))
  for (url in names(by_file)) store_remote(fleet, loop, ahead[by_file[[url]]], entries[by_file[[url]]], files[[url]])
  unlink(unlist(files))
  spill_flush(loop$window$spill)
}

# Those whose values are still in files, when one of them is combined soon
remote_ahead <- function(window, reuse) {
  from <- window$combined + 1L
  if (is.null(reuse$remote) || from > window$count) return(integer())
  remote <- function(most) {
    items <- from:min(window$count, from + most - 1L)
    items[status_of(window, items) == REMOTE]
  }
  if (length(remote(REMOTE_SOON))) remote(REMOTE_WINDOW) else integer()
}

# All that is wanted of one file. What cannot be read or has another sum is run again.
store_remote <- function(fleet, loop, items, entries, file) {
  shared <- if (!is.null(file) && !is.null(entries[[1]]$part)) tryCatch(readRDS(file), error = identity)
  values <- lapply(seq_along(items), function(k) {
    tryCatch(remote_bytes(entries[[k]], file, shared), error = function(e) {
      say("loop %s iteration %s: the stored result cannot be used (%s): it runs again",
          whole(loop$number), whole(items[k]), conditionMessage(e))
      NULL
    })
  })
  good <- lengths(values) > 0L
  count_reused(loop$counters, -sum(!good))
  if (!all(good)) run_again(fleet, loop, items[!good])
  items <- items[good]
  if (!length(items)) return(invisible())
  window <- loop$window
  offsets <- spill_write(window$spill, items, key_of(window, items), values[good], 0, REMOTE_COPY)
  set_place(window, items, offsets, lengths(values[good]))
  set_status(window, items, STORED)
  drop_args(window, items)
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
