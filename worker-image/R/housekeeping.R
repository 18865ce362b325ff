# What the driver looks after once a second: workers that vanished, tasks that got lost, wishes of the control plane, counters and progress lines.

begin_loop <- function(f, L) {
  L$housed_at <- 0
  L$told_at <- now_seconds()
  L$told <- ""
  L$quiet_since <- NULL
  L$reuse_told <- FALSE
  load_known(f, L)
  redis_send(f$con, list(list("HSET", fleet_key("loop", L$number), "label", L$label, "total", "", "startedAt", sprintf("%.3f", L$started_at), "endedAt", "")))
  listed <- unlist(redis_call(f$con, "LRANGE", fleet_key("loops"), "0", "-1"))
  if (!whole(L$number) %in% listed) redis_call(f$con, "RPUSH", fleet_key("loops"), whole(L$number))
  redis_call(f$con, "HSET", fleet_key("driver"), "loops", whole(max(L$number, length(listed))))
  read_workers(f)
  leave_running(f, L)
  draw(f, L, FIRST_SLICE_SECONDS)
  save_counters(f, L)
  emit("loop-started", loop = L$number, label = L$label, total = known_total(L), reused = L$reused + or_else(L$recovered, 0L))
  tell_reuse(f, L)
}

# A driver that was started again finds workers at work on this loop: their results will come, so they are not submitted twice.
leave_running <- function(f, L) {
  for (w in f$workers) {
    if (!identical(w$state, "busy") || !identical(as.numeric(or_else(w$loop, 0)), L$number)) next
    items <- as.integer(unlist(w$iterations))
    if (length(items) && or_else(w$count, 0) > length(items)) items <- min(items):as.integer(w$last)
    L$left_running <- c(L$left_running, items)
  }
}

# The script's own log is where its author looks first.
repeat_strays <- function(f, L) {
  text <- redis_call(f$con, "HGET", fleet_key("loop", L$number), "strays")
  if (length(text)) say("loop %s, %s: %s", whole(L$number), L$label, text)
}

# Once, when all that is drawn ahead was looked up.
tell_reuse <- function(f, L, force = FALSE) {
  if (L$reuse_told || (may_draw(L) && !force)) return(invisible())
  L$reuse_told <- TRUE
  reused <- L$reused + or_else(L$recovered, 0L)
  if (!reused && !length(L$reasons)) return(invisible(redis_call(f$con, "HDEL", fleet_key("loop", L$number), "reuse")))
  why <- paste(sprintf("%s: %d", names(L$reasons), unlist(L$reasons)), collapse = "; ")
  note <- sprintf("%d of %d iterations reused%s", reused, L$count, if (nzchar(why)) paste0("; not reused: ", why) else "")
  say("loop %s, %s: %s", whole(L$number), L$label, note)
  redis_call(f$con, "HSET", fleet_key("loop", L$number), "reuse", note)
}

end_loop <- function(f, L) {
  f$current <- NULL
  if (!is.null(L$stop_error) || !is_complete(L)) abandon_tasks(f, L)
  else restore_lost_results(f)
  save_counters(f, L, ended = TRUE)
  redis_send(f$con, list(list("DEL", fleet_key("e", L$number)), list("HDEL", fleet_key("waiting"), whole(L$number))))
  drop_old_environments(f)
  release_objects(f, L)
  repeat_strays(f, L)
  tell_reuse(f, L, force = TRUE)
  describe_loop(f, L, force = TRUE)
  remember_errors(f, L)
  close_spill(L$spill)
  f$loops[[length(f$loops) + 1L]] <- list(loop = L$number, label = L$label, iterations = L$count, reused = L$reused + or_else(L$recovered, 0L),
                                          failed = L$failed, seconds = round(now_seconds() - L$started_at, 3))
  tell_tasks(f, L, force = TRUE)
  show_progress(L, ended = TRUE)
  emit("loop-ended", loop = L$number, label = L$label, done = L$finished - L$failed, failed = L$failed, reused = L$reused, total = L$count)
}

# The loop ended early: nothing of it may start any more. Iterations that run are journalled by their workers all the same.
abandon_tasks <- function(f, L) {
  L$aborted <- TRUE
  redis_send(f$con, list(list("HSET", fleet_key("aborted"), L$run, "1"), list("DEL", f$queue)))
}

housekeeping <- function(f, L) {
  if (now_seconds() - L$housed_at < HOUSEKEEPING_SECONDS) return(invisible())
  L$housed_at <- now_seconds()
  forget_finished_tasks(L)
  read_workers(f)
  return_lost_tasks(f, L)
  find_holes(f, L)
  save_counters(f, L)
  tell_tasks(f, L)
  show_progress(L)
  check_stop(f, L)
}

# --- workers ----------------------------------------------------------------------------------------------------------------------------------

read_workers <- function(f) {
  fields <- as_fields(redis_call(f$con, "HGETALL", fleet_key("workers")))
  now <- now_seconds()
  # time in which nobody looked (Redis was away, .combine took long) says nothing about the workers
  unseen <- max(0, now - or_else(f$looked_at, now) - 2 * HOUSEKEEPING_SECONDS)
  f$looked_at <- now
  full <- nearly_full(f$con) # then beats are refused
  f$workers <- lapply(stats::setNames(names(fields), names(fields)), function(pod) {
    w <- tryCatch(jsonlite::fromJSON(fields[[pod]]), error = function(e) list(state = "unknown"))
    old <- f$workers[[pod]]
    # clocks of machines differ: what counts is when the beat was last seen to change
    w$changed_at <- if (full || is.null(old) || !identical(old$beat, w$beat)) now else old$changed_at + unseen
    w
  })
}

# A worker whose beat stands still is gone with its machine: its task goes back to the head of the queue.
return_lost_tasks <- function(f, L) {
  asked <- character()
  for (pod in names(f$workers)) {
    if (now_seconds() - f$workers[[pod]]$changed_at < STALE_SECONDS) next
    moved <- redis_send(f$con, list(list("LMOVE", fleet_key("held", pod), f$queue, "RIGHT", "LEFT")), patient = FALSE)[[1]]
    if (inherits(moved, "redis_error")) next
    redis_call(f$con, "HDEL", fleet_key("workers"), pod)
    f$workers[[pod]] <- NULL
    emit("worker-lost", worker = pod)
    say("worker %s has not been heard of for %d s: its task goes to another one", pod, STALE_SECONDS)
    if (!is.null(moved)) asked <- c(asked, make_way(f, L, except = asked))
  }
}

# What was put at the head of the queue must not wait for the end of somebody's long task: when all are busy, the one that began last puts the rest
# of its task aside. Returns its name.
make_way <- function(f, L, except = character()) {
  others <- Filter(function(w) w$state %in% c("busy", "idle"), f$workers[setdiff(names(f$workers), except)])
  busy <- vapply(others, function(w) identical(w$state, "busy"), NA)
  if (!length(others) || !all(busy)) return(character())
  chosen <- names(others)[which.max(vapply(others, function(w) as.numeric(or_else(w$since, 0)), 0))]
  redis_call(f$con, "HSET", fleet_key("aside"), chosen, L$run)
  chosen
}

# Whatever happened to a task (a Redis that lost its last second, a task taken for a loop that is gone): when nothing waits and nobody is
# busy with this loop for three seconds, what has no result is submitted again. The journal makes a double run harmless.
find_holes <- function(f, L) {
  busy <- busy_tasks(f, L) > 0L
  waiting <- redis_call(f$con, "LLEN", f$queue) > 0
  open <- items_with(L, QUEUED)
  if (busy || waiting || !length(open)) {
    L$quiet_since <- NULL
  } else if (is.null(L$quiet_since)) {
    L$quiet_since <- now_seconds()
  } else if (now_seconds() - L$quiet_since > 3) {
    L$quiet_since <- NULL
    adopt_stored(f, L, open)
    lost <- open[status_of(L, open) == QUEUED]
    if (length(lost)) say("loop %s: %d iterations were lost and are submitted again", whole(L$number), length(lost))
    L$task_items <- list()
    requeue(L, lost)
    ensure_environment(f, L)
  }
}

# Stored by a worker whose announcement got lost
adopt_stored <- function(f, L, items) {
  bits <- redis_send(f$con, lapply(items, function(i) list("GETBIT", fleet_key("done", L$number), whole(i))))
  stored <- items[vapply(bits, identical, NA, 1)]
  for (i in stored) if (!fetch_stored(f, L, i)) {
    L$to_clear <- c(L$to_clear, i)
  }
  clear_stale(f, L)
}

# What a task reports when it could not even begin: TRUE when it may begin again.
is_fault_of_redis <- function(f, L, cond) {
  message <- conditionMessage(cond)
  if (!identical(message, LOST_DESCRIPTION)) return(grepl("^(redis connection|Redis:|Failure communicating|ignoring SIGPIPE)", message))
  ensure_environment(f, L)
  !is.null(L$description)
}

# A Redis that came back empty has lost doRedis' description of the loop: store it again.
ensure_environment <- function(f, L) {
  if (is.null(L$description)) return(invisible())
  redis_send(f$con, list(list("SETNX", paste0(f$queue, ".env.", L$id), L$description), list("SET", paste0(f$queue, ".live"), "")))
  restore_objects(f, L)
}

# --- control and counters ---------------------------------------------------------------------------------------------------------------------

check_stop <- function(f, L = NULL) {
  flags <- redis_send(f$con, list(list("HGET", fleet_key("control"), "stop"), list("EXISTS", fleet_key("lease")),
                                  list("HSET", fleet_key("driver"), "beatAt", sprintf("%.3f", now_seconds()))), patient = FALSE)
  reason <- flags[[1]]
  if (identical(flags[[2]], 1)) f$lease_seen <- TRUE
  else if (isTRUE(f$lease_seen)) reason <- "nobody renewed the lease of this attempt"
  if (length(reason) && nzchar(reason) && is.function(f$on_stop)) f$on_stop(f, L, reason)
}

count_inflight <- function(f, L) {
  busy <- Filter(function(w) identical(w$state, "busy") && identical(as.numeric(or_else(w$loop, 0)), L$number), f$workers)
  sum(vapply(busy, function(w) {
    items <- as.integer(unlist(w$iterations))
    items <- items[items <= L$count]
    sum(status_of(L, items) == QUEUED) + max(0, or_else(w$count, length(items)) - length(unlist(w$iterations)))
  }, 0))
}

save_counters <- function(f, L, ended = FALSE) {
  total <- known_total(L)
  open <- length(items_with(L, c(PENDING, QUEUED))) + (or_else(total, L$count) - L$count)
  L$running <- min(open, count_inflight(f, L))
  L$waiting <- open - L$running
  redis_send(f$con, list(
    list("HSET", fleet_key("loop", L$number), "total", or_else(whole(total), ""), "done", whole(L$finished - L$failed),
         "failed", whole(L$failed), "reused", whole(L$reused), "seconds", format(L$seconds, digits = 10), "seconds2", format(L$seconds2, digits = 10),
         "max", format(L$longest, digits = 6), "taskSize", whole(or_else(L$task_size, 1L)), "tasks", whole(L$tasks), "endedAt", if (ended) sprintf("%.3f", now_seconds()) else ""),
    list("HSET", fleet_key("waiting"), whole(L$number), whole(L$waiting))), patient = ended)
}

# At most one line in three seconds, and always one after the last change.
tell_tasks <- function(f, L, force = FALSE) {
  state <- paste(L$finished, L$failed, L$count, L$exhausted)
  if (state == L$told || (!force && now_seconds() - L$told_at < PROGRESS_SECONDS)) return(invisible())
  L$told <- state
  L$told_at <- now_seconds()
  emit("tasks", loop = L$number, done = L$finished - L$failed, failed = L$failed, reused = L$reused, running = L$running, waiting = L$waiting,
       total = known_total(L))
}

# The same for people: one line that is overwritten on a terminal; elsewhere lines at growing distances, and none for loops of a moment.
show_progress <- function(L, ended = FALSE) {
  seconds <- now_seconds() - L$started_at
  terminal <- isatty(stderr())
  if (seconds < (if (ended) PROGRESS_SECONDS else or_else(L$show_at, PROGRESS_SECONDS))) return(invisible())
  L$show_at <- seconds + if (terminal) 1 else min(max(seconds, PROGRESS_SECONDS), 60)
  text <- paste0("foreach-fleet: ", progress_text(whole(L$number), L$label, L$finished - L$failed, L$failed, known_total(L), L$running, seconds, ended))
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
