# What a loop need not compute, because it is known when it begins. A driver that was started again has its own disk and
# Redis. Of earlier attempts there is the ledger (resume.R fetches the values). A value counts only if its key says that
# nothing it depends on has changed.

new_reuse <- function() {
  reuse <- new_record(
    anything_known = FALSE,
    done_flags = logical(),   # as Redis has them, element i + 1 for iteration i
    remote = NULL,            # the ledger's entries of this loop: an environment by iteration
    left_running = integer(), # what workers ran already when this driver began
    to_clear = NULL,          # iterations whose stored value no longer counts
    reasons = list(),         # why values were not reused, and how often
    told = FALSE)
  reuse
}

load_known <- function(fleet, loop) {
  loop$window$spill <- open_spill(fleet$journal, loop$number, fleet$lasting || fleet$durable)
  bits <- redis_send(fleet$con, list(list("GET", done_key(loop$number))), raw = TRUE)[[1]]
  reuse <- loop$reuse
  reuse$done_flags <- bit_flags(bits)
  reuse$remote <- fleet$ledger[[whole(loop$number)]]
  reuse$anything_known <- nrow(loop$window$spill$entries) > 0L || any(reuse$done_flags) || !is.null(reuse$remote)
}

# A Redis bitmap as logical vector, element i + 1 for bit i (first bit = most significant)
bit_flags <- function(bytes) {
  if (!length(bytes)) return(logical())
  as.vector(matrix(as.logical(rawToBits(bytes)), nrow = 8L)[8:1, , drop = FALSE])
}

# A driver that was started again finds workers at work on this loop: their results will come, so they are not submitted
# twice.
leave_running <- function(reuse, workers, number) {
  for (heard in workers) {
    if (!is_in_state(heard, "busy") || !identical(as.numeric(or_else(heard$loop, 0)), number)) next
    items <- as.integer(unlist(heard$iterations))
    if (length(items) && or_else(heard$count, 0) > length(items)) items <- min(items):as.integer(heard$last)
    reuse$left_running <- c(reuse$left_running, items)
  }
}

# Finds out which of these iterations need no run. What is not reused is counted with its reason.
take_known <- function(fleet, loop, items) {
  spill <- loop$window$spill
  entries <- spill$entries
  entries <- entries[entries$key != NO_KEY, , drop = FALSE]
  row <- match(items, entries$i)
  mine <- which(!is.na(row))
  good <- mine[has_key(loop$window, items[mine], entries$key[row[mine]])]
  adopt(loop, items[good], entries[row[good], , drop = FALSE])
  for (k in setdiff(mine, good)) {
    note_reason(loop$reuse, key_difference(entries$key[row[k]], key_of(loop$window, items[k])))
    spill_forget(spill, items[k])
    note_stale(loop$reuse, items[k])
  }
  spill_flush(spill)
  for (i in items[is.na(row)]) take_stored(fleet, loop, i)
}

# From Redis, or from the ledger
take_stored <- function(fleet, loop, i) {
  reuse <- loop$reuse
  flagged <- isTRUE(reuse$done_flags[i + 1L])
  if (flagged && fetch_stored(fleet, loop, i)) return(invisible())
  entry <- if (!is.null(reuse$remote)) get0(whole(i), envir = reuse$remote, inherits = FALSE)
  if (!is.null(entry) && has_key(loop$window, i, entry$key)) {
    # its mark in Redis stays: a task of before that comes back passes over it
    set_status(loop$window, i, REMOTE)
    count_reused(loop$counters, 1L)
    return(invisible())
  }
  if (flagged) note_stale(reuse, i)
  if (is.null(reuse$remote)) return(invisible())
  changed <- if (!is.null(entry)) paste("changed:", key_difference(entry$key, key_of(loop$window, i)))
  note_reason(reuse, or_else(changed, "not finished before"))
}

# What this driver's own disk has
adopt <- function(loop, items, entries) {
  if (!length(items)) return(invisible())
  set_status(loop$window, items, STORED)
  set_place(loop$window, items, entries$offset, entries$bytes)
  own <- entries$origin != REMOTE_COPY
  count_reused(loop$counters, sum(!own))
  count_executed(loop$counters, entries$seconds[own], entries$bytes[own])
  count_recovered(loop$counters, sum(own))
}

# A result that workers stored while no driver was there to fetch it
fetch_stored <- function(fleet, loop, i) {
  key <- value_key(loop$number, whole(i))
  asked <- c("key", "bytes", "object", "sha256")
  found <- redis_send(fleet$con, lapply(asked, function(name) ask_value(key, name)), raw = TRUE)
  names(found) <- asked
  if (is.null(found$key) || !has_key(loop$window, i, rawToChar(found$key))) return(FALSE)
  if (!is.null(found$object)) {
    await_object(fleet, loop, i, rawToChar(found$object), rawToChar(found$sha256), 0, 0)
  } else {
    if (is.null(found$bytes)) return(FALSE)
    keep_values(loop, i, found["bytes"], 0)
    acknowledge(fleet, loop, i)
  }
  count_recovered(loop$counters, 1L)
  TRUE
}

note_reason <- function(reuse, reason) reuse$reasons[[reason]] <- or_else(reuse$reasons[[reason]], 0L) + 1L

note_stale <- function(reuse, items) reuse$to_clear <- c(reuse$to_clear, items)

# Iterations whose stored value no longer counts must be free to be stored anew.
clear_stale <- function(fleet, loop) {
  stale <- loop$reuse$to_clear
  if (!length(stale)) return(invisible())
  done <- done_key(loop$number)
  commands <- lapply(stale,
                     function(i) list(list("SETBIT", done, whole(i), "0"), list("DEL", value_key(loop$number, i))))
  redis_send(fleet$con, unlist(commands, recursive = FALSE))
  loop$reuse$to_clear <- NULL
}

# Their results are as good as never stored.
run_again <- function(fleet, loop, items) {
  return_items(loop$window, items)
  note_stale(loop$reuse, items)
  clear_stale(fleet, loop)
}

# Once, when all that is drawn ahead was looked up.
tell_reuse <- function(fleet, loop, force = FALSE) {
  reuse <- loop$reuse
  if (reuse$told || (may_draw(loop) && !force)) return(invisible())
  reuse$told <- TRUE
  counters <- loop$counters
  again <- if (fleet$durable) counters$recovered else 0L
  note <- reuse_text(reused_count(fleet, counters), loop$window$count, reuse$reasons, again)
  if (is.null(note)) {
    redis_call(fleet$con, "HDEL", loop_key(loop$number), redis_field("loop", "reuse"))
    return(invisible())
  }
  say("loop %s, %s: %s", whole(loop$number), loop$label, note)
  redis_send(fleet$con, list(loop_command(fleet, loop$number, c(reuse = note))))
}

# Pure. NULL: there was nothing to reuse. again: finished in this attempt, before its driver began again
reuse_text <- function(reused, count, reasons, again = 0L) {
  if (!reused && !again && !length(reasons)) return(NULL)
  why <- paste(sprintf("%s: %d", names(reasons), unlist(reasons)), collapse = "; ")
  paste0(sprintf("%d of %d iterations reused", reused, count),
         if (again) sprintf("; finished before the driver began again: %d", again),
         if (nzchar(why)) paste0("; not reused: ", why))
}
