# The driver's event loop: stands where doRedis waits for results. Fetches what workers journalled, combines in order, submits more, looks after
# workers that vanished, and tells the control plane how it goes.

HOUSEKEEPING_SECONDS <- 1
PROGRESS_SECONDS <- 3
STALE_SECONDS <- 10
CACHE_BYTES <- 64 * 2^20

# Ends doRedis' wait. Not an error: doRedis takes any error here for a cut connection and waits again.
pump <- function(f) {
  L <- f$current
  tryCatch(run_pump(f, L), error = function(e) L$stop_error <- e)
  signalCondition(structure(class = c("fleet_loop_done", "condition"), list(message = "done", call = NULL)))
}

run_pump <- function(f, L) {
  repeat {
    collect(f, L)
    fetch_away(f, L)
    fetch_remote(f, L)
    settle_errors(f, L)
    more <- combine_ready(f, L)
    if (!is.null(L$stop_error) || is_complete(L)) break
    if (stopped_early(f, L) || too_many_errors(f, L)) break
    housekeeping(f, L)
    draw(f, L)
    tell_reuse(f, L)
    describe_loop(f, L)
    submit_more(f, L)
    wait_for_news(f, L, if (more || may_draw(L)) 0 else 0.2)
  }
}

# A driver that was started again may find all that is missing under way: nothing is to be submitted, unless a worker is lost meanwhile.
await_left_running <- function(f, L) {
  while (L$exhausted && L$pending == 0L && is.null(L$stop_error)) {
    collect(f, L)
    fetch_away(f, L)
    settle_errors(f, L)
    combine_ready(f, L)
    if (!length(items_with(L, QUEUED))) break
    if (stopped_early(f, L) || too_many_errors(f, L)) break
    housekeeping(f, L)
    Sys.sleep(0.2)
  }
}

is_complete <- function(L) L$exhausted && L$combined == L$count

# Until a worker announces a result, or, in doRedis' own result list, a task that ended; one that could not even begin has its error there.
wait_for_news <- function(f, L, seconds) {
  out <- paste0(f$queue, ".out.", L$id)
  arrived <- fleet_key("arrived", L$number)
  if (seconds > 0) {
    reply <- redis_send(f$con, list(list("BLPOP", out, arrived, format(seconds))), raw = TRUE)[[1]]
    if (length(reply) != 2L) return(invisible())
    if (identical(rawToChar(reply[[1]]), arrived)) {
      L$news <- c(L$news, rawToChar(reply[[2]]))
      return(invisible())
    }
    read_task_end(f, L, reply[[2]])
  }
  while (is.raw(bytes <- redis_send(f$con, list(list("LPOP", out)), raw = TRUE)[[1]])) read_task_end(f, L, bytes)
}

read_task_end <- function(f, L, bytes) {
  result <- tryCatch(unserialize(bytes), error = function(e) list())
  for (task in names(result)) if (inherits(result[[task]], "error")) fail_task(f, L, task, result[[task]])
}

# The task's setting failed on the worker (a package that is not there): every iteration of it has that error.
fail_task <- function(f, L, task, cond) {
  if (is_fault_of_redis(f, L, cond)) return(requeue(L, L$task_items[[task]]))
  items <- L$task_items[[task]]
  for (i in items[status_of(L, items) == QUEUED]) {
    report_setting_error(f, L, i, cond)
    set_failed(f, L, i, cond)
  }
}

report_setting_error <- function(f, L, i, cond) {
  json <- to_json(list(loop = L$number, iteration = i, attempt = .fleet$attempt, try = 1, worker = "", node = "", seconds = 0,
                       message = substr(conditionMessage(cond), 1L, MAX_TEXT), class = as.list(class(cond)),
                       call = if (is.null(conditionCall(cond))) "" else call_text(conditionCall(cond)), traceback = list(),
                       arguments = argument_text(args_of(L, i)[[1]]), warnings = list(), output = "", sessionInfo = session_text(), memoryMb = NULL, final = TRUE))
  redis_call(f$con, "XADD", fleet_key("errors"), "MAXLEN", "~", "10000", "*", "json", json)
}

requeue <- function(L, items) {
  items <- items[status_of(L, items) == QUEUED]
  set_status(L, items, PENDING)
  L$requeued <- c(L$requeued, items)
}

# --- fetching ---------------------------------------------------------------------------------------------------------------------------------

COLLECT_AT_ONCE <- 1000L
COLLECT_SLICE_SECONDS <- 1

# Reads announcements, fetches the values, and keeps them on our disk. Ends after a while even if there are more: combining and submitting must go on.
collect <- function(f, L) {
  until <- now_seconds() + COLLECT_SLICE_SECONDS
  repeat {
    lines <- c(L$news, unlist(redis_call(f$con, "LPOP", fleet_key("arrived", L$number), whole(COLLECT_AT_ONCE))))
    L$news <- character()
    if (!length(lines)) break
    news <- read_announcements(L, lines)
    known <- status_of(L, news$i)
    collect_values(f, L, news[news$flag == "V" & known %in% c(PENDING, QUEUED, HELD), , drop = FALSE])
    take_objects(f, L, news[news$flag == "O" & known %in% c(PENDING, QUEUED, HELD), , drop = FALSE])
    for (k in which(news$flag == "E" & known %in% c(PENDING, QUEUED))) collect_error(f, L, news$i[k], news$worker[k], news$seconds[k])
    if (length(lines) < COLLECT_AT_ONCE || now_seconds() > until) break
  }
}

# The newest announcement of each iteration that is not forgotten and is as it was when the worker got it
read_announcements <- function(L, lines) {
  columns <- .Call(fleet_columns, lines, "nnnttt")
  names(columns) <- c("i", "seconds", "bytes", "flag", "key", "worker")
  news <- structure(columns, class = "data.frame", row.names = .set_row_names(length(columns$i)))
  news <- news[news$i > L$base & news$i <= L$count & !duplicated(news$i, fromLast = TRUE), , drop = FALSE]
  news$i <- as.integer(news$i)
  news[has_key(L, news$i, news$key), , drop = FALSE]
}

# Many small values travel together; large ones nearly alone.
collect_values <- function(f, L, news) {
  if (!nrow(news)) return(invisible())
  groups <- cumsum(news$bytes) %/% (16 * 2^20)
  for (group in split(seq_len(nrow(news)), groups)) {
    keys <- value_key(L$number, whole(news$i[group]))
    values <- redis_send(f$con, lapply(keys, function(key) list("HGET", key, "v")), raw = TRUE)
    there <- vapply(values, is.raw, NA)
    got <- group[there]
    if (!length(got)) next
    keep_values(L, news$i[got], values[there], news$seconds[got])
    values <- NULL
    acknowledge(f, L, news$i[got])
    weigh_values(f, L, news$i[got], news$worker[got])
    combine_ready(f, L)
  }
}

# On our disk first (if anybody will read it there), then marked as ours
keep_values <- function(L, items, values, seconds) {
  bytes <- lengths(values)
  cached <- vapply(seq_along(items), function(k) cache_value(L, items[k], values[[k]]), NA)
  written <- which(L$spill$lasting | !cached)
  if (length(written)) {
    at <- items[written]
    set_place(L, at, spill_write(L$spill, at, key_of(L, at), values[written], rep_len(seconds, length(items))[written]), bytes[written])
    spill_flush(L$spill)
  }
  set_status(L, items, STORED)
  drop_args(L, items)
  L$executed <- L$executed + length(items)
  L$finished <- L$finished + length(items)
  L$seconds <- L$seconds + sum(seconds)
  L$seconds2 <- L$seconds2 + sum(seconds^2)
  L$longest <- max(L$longest, seconds)
  L$result_bytes <- L$result_bytes + sum(bytes)
}

# The value is ours: whoever of driver and backup takes the last mark from it deletes it. Each takes its own before it looks for the other's,
# so that at least one of them sees that none is left.
acknowledge <- function(f, L, items) {
  keys <- value_key(L$number, whole(items))
  if (f$durable) {
    replies <- redis_send(f$con, c(lapply(keys, function(key) list("HDEL", key, "d")), lapply(keys, function(key) list("HEXISTS", key, "b"))))
    keys <- keys[vapply(replies[-seq_along(keys)], identical, NA, 0)]
  }
  if (length(keys)) redis_call(f$con, "DEL", keys)
}

collect_error <- function(f, L, i, worker, seconds) {
  bytes <- redis_send(f$con, list(list("HGET", fleet_key("e", L$number), whole(i))), raw = TRUE)[[1]]
  cond <- tryCatch(unserialize(bytes), error = function(e) fleet_error("the error of this iteration could not be read", "fleetLostError"))
  weigh_error(f, L, i, cond, worker, seconds)
}

set_failed <- function(f, L, i, cond) {
  set_status(L, i, FAILED)
  drop_args(L, i)
  assign(whole(i), cond, envir = L$errors)
  L$failed <- L$failed + 1L
  L$finished <- L$finished + 1L
  if (identical(f$on_error, "stop")) L$stop_error <- loop_error(cond, i, NULL)
}

# With .errorhandling = "stop" the loop ends at its first error instead of after all iterations; what is finished stays in the journal.
stopped_early <- function(f, L) {
  if (!L$failed || !identical(L$error_handling, "stop")) return(FALSE)
  first <- min(as.integer(ls(L$errors)))
  L$stop_error <- loop_error(L$errors[[whole(first)]], first, NULL)
  TRUE
}

# Everything that is missing was reused, or nothing is: combines without the event loop, until something is to be submitted.
finish_reused <- function(f, L) {
  while (is.null(L$stop_error) && !is_complete(L) && L$pending == 0L) {
    before <- c(L$combined, L$count, L$finished)
    fetch_remote(f, L)
    fetch_away(f, L)
    more <- combine_ready(f, L)
    has_work(f, L)
    stuck <- identical(before, c(L$combined, L$count, L$finished)) && !more
    if (stuck && !length(L$away)) stop("internal error: loop ", L$number, " has no result for iteration ", L$combined + 1L)
    if (stuck) {
      housekeeping(f, L)
      Sys.sleep(0.2)
    }
  }
}
