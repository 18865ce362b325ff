# What the driver looks after once a second: workers that vanished, tasks that got lost, wishes of the control plane,
# counters and progress lines.

begin_loop <- function(fleet, loop) {
  loop$housed_at <- 0
  loop$told_at <- now_seconds()
  loop$told <- ""
  loop$quiet_since <- NULL
  loop$reuse_told <- FALSE
  load_known(fleet, loop)
  redis_send(fleet$con, list(list("HSET", loop_key(loop$number), "label", loop$label, "total", "", "startedAt", sprintf("%.3f", loop$started_at), "endedAt", "")))
  listed <- unlist(redis_call(fleet$con, "LRANGE", loops_key(), "0", "-1"))
  if (!whole(loop$number) %in% listed) redis_call(fleet$con, "RPUSH", loops_key(), whole(loop$number))
  redis_call(fleet$con, "HSET", driver_key(), "loops", whole(max(loop$number, length(listed))))
  read_workers(fleet)
  leave_running(fleet, loop)
  draw(fleet, loop, FIRST_SLICE_SECONDS)
  save_counters(fleet, loop)
  emit("loop-started", loop = loop$number, label = loop$label, total = known_total(loop), reused = loop$reused + or_else(loop$recovered, 0L))
  tell_reuse(fleet, loop)
}

# A driver that was started again finds workers at work on this loop: their results will come, so they are not submitted
# twice.
leave_running <- function(fleet, loop) {
  for (known in fleet$workers) {
    if (!identical(known$state, "busy") || !identical(as.numeric(or_else(known$loop, 0)), loop$number)) next
    items <- as.integer(unlist(known$iterations))
    if (length(items) && or_else(known$count, 0) > length(items)) items <- min(items):as.integer(known$last)
    loop$left_running <- c(loop$left_running, items)
  }
}

# The script's own log is where its author looks first.
repeat_strays <- function(fleet, loop) {
  text <- redis_call(fleet$con, "HGET", loop_key(loop$number), "strays")
  if (length(text)) say("loop %s, %s: %s", whole(loop$number), loop$label, text)
}

# Once, when all that is drawn ahead was looked up.
tell_reuse <- function(fleet, loop, force = FALSE) {
  if (loop$reuse_told || (may_draw(loop) && !force)) return(invisible())
  loop$reuse_told <- TRUE
  reused <- loop$reused + or_else(loop$recovered, 0L)
  if (!reused && !length(loop$reasons)) return(invisible(redis_call(fleet$con, "HDEL", loop_key(loop$number), "reuse")))
  why <- paste(sprintf("%s: %d", names(loop$reasons), unlist(loop$reasons)), collapse = "; ")
  note <- sprintf("%d of %d iterations reused%s", reused, loop$count, if (nzchar(why)) paste0("; not reused: ", why) else "")
  say("loop %s, %s: %s", whole(loop$number), loop$label, note)
  redis_call(fleet$con, "HSET", loop_key(loop$number), "reuse", note)
}

end_loop <- function(fleet, loop) {
  fleet$current <- NULL
  if (!is.null(loop$stop_error) || !is_complete(loop)) abandon_tasks(fleet, loop)
  else restore_lost_results(fleet)
  save_counters(fleet, loop, ended = TRUE)
  redis_send(fleet$con, list(list("DEL", loop_errors_key(loop$number)), list("HDEL", waiting_key(), whole(loop$number))))
  drop_old_environments(fleet)
  release_objects(fleet, loop)
  repeat_strays(fleet, loop)
  tell_reuse(fleet, loop, force = TRUE)
  describe_loop(fleet, loop, force = TRUE)
  remember_errors(fleet, loop)
  close_spill(loop$spill)
  fleet$loops[[length(fleet$loops) + 1L]] <- list(loop = loop$number, label = loop$label, iterations = loop$count, reused = loop$reused + or_else(loop$recovered, 0L),
                                          failed = loop$failed, seconds = round(now_seconds() - loop$started_at, 3))
  tell_tasks(loop, force = TRUE)
  show_progress(loop, ended = TRUE)
  emit("loop-ended", loop = loop$number, label = loop$label, done = loop$finished - loop$failed, failed = loop$failed, reused = loop$reused, total = loop$count)
}

# The loop ended early: nothing of it may start any more. Iterations that run are journalled by their workers all the
# same.
abandon_tasks <- function(fleet, loop) {
  loop$aborted <- TRUE
  redis_send(fleet$con, list(list("HSET", aborted_key(), loop$run, "1"), list("DEL", queue_key())))
}

housekeeping <- function(fleet, loop) {
  if (now_seconds() - loop$housed_at < HOUSEKEEPING_SECONDS) return(invisible())
  loop$housed_at <- now_seconds()
  validate_suspicion(loop$suspicion)
  forget_finished_tasks(loop)
  read_workers(fleet)
  return_lost_tasks(fleet, loop)
  find_holes(fleet, loop)
  save_counters(fleet, loop)
  tell_tasks(loop)
  show_progress(loop)
  check_stop(fleet, loop)
}

# --- workers
# ----------------------------------------------------------------------------------------------------------------------------------

read_workers <- function(fleet) {
  fields <- as_fields(redis_call(fleet$con, "HGETALL", workers_key()))
  now <- now_seconds()
  # time in which nobody looked (Redis was away, .combine took long) says nothing about the workers
  unseen <- max(0, now - or_else(fleet$looked_at, now) - 2 * HOUSEKEEPING_SECONDS)
  fleet$looked_at <- now
  full <- nearly_full(fleet$con) # then beats are refused
  fleet$workers <- lapply(stats::setNames(names(fields), names(fields)), function(pod) {
    known <- tryCatch(jsonlite::fromJSON(fields[[pod]]), error = function(e) list(state = "unknown"))
    old <- fleet$workers[[pod]]
    # clocks of machines differ: what counts is when the beat was last seen to change
    known$changed_at <- if (full || is.null(old) || !identical(old$beat, known$beat)) now else old$changed_at + unseen
    known
  })
}

# A worker whose beat stands still is gone with its machine: its task goes back to the head of the queue.
return_lost_tasks <- function(fleet, loop) {
  asked <- character()
  for (pod in names(fleet$workers)) {
    if (now_seconds() - fleet$workers[[pod]]$changed_at < STALE_SECONDS) next
    moved <- redis_send(fleet$con, list(list("LMOVE", held_key(pod), queue_key(), "RIGHT", "LEFT")), patient = FALSE)[[1]]
    if (inherits(moved, "redis_error")) next
    redis_call(fleet$con, "HDEL", workers_key(), pod)
    fleet$workers[[pod]] <- NULL
    emit("worker-lost", worker = pod)
    say("worker %s has not been heard of for %d s: its task goes to another one", pod, STALE_SECONDS)
    if (!is.null(moved)) asked <- c(asked, make_way(fleet, loop, except = asked))
  }
}

# What was put at the head of the queue must not wait for the end of somebody's long task: when all are busy, the one
# that began last puts the rest of its task aside. Returns its name.
make_way <- function(fleet, loop, except = character()) {
  others <- Filter(function(known) known$state %in% c("busy", "idle"), fleet$workers[setdiff(names(fleet$workers), except)])
  busy <- vapply(others, function(known) identical(known$state, "busy"), NA)
  if (!length(others) || !all(busy)) return(character())
  chosen <- names(others)[which.max(vapply(others, function(known) as.numeric(or_else(known$since, 0)), 0))]
  redis_call(fleet$con, "HSET", aside_key(), chosen, loop$run)
  chosen
}

# Whatever happened to a task (a Redis that lost its last second, a task taken for a loop that is gone): when nothing
# waits and nobody is busy with this loop for three seconds, what has no result is submitted again. The journal makes a
# double run harmless.
find_holes <- function(fleet, loop) {
  busy <- busy_tasks(fleet, loop) > 0L
  waiting <- redis_call(fleet$con, "LLEN", queue_key()) > 0
  open <- items_with(loop, QUEUED)
  if (busy || waiting || !length(open)) {
    loop$quiet_since <- NULL
  } else if (is.null(loop$quiet_since)) {
    loop$quiet_since <- now_seconds()
  } else if (now_seconds() - loop$quiet_since > 3) {
    loop$quiet_since <- NULL
    adopt_stored(fleet, loop, open)
    lost <- open[status_of(loop, open) == QUEUED]
    if (length(lost)) say("loop %s: %d iterations were lost and are submitted again", whole(loop$number), length(lost))
    loop$task_items <- list()
    requeue(loop, lost)
    ensure_environment(fleet, loop)
  }
}

# Stored by a worker whose announcement got lost
adopt_stored <- function(fleet, loop, items) {
  bits <- redis_send(fleet$con, lapply(items, function(i) list("GETBIT", done_key(loop$number), whole(i))))
  stored <- items[vapply(bits, identical, NA, 1)]
  for (i in stored) if (!fetch_stored(fleet, loop, i)) {
    loop$to_clear <- c(loop$to_clear, i)
  }
  clear_stale(fleet, loop)
}

# What a task reports when it could not even begin: TRUE when it may begin again.
is_fault_of_redis <- function(fleet, loop, cond) {
  message <- conditionMessage(cond)
  if (!identical(message, LOST_DESCRIPTION)) return(grepl("^(redis connection|Redis:|Failure communicating|ignoring SIGPIPE)", message))
  ensure_environment(fleet, loop)
  !is.null(loop$description)
}

# A Redis that came back empty has lost doRedis' description of the loop: store it again.
ensure_environment <- function(fleet, loop) {
  if (is.null(loop$description)) return(invisible())
  redis_send(fleet$con, list(list("SETNX", queue_environment_key(loop$id), loop$description), list("SET", queue_live_key(), "")))
  restore_objects(fleet, loop)
}

# --- control and counters
# ---------------------------------------------------------------------------------------------------------------------

check_stop <- function(fleet, loop = NULL) {
  flags <- redis_send(fleet$con, list(list("HGET", control_key(), "stop"), list("EXISTS", lease_key()),
                                  list("HSET", driver_key(), "beatAt", sprintf("%.3f", now_seconds()))), patient = FALSE)
  reason <- flags[[1]]
  if (identical(flags[[2]], 1)) fleet$lease_seen <- TRUE
  else if (isTRUE(fleet$lease_seen)) reason <- "nobody renewed the lease of this attempt"
  if (length(reason) && nzchar(reason) && is.function(fleet$on_stop)) fleet$on_stop(fleet, loop, reason)
}

count_inflight <- function(fleet, loop) {
  busy <- Filter(function(known) identical(known$state, "busy") && identical(as.numeric(or_else(known$loop, 0)), loop$number), fleet$workers)
  sum(vapply(busy, function(known) {
    items <- as.integer(unlist(known$iterations))
    items <- items[items <= loop$count]
    sum(status_of(loop, items) == QUEUED) + max(0, or_else(known$count, length(items)) - length(unlist(known$iterations)))
  }, 0))
}

save_counters <- function(fleet, loop, ended = FALSE) {
  total <- known_total(loop)
  open <- length(items_with(loop, c(PENDING, QUEUED))) + (or_else(total, loop$count) - loop$count)
  loop$running <- min(open, count_inflight(fleet, loop))
  loop$waiting <- open - loop$running
  redis_send(fleet$con, list(
    list("HSET", loop_key(loop$number), "total", or_else(whole(total), ""), "done", whole(loop$finished - loop$failed),
         "failed", whole(loop$failed), "reused", whole(loop$reused), "seconds", format(loop$seconds, digits = 10), "seconds2", format(loop$seconds2, digits = 10),
         "max", format(loop$longest, digits = 6), "taskSize", whole(or_else(loop$task_size, 1L)), "tasks", whole(loop$tasks), "endedAt", if (ended) sprintf("%.3f", now_seconds()) else ""),
    list("HSET", waiting_key(), whole(loop$number), whole(loop$waiting))), patient = ended)
}

# At most one line in three seconds, and always one after the last change.
tell_tasks <- function(loop, force = FALSE) {
  state <- paste(loop$finished, loop$failed, loop$count, loop$exhausted)
  if (state == loop$told || (!force && now_seconds() - loop$told_at < PROGRESS_SECONDS)) return(invisible())
  loop$told <- state
  loop$told_at <- now_seconds()
  emit("tasks", loop = loop$number, done = loop$finished - loop$failed, failed = loop$failed, reused = loop$reused, running = loop$running, waiting = loop$waiting,
       total = known_total(loop))
}

# The same for people: one line that is overwritten on a terminal; elsewhere lines at growing distances, and none for
# loops of a moment.
show_progress <- function(loop, ended = FALSE) {
  seconds <- now_seconds() - loop$started_at
  terminal <- isatty(stderr())
  if (seconds < (if (ended) PROGRESS_SECONDS else or_else(loop$show_at, PROGRESS_SECONDS))) return(invisible())
  loop$show_at <- seconds + if (terminal) 1 else min(max(seconds, PROGRESS_SECONDS), 60)
  text <- paste0("foreach-fleet: ", progress_text(whole(loop$number), loop$label, loop$finished - loop$failed, loop$failed, known_total(loop), loop$running, seconds, ended))
  if (terminal) text <- paste0("\r\033[K", text)
  if (terminal && !ended) .Call(fleet_write, 2L, charToRaw(enc2utf8(text))) else write_line(text, 2L)
  invisible()
}

# Pure. total: NULL while the iterators have not ended
progress_text <- function(number, label, done, failed, total, running, seconds, ended) {
  of <- if (is.null(total)) "" else paste0(" of ", whole(total))
  bad <- if (failed > 0) sprintf(", %s failed", whole(failed)) else ""
  rest <- if (ended) sprintf(" in %s", duration_text(seconds)) else sprintf(", %s running, %s so far", whole(running), duration_text(seconds))
  sprintf("loop %s, %s: %s%s done%s%s", number, label, whole(done), of, bad, rest)
}

duration_text <- function(seconds) {
  if (seconds < 60) sprintf("%.0f s", seconds) else if (seconds < 3600) sprintf("%.0f min %02.0f s", seconds %/% 60, floor(seconds %% 60))
  else sprintf("%.0f h %02.0f min", seconds %/% 3600, floor((seconds %% 3600) / 60))
}
