# The worker's side of the journal: each result is in Redis, with its entry for the backup, before doRedis hears of it.
#
# First result wins. One transaction stores the value and sets the iteration's bit in ff:done:<loop>. The value's key is
# watched while the bit is looked at. A late duplicate therefore neither recreates a value that was already fetched and
# deleted, nor adds an entry.

MAX_VALUE_BYTES <- 500 * 2^20

# One finished iteration, ready to be stored
journal_entry <- function(i, key, value, seconds, started_at, warning_count, largest = MAX_VALUE_BYTES) {
  if (.Call(fleet_dead_reference, value)) {
    stop(fleet_error(paste("the result holds an external pointer or a connection, which does not exist outside the",
                           "worker that made it; return the data itself (for a model object, its saved form)"),
                     "fleetValueError"))
  }
  bytes <- serialize(value, NULL, version = 3L)
  if (length(bytes) > largest) {
    stop(fleet_error(sprintf("the result is %s; at most %s can be returned: split the iteration, or return a summary",
                             file_size_text(length(bytes)), file_size_text(largest)), "fleetValueError"))
  }
  list(i = as.numeric(i), key = key, v = bytes, bytes = as.numeric(length(bytes)), seconds = as.numeric(seconds),
       started_at = started_at, warning_count = as.numeric(warning_count))
}

# What an announcement is of: a value in Redis, a value in the bucket, an error, or no result but a question (borrow.R)
FLAG_VALUE <- "V"
FLAG_OBJECT <- "O"
FLAG_ERROR <- "E"
FLAG_QUESTION <- "N"

arrival_line <- function(worker, i, seconds, bytes, flag, key) {
  redis_line("arrived", i = whole(i), seconds = sprintf("%.6g", seconds), bytes = whole(bytes), flag = flag, key = key,
             worker = or_else(worker$id, worker$pod))
}

# A column of the entries: texts and numbers of many iterations are formatted in one go, which is several times faster
# than one by one.
column <- function(entries, name, kind) vapply(entries, `[[`, kind, name)

# backed_up: somebody moves results from Redis to a bucket and needs an entry for each in the outbox. Of such a value
# the marks b and d stand until it is backed up, and until the driver has it. Taking a mark away needs no memory, so it
# works in a full Redis, too.
store_commands <- function(worker, loop, entries, backed_up, warned = 0) {
  i <- whole(column(entries, "i", 0))
  key <- column(entries, "key", "")
  seconds <- column(entries, "seconds", 0)
  bytes <- column(entries, "bytes", 0)
  keys <- value_key(whole(loop), i)
  done <- done_key(loop)
  field <- FIELDS$value
  marks <- if (backed_up) list(field[["toBackUp"]], "1", field[["toFetch"]], "1")
  away <- is_uploaded(entries)
  commands <- vector("list", length(i) * 2L + 1L)
  for (k in seq_along(i)) {
    entry <- entries[[k]]
    content <- if (away[k]) list(field[["object"]], entry$object, field[["sha256"]], entry$sha256)
               else list(field[["bytes"]], entry$v)
    commands[[2L * k - 1L]] <- c(list("HSET", keys[k]), content, list(field[["key"]], key[k]), marks)
    commands[[2L * k]] <- list("SETBIT", done, i[k], "1")
  }
  commands[[length(commands)]] <- list("RPUSH", arrived_key(loop),
                                       arrival_line(worker, as.numeric(i), seconds, bytes,
                                                    ifelse(away, FLAG_OBJECT, FLAG_VALUE), key))
  c(relay_commands(loop, entries, warned), commands,
    if (backed_up) outbox_commands(worker, loop, entries, i, key, seconds, bytes))
}

is_uploaded <- function(entries) !vapply(entries, function(e) is.null(e$object), NA)

outbox_commands <- function(worker, loop, entries, i, key, seconds, bytes) {
  columns <- list(loop = whole(loop), iteration = i, key = key, attempt = whole(worker$attempt), worker = worker$pod,
                  node = worker$node, seconds = sprintf("%.6g", seconds), bytes = whole(bytes),
                  sha256 = vapply(entries, function(e) or_else(e$sha256, sha256(e$v)), ""),
                  startedAt = time_text(column(entries, "started_at", 0)),
                  warnings = whole(column(entries, "warning_count", 0)))
  names <- redis_field("outbox", names(columns))
  pairs <- do.call(rbind, as.vector(rbind(names, columns)))
  lapply(seq_along(i), function(k) {
    entry <- entries[[k]]
    uploaded <- if (!is.null(entry$object)) redis_pairs("outbox", c(object = entry$object, md5 = entry$md5))
    c(list("XADD", outbox_key(), "*"), pairs[, k], usage_pairs(entry$usage), uploaded)
  })
}

# Pure. usage: as src/usage.c says it; NULL of a result that was not computed now
usage_pairs <- function(usage) {
  if (is.null(usage)) return()
  redis_pairs("outbox", c(cpuSeconds = sprintf("%.6g", usage[1]), peakBytes = whole(usage[2]),
                          peakOf = if (usage[3] > 0) "process"))
}

# Stores the entries that nobody stored before, unless another session has begun. Does not return before Redis has them.
journal_store <- function(worker, loop, entries, backed_up = TRUE) {
  if (!length(entries)) return(invisible())
  await_room(worker, loop, entries[[length(entries)]]$i, sum(vapply(entries, function(e) length(e$v), 1)))
  pause <- 0.1
  items <- whole(column(entries, "i", 0))
  keys <- value_key(whole(loop), items)
  done <- done_key(loop)
  looks <- lapply(items, function(i) list("GETBIT", done, i))
  asked <- list(list("WATCH", session_key(), keys), list("GET", session_key()), list("HLEN", loop_warnings_key(loop)))
  repeat {
    seen <- redis_send(worker$con, c(asked, looks))
    fresh <- entries[vapply(seen[-(1:3)], function(bit) !identical(bit, 1), NA) & serves_session(worker, seen[[2]])]
    if (!length(fresh)) {
      redis_send(worker$con, list(list("UNWATCH")))
      return(invisible())
    }
    commands <- store_commands(worker, loop, fresh, backed_up, seen[[3]])
    replies <- redis_send_once(worker$con, c(list(list("MULTI")), commands, list(list("EXEC"))))
    if (is.null(replies)) next # the connection was cut: whether it was stored shows when looking again
    stored <- replies[[length(replies)]]
    if (!is.null(transient_problem(replies))) {
      Sys.sleep(pause)
      pause <- min(pause * 2, 3)
    } else if (!is.null(stored)) {
      for (reply in c(replies, stored)) check_reply(reply)
      return(invisible())
    }
  }
}

# As redis_send, but a cut ends it with NULL: a repeated transaction would be without its WATCH.
redis_send_once <- function(con, commands) {
  tryCatch({
    if (is.null(con$pointer)) open_connection(con)
    .Call(fleet_pipeline, con$pointer, commands, FALSE, SILENCE_SECONDS, FALSE)
  }, error = function(e) {
    if (!is_cut(e)) stop(e)
    con$pointer <- NULL
    Sys.sleep(0.1)
    NULL
  })
}

# A failed iteration: no result, so it is not marked done and runs again in a later attempt.
journal_error <- function(worker, setup, item, cond, details) {
  loop <- setup$loop
  seen <- redis_send(worker$con, list(list("GETBIT", done_key(loop), whole(item$i)), list("GET", session_key()),
                                      list("HLEN", loop_warnings_key(loop))))
  if (identical(seen[[1]], 1) || !serves_session(worker, seen[[2]])) return(invisible())
  redis_send(worker$con, c(list(
    list("MULTI"),
    error_report_command(failure_report(loop, item$i, item$args, cond, worker, details)),
    list("HSET", loop_errors_key(loop), whole(item$i), error_bytes(cond))),
    relay_commands(loop, list(list(i = item$i, relayed = c(as.list(details$relayed), failed = TRUE))), seen[[3]]), list(
    list("RPUSH", arrived_key(loop), arrival_line(worker, item$i, details$seconds, 0, FLAG_ERROR, item$key)),
    list("EXEC"))))
  emit("error", loop = loop, iteration = item$i, message = substr(conditionMessage(cond), 1L, 300L),
       worker = worker$pod)
  invisible()
}

# The report of an error: worker and details (what evaluate_iteration() found out) of one that ran.
failure_report <- function(loop, i, args, cond, worker = NULL, details = list()) {
  report <- redis_object("errors",
    loop = loop, iteration = i, attempt = or_else(.fleet$attempt, 1L), try = or_else(details$try, 1L),
    worker = or_else(worker$pod, ""), node = or_else(worker$node, ""),
    seconds = round(or_else(details$seconds, 0), 3),
    message = substr(conditionMessage(cond), 1L, MAX_TEXT), class = as.list(class(cond)),
    call = if (is.null(conditionCall(cond))) "" else call_text(conditionCall(cond)),
    traceback = as.list(details$traceback), arguments = argument_text(args), warnings = as.list(details$warnings),
    output = or_else(details$output, ""), sessionInfo = session_text(),
    memoryMb = if (!is.null(worker)) memory_mb(), final = TRUE)
  c(report, if (!is.null(details$replay)) redis_object("errors", replay = details$replay))
}

error_bytes <- function(cond) {
  bytes <- serialize(cond, NULL, version = 3L)
  if (length(bytes) < 2^20) return(bytes)
  slim <- structure(class = class(cond), list(message = substr(conditionMessage(cond), 1L, MAX_TEXT), call = NULL))
  serialize(slim, NULL, version = 3L)
}
