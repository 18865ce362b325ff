# How full Redis is, and who waits for room in it.
#
# Redis refuses writes above its maxmemory rather than forget anything. It should never come to that: a worker waits
# before it stores, and the driver before it submits, while Redis is fuller than their shares allow. What frees memory
# (the two marks of a value, deletions) is done by commands that Redis takes even when it is full. The shares make a
# deadlock impossible. Descriptions and exports of a loop, one task and one value have each LARGEST_SHARE at most.
# Together they fit below the limit of the workers. So there is always a task to run, and room for its result.

VALUES_SHARE <- 0.75   # above it workers keep what they have until there is room
TASKS_SHARE <- 0.5     # above it the driver submits nothing
LARGEST_SHARE <- 0.2   # the most that a single object may take
FULL_SHARE <- 0.95     # above it even beats of workers may be refused
SMALL_STORE_BYTES <- 64 * 1024
TOLD_SECONDS <- 5

# used and limit in bytes; limit Inf where Redis has none (or does not tell)
parse_memory <- function(info) {
  if (!is.character(info)) return(list(used = 0, limit = Inf))
  number <- function(field) {
    suppressWarnings(as.numeric(sub(sprintf("(?s).*\\b%s:([0-9]+).*", field), "\\1", info, perl = TRUE)))
  }
  used <- number("used_memory")
  limit <- number("maxmemory")
  list(used = or_zero(used), limit = if (is.na(limit) || limit == 0) Inf else limit)
}

or_zero <- function(x) if (is.na(x)) 0 else x

read_memory <- function(con) {
  reply <- redis_send(con, list(list("INFO", "memory")))[[1]]
  con$memory <- parse_memory(reply)
  con$memory_at <- now_seconds()
  con$memory
}

# As read, at most a second ago
recent_memory <- function(con) if (now_seconds() - or_else(con$memory_at, 0) < 1) con$memory else read_memory(con)

# The most that one value, task or export may have, by the way of Redis
largest_in_redis <- function(con) {
  min(MAX_VALUE_BYTES, floor(LARGEST_SHARE * or_else(con$memory, read_memory(con))$limit))
}

nearly_full <- function(con) {
  if (is.infinite(or_else(con$memory, read_memory(con))$limit)) return(FALSE)
  memory <- recent_memory(con)
  memory$used > FULL_SHARE * memory$limit
}

# A worker's wait before it stores. Small things are looked after once a second only. While it waits the iteration's own
# clock stands still.
await_room <- function(worker, loop, i, bytes) {
  con <- worker$con
  if (bytes < SMALL_STORE_BYTES && now_seconds() - or_else(con$memory_at, 0) < 1) return(invisible())
  told <- since <- now_seconds()
  pause <- 0.1
  repeat {
    memory <- read_memory(con)
    if (memory$used + bytes <= VALUES_SHARE * memory$limit) break
    if (now_seconds() - told > TOLD_SECONDS) {
      told <- now_seconds()
      tell_full(worker$pod, memory, file_size_text(bytes), told - since)
      restart_clock(loop, i)
      leave_without_lease(worker)
    }
    Sys.sleep(pause)
    pause <- min(2 * pause, 1)
  }
}

# Nobody backs up any more: room will never come.
leave_without_lease <- function(worker) {
  if (isTRUE(worker$lease_seen) && !identical(redis_call(worker$con, "EXISTS", lease_key()), 1)) leave("lease lost")
}

# The time limit of a task is for what the user's code does, not for what we do with its result.
restart_clock <- function(loop, i) .Call(fleet_mark, loop, i)

# Do so many more bytes of tasks fit beside what Redis has? The driver asks again when something has been freed.
task_fits <- function(con, bytes) {
  if (is.infinite(or_else(con$memory, read_memory(con))$limit)) return(TRUE)
  memory <- recent_memory(con)
  memory$used + bytes <= TASKS_SHARE * memory$limit
}

# The driver goes on with what it has. Whoever looks at its log sees why nothing new begins.
wait_for_room <- function(fleet, loop) {
  now <- now_seconds()
  if (is.null(loop$full_since)) loop$full_since <- loop$full_told <- now
  if (now - loop$full_told < TOLD_SECONDS) return(invisible())
  loop$full_told <- now
  tell_full(NULL, fleet$con$memory, sprintf("tasks of loop %s", whole(loop$number)), now - loop$full_since)
}

tell_full <- function(who, memory, what, seconds) {
  say("Redis is %.0f %% full: waiting for %.0f s with %s until there is room",
      100 * memory$used / memory$limit, seconds, what)
  emit("memory-full", worker = who,
       message = sprintf("Redis holds %s of %s", file_size_text(memory$used), file_size_text(memory$limit)))
}

# A task that is ready to be sent; FALSE: later, in parts if need be. One iteration that never fits is an error.
accept_task <- function(fleet, loop, items, bytes, pushed) {
  largest <- largest_in_redis(fleet$con)
  if (bytes > largest && length(items) == 1L) {
    loop$stop_error <- task_too_large(bytes, largest)
  } else if (bytes <= largest && task_fits(fleet$con, pushed + bytes)) {
    loop$refused_bytes <- 0
    return(TRUE)
  }
  loop$refused_bytes <- if (bytes > largest) 0 else bytes
  if (bytes > largest) loop$most_items <- max(1L, length(items) %/% 2L)
  take_task_back(loop$window, items)
  FALSE
}

task_too_large <- function(bytes, largest) {
  text <- paste("the arguments of one iteration are %s; at most %s can be sent to a worker:",
                "iterate over numbers or names, and read the data in the task or load it from a file of the job",
                "(data: in job.yaml)")
  fleet_error(sprintf(text, file_size_text(bytes), file_size_text(largest)), "fleetValueError")
}

# Those that doRedis submits itself
check_first_tasks <- function(fleet, commands) {
  sizes <- vapply(commands, function(command) max(lengths(command)), 1)
  if (any(sizes > largest_in_redis(fleet$con))) stop(task_too_large(max(sizes), largest_in_redis(fleet$con)))
}

# The first tasks of a loop are sent in one go. One is always sent.
first_tasks_fit <- function(fleet, loop) {
  if (loop$window$tasks == 0L || is.infinite(fleet$con$memory$limit)) return(TRUE)
  task_fits(fleet$con, (loop$window$tasks + 1) * mean_argument_bytes(loop))
}
