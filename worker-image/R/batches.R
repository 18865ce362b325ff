# Which iterations make the next task, and how many tasks wait in Redis.
#
# doRedis asks Redis a dozen times for a task. So iterations are grouped as soon as their time is known, into tasks of
# about ten seconds. Towards the end of the loop tasks are smaller, so that all workers finish together. A group costs
# nothing in safety: each of its iterations is journalled by itself.

TASK_SECONDS <- 10            # 100 ms for a task are 1 % of it
ITERATION_SECONDS <- 2e-4     # what an iteration costs besides its own time: scope, journal, collecting
SMALLEST_TASK_SECONDS <- 0.1  # a worker takes the next task of a loop in milliseconds (worker.R)
DRIVER_SECONDS <- 0.001       # that the driver needs for one task: it must be able to give what many workers take
GROWTH <- 8                   # a group is at most so many times what is measured
TASK_ARGUMENT_BYTES <- 4 * 2^20
TASK_RESULT_BYTES <- 64 * 2^20
QUEUE_BYTES <- 256 * 2^20
LARGEST_TASK <- 10000

# Pure: how many iterations the next task gets.
#   setting: "auto", or the number that the user set, which is obeyed
#   left: iterations not yet submitted, or of those the known ones (Inf: many)
#   times: list(count, mean, sd) of the finished iterations, in seconds; count 0: nothing is measured yet
#   bytes: list(argument, result), the means
#   most_seconds: the time limit of an iteration, or what the job has left
#
# Towards the end this is "factoring" (Hummel, Schonberg and Flynn, CACM 35(8), 1992): each worker's next group is 1/x
# of its share of what is left. Here x = 2 + b^2 + b sqrt(b^2 + 4) with b = workers / (2 sqrt(left)) * sd / mean: half
# of its share when times are equal, less when they scatter.
choose_task_size <- function(setting, left, workers, times, bytes = list(argument = 0, result = 0),
                             most_seconds = Inf) {
  if (!identical(setting, "auto")) return(max(1L, as.integer(setting)))
  if (times$count < 1) return(1L)
  workers <- max(workers, 1)
  seconds <- max(times$mean, 0) + ITERATION_SECONDS
  size <- min(TASK_SECONDS, most_seconds) / seconds
  spread <- if (is.finite(times$sd)) times$sd / seconds else 0
  b <- workers / (2 * sqrt(max(left, 1))) * spread
  share <- if (is.finite(left)) left / workers / (2 + b^2 + b * sqrt(b^2 + 4)) else Inf
  smallest <- ceiling(max(SMALLEST_TASK_SECONDS, workers * DRIVER_SECONDS) / seconds)
  size <- min(size, max(share, smallest), GROWTH * times$count, LARGEST_TASK, left)
  size <- min(size, TASK_ARGUMENT_BYTES / max(bytes$argument, 1), TASK_RESULT_BYTES / max(bytes$result, 1))
  as.integer(max(1, floor(size)))
}

# Pure: tasks that should wait in Redis. Enough that no worker runs dry between two looks of the driver, also when these
# are far apart because .combine or the iterators are slow (absence, in seconds). Few enough that sizes can still
# change.
queue_depth <- function(workers, task_seconds, absence = 0, task_bytes = 0) {
  workers <- max(workers, 2L)
  if (is.na(task_seconds)) return(workers + 2L)
  rounds <- ceiling(min(absence / max(task_seconds, 0.01), 50))
  as.integer(max(workers, min(workers * (2 + rounds) + 4, QUEUE_BYTES / max(task_bytes, 1))))
}

# Iterations that wait for submission, or will: known in full when the length of the loop is.
left_to_submit <- function(loop) {
  total <- known_total(loop)
  if (is.null(total)) loop$window$pending else loop$window$pending + (total - loop$window$count)
}

next_batch <- function(fleet, loop) {
  if (loop$aborted || loop$unloadable || !has_work(fleet, loop)) return(NULL)
  times <- measured_times(loop$counters)
  bytes <- list(argument = mean_argument_bytes(loop),
                result = loop$counters$result_bytes / max(1, loop$counters$executed))
  left <- left_to_submit(loop)
  size <- choose_task_size(fleet$task_size, left, count_workers(fleet), times, bytes, seconds_limit(fleet))
  items <- take_pending(loop$window, min(size, or_else(loop$most_items, size)), or_else(loop$ends_at, Inf))
  if (!length(items)) return(NULL)
  make_batch(fleet, loop, items)
}

# Of the iterations that are drawn and have no result
mean_argument_bytes <- function(loop) loop$window$args_bytes / max(1, loop$window$count - loop$counters$finished)

# urgent: it goes to the head of the queue, also when a worker gives it back.
make_batch <- function(fleet, loop, items, urgent = FALSE) {
  window <- loop$window
  begin_task(window, items)
  loop$task_size <- length(items)
  redis_object("batch", i = items, digest = digests_of(window, items), prefix = window$prefix, suffix = window$suffix,
               args = packed_arguments(loop, args_of(window, items)),
               expected = measured_times(loop$counters)$mean,
               run = loop$run, session = fleet$session, tries = fleet$tries,
               avoid = doubted_pods(loop$suspicion, items), urgent = urgent)
}

# A task is not meant to last longer than one iteration may.
seconds_limit <- function(fleet) as.numeric(or_else(fleet$inputs$tasks$maxTimeSeconds, Inf))

# Submits tasks of a loop that doRedis has published already, in doRedis' own form.
submit_more <- function(fleet, loop) {
  now <- now_seconds()
  loop$absence <- max(now - loop$submitted_at, 0.9 * loop$absence)
  loop$submitted_at <- now
  if (loop$unloadable || !has_work(fleet, loop)) return(invisible())
  task_seconds <- (measured_times(loop$counters)$mean + ITERATION_SECONDS) * or_else(loop$task_size, 1L)
  depth <- queue_depth(count_workers(fleet), task_seconds, loop$absence, loop$task_bytes)
  room <- depth - redis_call(fleet$con, "LLEN", queue_key())
  fleet$con$memory_at <- 0
  # what had no room a moment ago is not serialized again until it may have
  if (!task_fits(fleet$con, or_else(loop$refused_bytes, 0))) return(wait_for_room(fleet, loop))
  loop$full_since <- NULL
  pushed <- 0
  while (room > 0) {
    commands <- list()
    while (length(commands) < min(room, 100L) && task_fits(fleet$con, pushed)) {
      batch <- next_batch(fleet, loop)
      if (is.null(batch)) break
      bytes <- task_bytes(loop, batch)
      if (!accept_task(fleet, loop, batch$i, length(bytes), pushed)) break
      pushed <- pushed + length(bytes)
      loop$task_bytes <- length(bytes)
      commands[[length(commands) + 1L]] <- list("RPUSH", queue_key(), bytes)
    }
    if (!length(commands)) break
    send_pushes(fleet$con, commands)
    room <- room - length(commands)
  }
}

task_bytes <- function(loop, batch) {
  number <- loop$window$tasks
  arguments <- stats::setNames(list(list(fleet_batch = batch, .Random.seed = number)), whole(number))
  serialize(redis_object("queue", ID = loop$id, argsList = arguments), NULL)
}

count_workers <- function(fleet) max(1L, length(fleet$workers))

# Tasks that workers hold now: they do not count against the depth of the queue.
busy_tasks <- function(fleet, loop) length(workers_of(fleet, loop))

# Do any load what some loop needs? They have a task, and nobody knows yet which.
any_loading <- function(fleet) any(vapply(fleet$workers, function(heard) isTRUE(heard$loading), NA))

# Those that work on this loop
workers_of <- function(fleet, loop) {
  Filter(function(heard) {
    is_in_state(heard, "busy") && identical(as.numeric(or_else(heard$loop, 0)), loop$number)
  }, fleet$workers)
}
