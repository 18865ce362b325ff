# The driver's event loop: stands where doRedis waits for results. Fetches what workers journalled, combines in order,
# submits more, looks after workers that vanished, and tells the control plane how it goes.

HOUSEKEEPING_SECONDS <- 1
PROGRESS_SECONDS <- 3
STALE_SECONDS <- 10
CACHE_BYTES <- 64 * 2^20

# Ends doRedis' wait. Not an error: doRedis takes any error here for a cut connection and waits again, and any interrupt
# for its own.
pump <- function(fleet) {
  loop <- fleet$current
  tryCatch(run_pump(fleet, loop), error = function(e) loop$stop_error <- e,
           interrupt = function(c) loop$interrupted <- TRUE)
  signalCondition(structure(class = c("fleet_loop_done", "condition"), list(message = "done", call = NULL)))
}

run_pump <- function(fleet, loop) {
  repeat {
    collect(fleet, loop)
    fetch_away(fleet, loop)
    fetch_remote(fleet, loop)
    settle_errors(fleet, loop)
    settle_loading(fleet, loop)
    more <- combine_ready(loop)
    if (!is.null(loop$stop_error) || stopped_early(fleet, loop) || is_complete(loop$window)) break
    if (too_many_errors(fleet, loop)) break
    housekeeping(fleet, loop)
    draw(fleet, loop)
    tell_reuse(fleet, loop)
    describe_loop(fleet, loop)
    submit_more(fleet, loop)
    at_leisure <- !more && !may_draw(loop)
    fetching <- at_leisure && read_away(loop, FETCH_SLICE_SECONDS)
    wait_for_news(fleet, loop, if (at_leisure && !fetching) 0.2 else 0)
  }
}

# A driver that was started again may find all that is missing under way: nothing is to be submitted, unless a worker is
# lost meanwhile.
await_left_running <- function(fleet, loop) {
  while (loop$window$exhausted && loop$window$pending == 0L && is.null(loop$stop_error)) {
    collect(fleet, loop)
    fetch_away(fleet, loop)
    settle_errors(fleet, loop)
    settle_loading(fleet, loop)
    combine_ready(loop)
    if (stopped_early(fleet, loop) || too_many_errors(fleet, loop)) break
    if (!length(items_with(loop$window, QUEUED))) break
    housekeeping(fleet, loop)
    pause_or_fetch(loop, 0.2)
  }
}

# Until a worker announces a result, or, in doRedis' own result list, a task that ended; one that could not even begin
# has its error there.
wait_for_news <- function(fleet, loop, seconds) {
  out <- queue_out_key(loop$id)
  arrived <- arrived_key(loop$number)
  if (seconds > 0) {
    reply <- redis_send(fleet$con, list(list("BLPOP", out, arrived, format(seconds))), raw = TRUE)[[1]]
    if (length(reply) != 2L) return(invisible())
    if (identical(rawToChar(reply[[1]]), arrived)) {
      loop$news <- c(loop$news, rawToChar(reply[[2]]))
      return(invisible())
    }
    read_task_end(fleet, loop, reply[[2]])
  }
  repeat {
    bytes <- redis_send(fleet$con, list(list("LPOP", out)), raw = TRUE)[[1]]
    if (!is.raw(bytes)) break
    read_task_end(fleet, loop, bytes)
  }
}

read_task_end <- function(fleet, loop, bytes) {
  result <- tryCatch(unserialize(bytes), error = function(e) list())
  for (task in names(result)) if (inherits(result[[task]], "error")) fail_task(fleet, loop, task, result[[task]])
}

# The task's setting failed on the worker (a package that is not there): every iteration of it has that error.
fail_task <- function(fleet, loop, task, cond) {
  if (is_fault_of_redis(fleet, loop, cond)) return(requeue(loop$window, loop$window$task_items[[task]]))
  items <- loop$window$task_items[[task]]
  fail_items(fleet, loop, items[status_of(loop$window, items) == QUEUED], function(i) cond)
}

# Iterations that fail without having run. conditions: gives the error of each
fail_items <- function(fleet, loop, items, conditions) {
  for (group in split(items, (seq_along(items) - 1L) %/% 100L)) {
    failed <- lapply(group, conditions)
    redis_send(fleet$con, Map(function(i, cond) {
      error_report_command(failure_report(loop$number, i, args_of(loop$window, i)[[1]], cond))
    }, group, failed))
    Map(function(i, cond) set_failed(loop, i, cond), group, failed)
  }
}

# --- fetching

COLLECT_AT_ONCE <- 1000L
COLLECT_SLICE_SECONDS <- 1

# Reads announcements, fetches the values, and keeps them on our disk. Ends after a while even if there are more:
# combining and submitting must go on.
collect <- function(fleet, loop) {
  until <- now_seconds() + COLLECT_SLICE_SECONDS
  repeat {
    lines <- c(loop$news, unlist(redis_call(fleet$con, "LPOP", arrived_key(loop$number), whole(COLLECT_AT_ONCE))))
    loop$news <- character()
    if (!length(lines)) break
    asked <- is_request(lines)
    if (any(asked)) answer_requests(fleet, loop, lines[asked])
    news <- read_announcements(loop$window, lines[!asked])
    known <- status_of(loop$window, news$i)
    wanted <- known %in% c(PENDING, QUEUED, HELD)
    collect_values(fleet, loop, news[news$flag == FLAG_VALUE & wanted, , drop = FALSE])
    take_objects(fleet, loop, news[news$flag == FLAG_OBJECT & wanted, , drop = FALSE])
    for (k in which(news$flag == FLAG_ERROR & known %in% c(PENDING, QUEUED))) {
      collect_error(fleet, loop, news$i[k], news$worker[k], news$seconds[k])
    }
    if (length(lines) < COLLECT_AT_ONCE || now_seconds() > until) break
  }
}

# The newest announcement of each iteration that is not forgotten and is as it was when the worker got it
read_announcements <- function(window, lines) {
  columns <- .Call(fleet_columns, lines, "nnnttt")
  names(columns) <- FIELDS$arrived
  news <- structure(columns, class = "data.frame", row.names = .set_row_names(length(columns$i)))
  news <- news[news$i > window$base & news$i <= window$count & !duplicated(news$i, fromLast = TRUE), , drop = FALSE]
  news$i <- as.integer(news$i)
  news[has_key(window, news$i, news$key), , drop = FALSE]
}

# Many small values travel together; large ones nearly alone.
collect_values <- function(fleet, loop, news) {
  if (!nrow(news)) return(invisible())
  groups <- cumsum(news$bytes) %/% (16 * 2^20)
  for (group in split(seq_len(nrow(news)), groups)) {
    keys <- value_key(loop$number, whole(news$i[group]))
    values <- redis_send(fleet$con, lapply(keys, ask_value, "bytes"), raw = TRUE)
    there <- vapply(values, is.raw, NA)
    got <- group[there]
    if (!length(got)) next
    keep_values(loop, news$i[got], values[there], news$seconds[got])
    values <- NULL
    acknowledge(fleet, loop, news$i[got])
    weigh_values(fleet, loop, news$i[got], news$worker[got])
    combine_ready(loop)
  }
}

# On our disk first (if anybody will read it there), then marked as ours
keep_values <- function(loop, items, values, seconds) {
  window <- loop$window
  bytes <- lengths(values)
  cached <- vapply(seq_along(items), function(k) cache_value(window, items[k], values[[k]]), NA)
  written <- which(window$spill$lasting | !cached)
  if (length(written)) {
    at <- items[written]
    seconds_each <- rep_len(seconds, length(items))[written]
    offsets <- spill_write(window$spill, at, key_of(window, at), values[written], seconds_each)
    set_place(window, at, offsets, bytes[written])
    spill_flush(window$spill)
  }
  set_status(window, items, STORED)
  drop_args(window, items)
  count_executed(loop$counters, seconds, bytes)
}

# The value is ours: whoever of driver and backup takes the last mark from it deletes it. Each takes its own before it
# looks for the other's, so that at least one of them sees that none is left.
acknowledge <- function(fleet, loop, items) {
  keys <- value_key(loop$number, whole(items))
  if (fleet$durable) {
    marks <- redis_field("value", c("toFetch", "toBackUp"))
    replies <- redis_send(fleet$con, c(lapply(keys, function(key) list("HDEL", key, marks[1])),
                                       lapply(keys, function(key) list("HEXISTS", key, marks[2]))))
    keys <- keys[vapply(replies[-seq_along(keys)], identical, NA, 0)]
  }
  if (length(keys)) redis_call(fleet$con, "DEL", keys)
}

collect_error <- function(fleet, loop, i, worker, seconds) {
  bytes <- redis_send(fleet$con, list(list("HGET", loop_errors_key(loop$number), whole(i))), raw = TRUE)[[1]]
  cond <- tryCatch(relinked(loop, unserialize(bytes)),
                   error = function(e) fleet_error("the error of this iteration could not be read", "fleetLostError"))
  weigh_error(fleet, loop, i, cond, worker, seconds)
}

set_failed <- function(loop, i, cond) {
  set_status(loop$window, i, FAILED)
  drop_args(loop$window, i)
  assign(whole(i), cond, envir = loop$errors)
  assign(whole(i), TRUE, envir = loop$failed)
  note_lowest_error(loop, i, cond)
  count_failed(loop$counters)
}

# Everything that is missing was reused, or nothing is: combines without the event loop, until something is to be
# submitted.
finish_reused <- function(fleet, loop) {
  window <- loop$window
  progress <- function() c(window$combined, window$count, loop$counters$finished)
  while (is.null(loop$stop_error) && !is_complete(window) && window$pending == 0L) {
    before <- progress()
    fetch_remote(fleet, loop)
    fetch_away(fleet, loop)
    more <- combine_ready(loop)
    has_work(fleet, loop)
    stuck <- identical(before, progress()) && !more
    if (stuck && !length(loop$away)) {
      stop("internal error: loop ", loop$number, " has no result for iteration ", window$combined + 1L)
    }
    if (stuck) {
      housekeeping(fleet, loop)
      pause_or_fetch(loop, 0.2)
    }
  }
}
