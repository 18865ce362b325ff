# Which iterations make the next task, and how many tasks wait in Redis.
#
# doRedis costs up to 100 ms a task, so iterations are grouped as soon as their time is known: tasks of about ten seconds, smaller towards the end
# of the loop so that all workers finish together. A group costs nothing in safety: each of its iterations is journalled by itself.

TASK_SECONDS <- 10
SMALLEST_TASK_SECONDS <- 0.3
TASK_ARGUMENT_BYTES <- 4 * 2^20

# Pure. mean_seconds: NA while nothing is measured; left: iterations not yet submitted (Inf when unknown).
choose_task_size <- function(setting, mean_seconds, left, workers, argument_bytes = 0) {
  if (!identical(setting, "auto")) return(max(1L, as.integer(setting)))
  if (is.na(mean_seconds)) return(1L)
  mean_seconds <- max(mean_seconds, 1e-5)
  size <- TASK_SECONDS / mean_seconds
  smallest <- ceiling(SMALLEST_TASK_SECONDS / mean_seconds)
  size <- min(size, max(left / (2 * max(workers, 1L)), smallest))
  if (argument_bytes > 0) size <- min(size, TASK_ARGUMENT_BYTES / argument_bytes)
  as.integer(max(1, min(floor(size), left, 10000)))
}

# Tasks that should wait in Redis: enough that no worker runs dry between two looks of the driver, few enough that sizes can still change.
queue_depth <- function(mean_seconds, workers) {
  workers <- max(workers, 2L)
  if (is.na(mean_seconds)) workers + 2L else 2L * workers + 4L
}

mean_seconds <- function(L) if (L$executed > 0L) L$seconds / L$executed else NA_real_

# The next iterations to submit, first those that came back. NULL: nothing to submit now.
take_pending <- function(f, L, size) {
  taken <- integer()
  if (length(L$requeued)) {
    L$requeued <- L$requeued[L$status[L$requeued] == PENDING]
    taken <- utils::head(L$requeued, size)
    L$requeued <- utils::tail(L$requeued, -size)
  }
  while (length(taken) < size) {
    if (L$next_pending > L$count) {
      if (L$exhausted) break
      before <- L$count
      draw(f, L)
      if (L$count == before) break
    }
    block <- L$next_pending:min(L$count, L$next_pending + 4095L)
    open <- block[L$status[block] == PENDING]
    picked <- utils::head(open, size - length(taken))
    L$next_pending <- if (length(picked) && length(picked) == size - length(taken)) max(picked) + 1L else max(block) + 1L
    taken <- c(taken, picked)
  }
  unique(taken)
}

left_to_submit <- function(L) if (L$exhausted) sum(L$status[seq_len(L$count)] == PENDING) else Inf

next_batch <- function(f, L) {
  if (L$aborted) return(NULL)
  bytes <- if (L$count > 0L) L$args_bytes / L$count else 0
  if (is.na(mean_seconds(L)) || L$pending_left < 1) L$pending_left <- left_to_submit(L)
  size <- choose_task_size(f$task_size, mean_seconds(L), max(L$pending_left, 1), count_workers(f), bytes)
  items <- take_pending(f, L, size)
  if (!length(items)) return(NULL)
  L$pending_left <- L$pending_left - length(items)
  make_batch(L, items)
}

make_batch <- function(L, items) {
  put(L$status, items, QUEUED)
  L$tasks <- L$tasks + 1L
  L$task_items[[whole(L$tasks)]] <- items
  L$task_size <- length(items)
  list(i = items, key = L$key[items], args = L$args[items], expected = mean_seconds(L), avoid = unique(pod_of(unlist(L$doubted[whole(items)]))))
}

# Submits tasks of a loop that doRedis has published already, in doRedis' own form.
submit_more <- function(f, L) {
  if (!length(L$requeued) && L$exhausted && L$next_pending > L$count) return(invisible())
  room <- queue_depth(mean_seconds(L), count_workers(f)) - redis_call(f$con, "LLEN", f$queue)
  commands <- list()
  while (length(commands) < room && !is.null(batch <- next_batch(f, L))) {
    commands[[length(commands) + 1L]] <- list("RPUSH", f$queue, task_bytes(L, batch))
  }
  if (length(commands)) send_pushes(f$con, commands)
}

task_bytes <- function(L, batch) {
  serialize(list(ID = L$id, argsList = stats::setNames(list(list(fleet_batch = batch, .Random.seed = L$tasks)), whole(L$tasks))), NULL)
}

count_workers <- function(f) max(1L, length(f$workers))

# Tasks that workers hold now: they do not count against the depth of the queue.
busy_tasks <- function(f, L) sum(vapply(f$workers, function(w) identical(w$state, "busy") && identical(as.numeric(or_else(w$loop, 0)), L$number), NA))

# A task is finished when none of its iterations is waiting any more.
forget_finished_tasks <- function(L) {
  open <- vapply(L$task_items, function(items) any(L$status[items] == QUEUED), NA)
  L$task_items <- L$task_items[open]
}
