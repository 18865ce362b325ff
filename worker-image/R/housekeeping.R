# What the driver looks after once a second: workers that vanished, tasks that got lost, what the control plane asks
# for, counters and progress lines.

begin_loop <- function(fleet, loop) {
  load_known(fleet, loop)
  begun <- c(label = loop$label, total = "", startedAt = time_text(loop$counters$started_at), endedAt = "")
  redis_send(fleet$con, list(loop_command(fleet, loop$number, begun)))
  listed <- unlist(redis_call(fleet$con, "LRANGE", loops_key(), "0", "-1"))
  if (!whole(loop$number) %in% listed) redis_call(fleet$con, "RPUSH", loops_key(), whole(loop$number))
  tell_driver(fleet$con, loops = whole(max(loop$number, length(listed))))
  read_workers(fleet)
  leave_running(loop$reuse, fleet$workers, loop$number)
  if (length(fleet$old_ids)) loop$reuse$left_running <- c(loop$reuse$left_running, taken_items(fleet, loop$number))
  draw(fleet, loop, FIRST_SLICE_SECONDS)
  save_counters(fleet, loop)
  reused <- reused_count(fleet, loop$counters)
  emit("loop-started", loop = loop$number, label = loop$label, total = known_total(loop), reused = reused)
  tell_reuse(fleet, loop)
}

# The script's own log is where its author looks first.
repeat_strays <- function(fleet, loop) {
  text <- redis_run(fleet$con, ask_loop(loop$number, "strays"))
  if (length(text)) say("loop %s, %s: %s", whole(loop$number), loop$label, text)
}

end_loop <- function(fleet, loop) {
  fleet$current <- NULL
  if (!is.null(loop$stop_error) || !is_complete(loop$window)) abandon_tasks(fleet, loop)
  else restore_lost_results(fleet)
  loop$warned <- read_warnings(fleet, loop)
  save_counters(fleet, loop, ended = TRUE)
  redis_send(fleet$con, list(list("DEL", loop_errors_key(loop$number), loop_warnings_key(loop$number)),
                             list("HDEL", waiting_key(), whole(loop$number))))
  drop_old_environments(fleet)
  release_objects(fleet, loop)
  repeat_strays(fleet, loop)
  tell_reuse(fleet, loop, force = TRUE)
  describe_loop(fleet, loop, force = TRUE)
  remember_errors(fleet, loop)
  cancel_fetches(loop)
  close_spill(loop$window$spill)
  counters <- loop$counters
  told <- list(loop = loop$number, label = loop$label, iterations = loop$window$count,
               reused = reused_count(fleet, counters), failed = counters$failed,
               warnings = count_warnings(loop$warned), seconds = round(now_seconds() - counters$started_at, 3))
  fleet$loops[[length(fleet$loops) + 1L]] <- told
  tell_tasks(loop, force = TRUE)
  show_progress(loop, ended = TRUE)
  emit("loop-ended", loop = loop$number, label = loop$label, done = done_count(counters), failed = counters$failed,
       reused = reused_count(fleet, counters), total = loop$window$count)
}

# The loop ended early: nothing of it may start any more. Iterations that run are journalled by their workers all the
# same.
abandon_tasks <- function(fleet, loop) {
  loop$aborted <- TRUE
  redis_send(fleet$con, list(list("HSET", aborted_key(), loop$run, "1"),
                             list("DEL", queue_key(), queue_large_key())))
}

housekeeping <- function(fleet, loop) {
  if (now_seconds() - loop$housed_at < HOUSEKEEPING_SECONDS) return(invisible())
  loop$housed_at <- now_seconds()
  check_stop(fleet, loop)
  validate_suspicion(loop$suspicion)
  forget_finished_tasks(loop$window)
  read_workers(fleet)
  return_lost_tasks(fleet, loop)
  find_holes(fleet, loop)
  save_counters(fleet, loop)
  tell_tasks(loop)
  show_progress(loop)
}

# --- workers

OF_ITS_LOOP <- c("loop", "iterations", "count", "last") # of a worker's entry

read_workers <- function(fleet) {
  fields <- as_fields(redis_call(fleet$con, "HGETALL", workers_key()))
  now <- now_seconds()
  # time in which nobody looked (Redis was away, .combine took long) says nothing about the workers
  unseen <- max(0, now - or_else(fleet$looked_at, now) - 2 * HOUSEKEEPING_SECONDS)
  fleet$looked_at <- now
  full <- nearly_full(fleet$con) # then beats are refused
  fleet$workers <- lapply(stats::setNames(names(fields), names(fields)), function(pod) {
    heard <- read_entry(fields[[pod]])
    # what it is still at for an earlier session is none of our loops
    if (!identical(or_else(heard$session, fleet$session), fleet$session)) heard[OF_ITS_LOOP] <- NULL
    old <- fleet$workers[[pod]]
    # clocks of machines differ: what counts is when the beat was last seen to change
    heard$changed_at <- if (full || is.null(old) || !identical(old$beat, heard$beat)) now else old$changed_at + unseen
    heard
  })
}

# A worker whose beat stands still is gone with its machine: its task goes back to the head of the queue.
return_lost_tasks <- function(fleet, loop) {
  asked <- character()
  for (pod in names(fleet$workers)) {
    if (now_seconds() - fleet$workers[[pod]]$changed_at < STALE_SECONDS) next
    moved <- redis_send(fleet$con, list(list("LMOVE", held_key(pod), queue_key(), "RIGHT", "LEFT")),
                        patient = FALSE)[[1]]
    if (inherits(moved, "redis_error")) next
    redis_call(fleet$con, "HDEL", workers_key(), pod)
    fleet$workers[[pod]] <- NULL
    emit("worker-lost", worker = pod)
    say("worker %s has not been heard of for %d s: its task goes to another one", pod, STALE_SECONDS)
    if (!is.null(moved)) asked <- c(asked, make_way(fleet, loop, except = asked))
  }
}

# What was put at the head of the queue must not wait for the end of somebody's long task. When all are busy, the one
# that began last puts the rest of its task aside. Returns its name.
make_way <- function(fleet, loop, except = character()) {
  others <- Filter(function(heard) is_in_state(heard, c("busy", "idle")),
                   fleet$workers[setdiff(names(fleet$workers), except)])
  busy <- vapply(others, is_in_state, NA, "busy")
  if (!length(others) || !all(busy)) return(character())
  chosen <- names(others)[which.max(vapply(others, function(heard) as.numeric(or_else(heard$since, 0)), 0))]
  redis_call(fleet$con, "HSET", aside_key(), chosen, loop$run)
  chosen
}

# What workers have taken of a loop, whatever they have told of it yet: between the two, packages are loaded, and a
# machine may be slow.
taken_items <- function(fleet, number) {
  if (!length(fleet$workers)) return(integer())
  held <- redis_send(fleet$con, lapply(names(fleet$workers), function(pod) list("LRANGE", held_key(pod), "0", "-1")),
                     raw = TRUE)
  unlist(lapply(unlist(held, recursive = FALSE), function(bytes) {
    batch <- tryCatch(unserialize(bytes)$argsList[[1]]$fleet_batch, error = function(e) NULL)
    if (is_run_of(batch$run, number)) batch$i
  }))
}

HOLE_SECONDS <- 3   # of quiet
TAKEN_SECONDS <- 30 # while workers have taken what they say nothing of

# Whatever happened to a task (a Redis that lost its last second, a task taken for a loop that is gone). When nothing
# waits and nobody is busy with this loop for a while, what has no result is submitted again. The journal makes a
# double run harmless.
find_holes <- function(fleet, loop) {
  busy <- busy_tasks(fleet, loop) > 0L || any_loading(fleet)
  queues <- list(queue_key(), queue_large_key())
  waiting <- sum(unlist(redis_send(fleet$con, lapply(queues, function(queue) list("LLEN", queue))))) > 0
  open <- wanted_items(loop, items_with(loop$window, QUEUED))
  if (busy || waiting || !length(open)) {
    loop$quiet_since <- NULL
  } else if (is.null(loop$quiet_since)) {
    loop$quiet_since <- now_seconds()
  } else if (now_seconds() - loop$quiet_since > HOLE_SECONDS) {
    taken <- any(taken_items(fleet, loop$number) %in% open)
    if (taken && now_seconds() - loop$quiet_since < TAKEN_SECONDS) return(invisible())
    loop$quiet_since <- NULL
    adopt_stored(fleet, loop, open)
    lost <- open[status_of(loop$window, open) == QUEUED]
    if (length(lost)) say("loop %s: %d iterations were lost and are submitted again", whole(loop$number), length(lost))
    loop$window$task_items <- list()
    requeue(loop$window, lost)
    ensure_environment(fleet, loop)
  }
}

# Stored by a worker whose announcement got lost
adopt_stored <- function(fleet, loop, items) {
  bits <- redis_send(fleet$con, lapply(items, function(i) list("GETBIT", done_key(loop$number), whole(i))))
  stored <- items[vapply(bits, identical, NA, 1)]
  for (i in stored) if (!fetch_stored(fleet, loop, i)) {
    note_stale(loop$reuse, i)
  }
  clear_stale(fleet, loop)
}

# What a task reports when it could not even begin: TRUE when it may begin again.
is_fault_of_redis <- function(fleet, loop, cond) {
  message <- conditionMessage(cond)
  lost_connection <- "^(redis connection|Redis:|Failure communicating|ignoring SIGPIPE)"
  if (!identical(message, LOST_DESCRIPTION)) return(grepl(lost_connection, message))
  ensure_environment(fleet, loop)
  !is.null(loop$description)
}

# A Redis that came back empty has lost doRedis' description of the loop: store it again.
ensure_environment <- function(fleet, loop) {
  if (is.null(loop$description)) return(invisible())
  redis_send(fleet$con, list(list("SETNX", queue_environment_key(loop$id), loop$description),
                             list("SET", queue_live_key(), "")))
  restore_objects(fleet, loop)
}

# --- control and counters

check_stop <- function(fleet, loop = NULL) {
  flags <- redis_send(fleet$con, list(ask_control("stop"), list("EXISTS", lease_key()), driver_beat_command(),
                                      list("GET", session_key())), patient = FALSE)
  check_session(fleet, flags[[4]])
  reason <- flags[[1]]
  if (identical(flags[[2]], 1)) fleet$lease_seen <- TRUE
  else if (isTRUE(fleet$lease_seen)) reason <- "nobody renewed the lease of this attempt"
  if (length(reason) && nzchar(reason) && is.function(fleet$on_stop)) fleet$on_stop(fleet, loop, reason)
}

count_inflight <- function(fleet, loop) {
  window <- loop$window
  sum(vapply(workers_of(fleet, loop), function(heard) {
    items <- as.integer(unlist(heard$iterations))
    items <- items[items <= window$count]
    unnamed <- or_else(heard$count, length(items)) - length(unlist(heard$iterations))
    sum(status_of(window, items) == QUEUED) + max(0, unnamed)
  }, 0))
}
