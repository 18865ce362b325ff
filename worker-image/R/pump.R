# The driver's event loop: stands where doRedis waits for results. Fetches what workers journalled, combines in order, submits more, looks after
# workers that vanished, and tells the control plane how it goes.

HOUSEKEEPING_SECONDS <- 1
PROGRESS_SECONDS <- 3
STALE_SECONDS <- 10
CACHE_BYTES <- 64 * 2^20

# Ends doRedis' wait. Not an error: doRedis would take that for a cut connection and wait again.
pump <- function(f) {
  L <- f$current
  out <- paste0(f$queue, ".out.", L$id)
  repeat {
    collect(f, L)
    fetch_remote(f, L)
    settle_errors(f, L)
    combine_ready(f, L)
    if (!is.null(L$stop_error) || is_complete(L)) break
    if (stopped_early(f, L) || too_many_errors(f, L)) break
    housekeeping(f, L)
    submit_more(f, L)
    wait_for_news(f, L, out)
  }
  signalCondition(structure(class = c("fleet_loop_done", "condition"), list(message = "done", call = NULL)))
}

# A driver that was started again may find all that is missing under way: nothing is to be submitted, unless a worker is lost meanwhile.
await_left_running <- function(f, L) {
  while (L$exhausted && is.null(L$stop_error)) {
    collect(f, L)
    settle_errors(f, L)
    combine_ready(f, L)
    status <- L$status[seq_len(L$count)]
    if (!any(status == QUEUED) || any(status == PENDING)) break
    if (stopped_early(f, L) || too_many_errors(f, L)) break
    housekeeping(f, L)
    Sys.sleep(0.2)
  }
}

is_complete <- function(L) L$exhausted && L$combined == L$count

# A worker announces each finished task in doRedis' own result list; a task that could not even begin has its error there.
wait_for_news <- function(f, L, out) {
  reply <- redis_send(f$con, list(list("BRPOP", out, "0.2")), raw = TRUE)[[1]]
  while (length(reply) == 2L) {
    result <- tryCatch(unserialize(reply[[2]]), error = function(e) list())
    for (task in names(result)) if (inherits(result[[task]], "error")) fail_task(f, L, task, result[[task]])
    reply <- redis_send(f$con, list(list("RPOP", out)), raw = TRUE)[[1]]
    if (is.raw(reply)) reply <- list(out, reply)
  }
}

# The task's setting failed on the worker (a package that is not there): every iteration of it has that error.
fail_task <- function(f, L, task, cond) {
  if (grepl("^(redis connection|Redis:|Failure communicating|ignoring SIGPIPE)", conditionMessage(cond))) return(requeue(L, L$task_items[[task]]))
  for (i in L$task_items[[task]]) {
    if (L$status[i] != QUEUED) next
    set_failed(f, L, i, cond)
    report_setting_error(f, L, i, cond)
  }
}

report_setting_error <- function(f, L, i, cond) {
  json <- to_json(list(loop = L$number, iteration = i, attempt = .fleet$attempt, try = 1, worker = "", node = "", seconds = 0,
                       message = substr(conditionMessage(cond), 1L, MAX_TEXT), class = as.list(class(cond)),
                       call = if (is.null(conditionCall(cond))) "" else call_text(conditionCall(cond)), traceback = list(),
                       arguments = argument_text(L$args[[i]]), warnings = list(), output = "", sessionInfo = session_text(), memoryMb = NULL, final = TRUE))
  redis_call(f$con, "XADD", fleet_key("errors"), "MAXLEN", "~", "10000", "*", "json", json)
}

requeue <- function(L, items) {
  items <- items[L$status[items] == QUEUED]
  put(L$status, items, PENDING)
  L$requeued <- c(L$requeued, items)
}

# --- fetching ---------------------------------------------------------------------------------------------------------------------------------

collect <- function(f, L) {
  repeat {
    lines <- unlist(redis_call(f$con, "LPOP", fleet_key("arrived", L$number), "500"))
    if (!length(lines)) break
    parts <- strsplit(lines, " ", fixed = TRUE)
    news <- data.frame(i = as.integer(vapply(parts, `[[`, "", 1)), seconds = as.numeric(vapply(parts, `[[`, "", 2)), bytes = as.numeric(vapply(parts, `[[`, "", 3)),
                       flag = vapply(parts, `[[`, "", 4), key = vapply(parts, `[[`, "", 5),
                       worker = vapply(parts, function(p) if (length(p) > 5L) p[6] else "unknown", ""))
    news <- news[news$i <= L$count & !duplicated(news$i, fromLast = TRUE), , drop = FALSE]
    news <- news[same_key(news$key, L$key[news$i]), , drop = FALSE]
    collect_values(f, L, news[news$flag == "V" & L$status[news$i] %in% c(PENDING, QUEUED, HELD), , drop = FALSE])
    for (k in which(news$flag == "E" & L$status[news$i] %in% c(PENDING, QUEUED))) collect_error(f, L, news$i[k], news$worker[k], news$seconds[k])
    if (length(lines) < 500L) break
  }
}

# Many small values travel together; large ones nearly alone.
collect_values <- function(f, L, news) {
  if (!nrow(news)) return(invisible())
  groups <- cumsum(news$bytes) %/% (16 * 2^20)
  for (group in split(seq_len(nrow(news)), groups)) {
    values <- redis_send(f$con, lapply(news$i[group], function(i) list("HGET", value_key(L$number, i), "v")), raw = TRUE)
    got <- group[vapply(values, is.raw, NA)]
    if (!length(got)) next
    keep_values(L, news$i[got], values[vapply(values, is.raw, NA)], news$seconds[got])
    values <- NULL
    acknowledge(f, L, news$i[got])
    weigh_values(f, L, news$i[got], news$worker[got])
    combine_ready(f, L)
  }
}

# On our disk first, then marked as ours
keep_values <- function(L, items, values, seconds) {
  put(L$offset, items, spill_write(L$spill, items, L$key[items], values, seconds))
  spill_flush(L$spill)
  put(L$bytes, items, lengths(values))
  put(L$status, items, STORED)
  L$executed <- L$executed + length(items)
  L$finished <- L$finished + length(items)
  L$seconds <- L$seconds + sum(seconds)
  L$seconds2 <- L$seconds2 + sum(seconds^2)
  L$longest <- max(L$longest, seconds)
  for (k in seq_along(items)) {
    put(L$args, items[k], NULL)
    if (L$cached_bytes + length(values[[k]]) > CACHE_BYTES) next
    put(L$cache, items[k], values[[k]])
    L$cached_bytes <- L$cached_bytes + length(values[[k]])
  }
}

# The value is on our disk: whoever of driver and backup marks it last deletes it.
acknowledge <- function(f, L, items) {
  keys <- value_key(L$number, whole(items))
  if (!f$durable) {
    redis_send(f$con, lapply(keys, function(key) list("DEL", key)))
    return(invisible())
  }
  replies <- redis_send(f$con, unlist(lapply(keys, function(key) list(list("MULTI"), list("HSET", key, "d", "1"), list("HGET", key, "b"), list("EXEC"))),
                                      recursive = FALSE))
  results <- replies[seq.int(4L, length(replies), 4L)]
  backed_up <- vapply(results, function(r) identical(r[[2]], "1"), NA)
  if (any(backed_up)) redis_send(f$con, lapply(keys[backed_up], function(key) list("DEL", key)))
}

collect_error <- function(f, L, i, worker, seconds) {
  bytes <- redis_send(f$con, list(list("HGET", fleet_key("e", L$number), whole(i))), raw = TRUE)[[1]]
  cond <- tryCatch(unserialize(bytes), error = function(e) fleet_error("the error of this iteration could not be read", "fleetLostError"))
  weigh_error(f, L, i, cond, worker, seconds)
}

set_failed <- function(f, L, i, cond) {
  put(L$status, i, FAILED)
  L$errors[[whole(i)]] <- cond
  L$failed <- L$failed + 1L
  L$finished <- L$finished + 1L
  if (identical(f$on_error, "stop")) L$stop_error <- loop_error(cond, i, NULL)
}

# With .errorhandling = "stop" the loop ends at its first error instead of after all iterations; what is finished stays in the journal.
stopped_early <- function(f, L) {
  if (!L$failed || !identical(L$error_handling, "stop")) return(FALSE)
  first <- min(as.integer(names(L$errors)))
  L$stop_error <- loop_error(L$errors[[whole(first)]], first, NULL)
  TRUE
}

# --- combining --------------------------------------------------------------------------------------------------------------------------------

# foreach's accumulator gets the results in order, each once, whatever the order and number of their arrivals.
combine_ready <- function(f, L) {
  while (L$combined < L$count) {
    i <- L$combined + 1L
    status <- L$status[i]
    if (status == STORED) {
      result <- unserialize(cached_value(L, i))
    } else if (status == FAILED && !identical(L$error_handling, "stop")) {
      result <- L$errors[[whole(i)]]
    } else {
      return(invisible())
    }
    L$combined <- i
    tryCatch(accumulate(L$it, result, i), error = function(e) {
      cat("error calling combine function:\n")
      print(e)
    })
  }
}

cached_value <- function(L, i) {
  bytes <- L$cache[[i]]
  if (is.null(bytes)) return(spill_read(L$spill, L$offset[i], L$bytes[i]))
  put(L$cache, i, NULL)
  L$cached_bytes <- L$cached_bytes - length(bytes)
  bytes
}

# When nothing was submitted at all (everything was reused) the event loop never ran.
finish_reused <- function(f, L) {
  while (is.null(L$stop_error) && !is_complete(L)) {
    draw(f, L)
    before <- L$combined
    fetch_remote(f, L)
    combine_ready(f, L)
    if (L$combined == before && !is_complete(L)) stop("internal error: loop ", L$number, " has no result for iteration ", before + 1L)
  }
}
