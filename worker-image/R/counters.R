# The numbers of a loop: how many iterations are done, failed or taken from before, and how long they took. And how they
# are told: to the control plane in Redis and in lines of progress, to people in lines of text. What becomes of each
# single iteration is in window.R.

new_counters <- function() {
  counters <- new_record(
    executed = 0L,  # values that workers of this attempt computed, also for the driver that was here before:
    recovered = 0L, # those that this driver found on its disk or in Redis
    reused = 0L,    # values of earlier attempts
    failed = 0L,
    finished = 0L,  # all of these
    running = 0L, waiting = 0L, # as saved last
    # of the executed ones: sums of seconds and of their squares, the longest, and the bytes of their values
    seconds = 0, seconds2 = 0, longest = 0, result_bytes = 0,
    started_at = now_seconds(),
    told = "", told_at = now_seconds(), # the last line of progress, in short
    show_at = NULL)                     # seconds from the begin: when people are told next
  counters
}

count_executed <- function(counters, seconds, bytes) {
  counters$executed <- counters$executed + length(bytes)
  counters$finished <- counters$finished + length(bytes)
  counters$seconds <- counters$seconds + sum(seconds)
  counters$seconds2 <- counters$seconds2 + sum(seconds^2)
  counters$longest <- max(counters$longest, seconds)
  counters$result_bytes <- counters$result_bytes + sum(bytes)
}

# Negative: so many that were counted cannot be used.
count_reused <- function(counters, n) {
  counters$reused <- counters$reused + n
  counters$finished <- counters$finished + n
}

count_recovered <- function(counters, n) counters$recovered <- counters$recovered + n

count_failed <- function(counters) {
  counters$failed <- counters$failed + 1L
  counters$finished <- counters$finished + 1L
}

done_count <- function(counters) counters$finished - counters$failed

# What is called reused: in a job values of earlier attempts, in a session on a laptop those of earlier sessions.
reused_count <- function(fleet, counters) counters$reused + if (fleet$durable) 0L else counters$recovered

measured_times <- function(counters) {
  n <- counters$executed
  if (n < 1L) return(list(count = 0, mean = NA_real_, sd = NA_real_))
  mean <- counters$seconds / n
  sd <- if (n > 1L) sqrt(max(0, counters$seconds2 / n - mean^2) * n / (n - 1)) else 0
  list(count = n, mean = mean, sd = sd)
}

# --- telling

save_counters <- function(fleet, loop, ended = FALSE) {
  counters <- loop$counters
  total <- known_total(loop)
  open <- length(items_with(loop$window, c(PENDING, QUEUED))) + (or_else(total, loop$window$count) - loop$window$count)
  counters$running <- min(open, count_inflight(fleet, loop))
  counters$waiting <- open - counters$running
  fields <- c(total = if (is.null(total)) "" else whole(total),
              done = whole(done_count(counters)), failed = whole(counters$failed),
              reused = whole(reused_count(fleet, counters)),
              seconds = format(counters$seconds, digits = 10), seconds2 = format(counters$seconds2, digits = 10),
              max = format(counters$longest, digits = 6),
              taskSize = whole(or_else(loop$task_size, 1L)), tasks = whole(loop$window$tasks),
              endedAt = if (ended) time_text(now_seconds()) else "")
  redis_send(fleet$con, list(loop_command(fleet, loop$number, fields),
                             list("HSET", waiting_key(), whole(loop$number), whole(counters$waiting))), patient = ended)
}

# At most one line in three seconds, and always one after the last change.
tell_tasks <- function(loop, force = FALSE) {
  counters <- loop$counters
  state <- paste(counters$finished, counters$failed, loop$window$count, loop$window$exhausted)
  recent <- now_seconds() - counters$told_at < PROGRESS_SECONDS
  if (state == counters$told || (!force && recent)) return(invisible())
  counters$told <- state
  counters$told_at <- now_seconds()
  emit("tasks", loop = loop$number, done = done_count(counters), failed = counters$failed, reused = counters$reused,
       running = counters$running, waiting = counters$waiting, total = known_total(loop))
}

# The same for people: one line that is overwritten on a terminal; elsewhere lines at growing distances, and none for
# loops of a moment.
show_progress <- function(loop, ended = FALSE) {
  counters <- loop$counters
  seconds <- now_seconds() - counters$started_at
  terminal <- isatty(stderr())
  if (seconds < (if (ended) PROGRESS_SECONDS else or_else(counters$show_at, PROGRESS_SECONDS))) return(invisible())
  counters$show_at <- seconds + if (terminal) 1 else min(max(seconds, PROGRESS_SECONDS), 60)
  text <- paste0("foreach-fleet: ", progress_text(whole(loop$number), loop$label, done_count(counters), counters$failed,
                                                  known_total(loop), counters$running, seconds, ended))
  if (terminal) text <- paste0("\r\033[K", text)
  if (terminal && !ended) .Call(fleet_write, 2L, charToRaw(enc2utf8(text))) else write_line(text, 2L)
  invisible()
}

# Pure. total: NULL while the iterators have not ended
progress_text <- function(number, label, done, failed, total, running, seconds, ended) {
  of <- if (is.null(total)) "" else paste0(" of ", whole(total))
  bad <- if (failed > 0) sprintf(", %s failed", whole(failed)) else ""
  took <- duration_text(seconds)
  rest <- if (ended) sprintf(" in %s", took) else sprintf(", %s running, %s so far", whole(running), took)
  sprintf("loop %s, %s: %s%s done%s%s", number, label, whole(done), of, bad, rest)
}

duration_text <- function(seconds) {
  if (seconds < 60) return(sprintf("%.0f s", seconds))
  if (seconds < 3600) return(sprintf("%.0f min %02.0f s", seconds %/% 60, floor(seconds %% 60)))
  sprintf("%.0f h %02.0f min", seconds %/% 3600, floor((seconds %% 3600) / 60))
}
