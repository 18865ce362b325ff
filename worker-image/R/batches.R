# Which iterations make the next task, and how many tasks wait in Redis.
#
# doRedis costs up to 100 ms a task, so iterations are grouped as soon as their time is known: tasks of about ten seconds, smaller towards the end
# of the loop so that all workers finish together. A group costs nothing in safety: each of its iterations is journalled by itself.

TASK_SECONDS <- 10            # 100 ms of doRedis are 1 % of it
ITERATION_SECONDS <- 2e-4     # what an iteration costs besides its own time: scope, journal, collecting
SMALLEST_TASK_SECONDS <- 0.1  # a worker takes the next task of a loop in milliseconds (worker.R)
DRIVER_SECONDS <- 0.001       # that the driver needs for one task: what many workers take together it must be able to give
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
# Towards the end this is "factoring" (Hummel, Schonberg and Flynn, CACM 35(8), 1992): each worker's next group is 1/x of its share of what is left,
# x = 2 + b^2 + b sqrt(b^2 + 4) with b = workers / (2 sqrt(left)) * sd / mean: half of its share when times are equal, less when they scatter.
choose_task_size <- function(setting, left, workers, times, bytes = list(argument = 0, result = 0), most_seconds = Inf) {
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

measured_times <- function(L) {
  n <- L$executed
  if (n < 1L) return(list(count = 0, mean = NA_real_, sd = NA_real_))
  mean <- L$seconds / n
  list(count = n, mean = mean, sd = if (n > 1L) sqrt(max(0, L$seconds2 / n - mean^2) * n / (n - 1)) else 0)
}

# Pure: tasks that should wait in Redis. Enough that no worker runs dry between two looks of the driver, also when these are far apart because
# .combine or the iterators are slow (absence, in seconds); few enough that sizes can still change.
queue_depth <- function(workers, task_seconds, absence = 0, task_bytes = 0) {
  workers <- max(workers, 2L)
  if (is.na(task_seconds)) return(workers + 2L)
  rounds <- ceiling(min(absence / max(task_seconds, 0.01), 50))
  as.integer(max(workers, min(workers * (2 + rounds) + 4, QUEUE_BYTES / max(task_bytes, 1))))
}

# Iterations that wait for submission, or will: known in full when the length of the loop is.
left_to_submit <- function(L) {
  total <- known_total(L)
  if (is.null(total)) L$pending else L$pending + (total - L$count)
}

# The next iterations to submit, first those that came back: at most `size`, and no more arguments than one task may have. None: nothing is drawn.
take_pending <- function(L, size) {
  L$requeued <- L$requeued[status_of(L, L$requeued) == PENDING]
  taken <- utils::head(L$requeued, size)
  L$requeued <- utils::tail(L$requeued, -size)
  L$next_pending <- max(L$next_pending, L$base + 1L)
  while (length(taken) < size && L$next_pending <= L$count) {
    block <- L$next_pending:min(L$count, L$next_pending + 4095L)
    open <- block[status_of(L, block) == PENDING]
    picked <- utils::head(setdiff(open, taken), size - length(taken))
    taken <- c(taken, picked)
    L$next_pending <- if (length(taken) >= size) max(picked) + 1L else max(block) + 1L
  }
  fitting <- max(1L, sum(cumsum(as.numeric(L$size[taken - L$base])) <= TASK_ARGUMENT_BYTES))
  if (length(taken) > fitting) {
    L$requeued <- c(taken[-seq_len(fitting)], L$requeued)
    taken <- taken[seq_len(fitting)]
  }
  taken
}

next_batch <- function(f, L) {
  if (L$aborted || !has_work(f, L)) return(NULL)
  times <- measured_times(L)
  bytes <- list(argument = L$args_bytes / max(1, L$count - L$finished), result = L$result_bytes / max(1, L$executed))
  size <- choose_task_size(f$task_size, left_to_submit(L), count_workers(f), times, bytes, seconds_limit(f))
  items <- take_pending(L, min(size, or_else(L$most_items, size)))
  if (!length(items)) return(NULL)
  make_batch(L, items)
}

make_batch <- function(L, items) {
  set_status(L, items, QUEUED)
  L$tasks <- L$tasks + 1L
  L$task_items[[whole(L$tasks)]] <- items
  L$task_size <- length(items)
  list(i = items, digest = digests_of(L, items), prefix = L$prefix, suffix = L$suffix, args = args_of(L, items), expected = measured_times(L)$mean, run = L$run,
       avoid = if (length(L$doubted)) unique(pod_of(unlist(L$doubted[whole(items)]))))
}

# A task is not meant to last longer than one iteration may.
seconds_limit <- function(f) as.numeric(or_else(f$inputs$tasks$maxTimeSeconds, Inf))

# Submits tasks of a loop that doRedis has published already, in doRedis' own form.
submit_more <- function(f, L) {
  now <- now_seconds()
  L$absence <- max(now - L$submitted_at, 0.9 * L$absence)
  L$submitted_at <- now
  if (!has_work(f, L)) return(invisible())
  task_seconds <- (measured_times(L)$mean + ITERATION_SECONDS) * or_else(L$task_size, 1L)
  room <- queue_depth(count_workers(f), task_seconds, L$absence, L$task_bytes) - redis_call(f$con, "LLEN", f$queue)
  f$con$memory_at <- 0
  # what had no room a moment ago is not serialized again until it may have
  if (!task_fits(f$con, or_else(L$refused_bytes, 0))) return(wait_for_room(f, L))
  L$full_since <- NULL
  pushed <- 0
  while (room > 0) {
    commands <- list()
    while (length(commands) < min(room, 100L) && task_fits(f$con, pushed) && !is.null(batch <- next_batch(f, L))) {
      bytes <- task_bytes(L, batch)
      if (!accept_task(f, L, batch$i, length(bytes), pushed)) break
      pushed <- pushed + length(bytes)
      L$task_bytes <- length(bytes)
      commands[[length(commands) + 1L]] <- list("RPUSH", f$queue, bytes)
    }
    if (!length(commands)) break
    send_pushes(f$con, commands)
    room <- room - length(commands)
  }
}

task_bytes <- function(L, batch) {
  serialize(list(ID = L$id, argsList = stats::setNames(list(list(fleet_batch = batch, .Random.seed = L$tasks)), whole(L$tasks))), NULL)
}

count_workers <- function(f) max(1L, length(f$workers))

# Tasks that workers hold now: they do not count against the depth of the queue.
busy_tasks <- function(f, L) sum(vapply(f$workers, function(w) identical(w$state, "busy") && identical(as.numeric(or_else(w$loop, 0)), L$number), NA))

# A task is finished when none of its iterations is waiting any more.
forget_finished_tasks <- function(L) {
  task <- rep(seq_along(L$task_items), lengths(L$task_items))
  open <- status_of(L, as.integer(unlist(L$task_items))) == QUEUED
  L$task_items <- L$task_items[tabulate(task[open], length(L$task_items)) > 0L]
}
