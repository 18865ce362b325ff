# The package's own Redis connection: reconnects by itself, with its password, and keeps trying. It knows no key.

TRANSIENT_REPLIES <- "^(LOADING|OOM|MISCONF|BUSY|READONLY|MASTERDOWN|TRYAGAIN|CLUSTERDOWN|EXECABORT)"

# A Redis that says nothing for so long is gone, with its machine perhaps, which tells nobody. No command waits longer:
# those that wait for something do so for two seconds at most.
SILENCE_SECONDS <- 30

now_seconds <- function() .Call(fleet_now)

new_connection <- function(host, port, password = NULL) {
  con <- new_record(
    host = host,
    port = as.character(port),
    password = if (length(password) && nzchar(password)) password,
    pointer = NULL,
    cuts = 0L,
    asked = numeric(), asked_at = NULL,  # when signed URLs were asked for: each by its name, and any (signed-urls.R)
    memory = NULL, memory_at = NULL)     # what Redis said of its memory, and when (memory.R)
  con
}

# redis: "host", "host:port" or "redis://:password@host:port"
parse_redis <- function(redis, password = NULL) {
  if (grepl("^redis://", redis)) {
    parts <- regmatches(redis, regexec("^redis://(?:[^:@]*:([^@]*)@)?([^:/@]+)(?::([0-9]+))?", redis, perl = TRUE))[[1]]
    if (!length(parts)) stop("cannot read the Redis address ", sub("//.*@", "//...@", redis), call. = FALSE)
    list(host = parts[3], port = if (nzchar(parts[4])) parts[4] else "6379",
         password = if (nzchar(parts[2])) utils::URLdecode(parts[2]) else password)
  } else {
    parts <- strsplit(redis, ":", fixed = TRUE)[[1]]
    list(host = parts[1], port = if (length(parts) > 1L) parts[2] else "6379", password = password)
  }
}

open_connection <- function(con) {
  con$pointer <- .Call(fleet_connect, con$host, con$port, 5L)
  if (!is.null(con$password)) {
    reply <- .Call(fleet_pipeline, con$pointer, list(list("AUTH", con$password)), FALSE, 10, FALSE)[[1]]
    if (inherits(reply, "redis_error")) {
      close_connection(con)
      stop("Redis refused the password: ", reply, call. = FALSE)
    }
  }
  invisible(con)
}

close_connection <- function(con) {
  if (!is.null(con$pointer)) .Call(fleet_disconnect, con$pointer)
  con$pointer <- NULL
}

is_cut <- function(e) grepl("^redis connection:", conditionMessage(e))

# Sends the commands in one go; returns the list of replies. On a cut connection, or a server that is loading or out of
# memory, the whole list is sent again, after 0.1 s, 0.2 s, ... 3 s and then for ever (`give_up` seconds if given): what
# is sent must therefore be safe to repeat. patient = FALSE: what a full server refused is returned as it is; the event
# loop must go on then, for it is the one that makes room. may_leave: NULL is returned when the process was asked to
# terminate. on_cut: called after each reconnection; its value TRUE ends the call with NULL.
redis_send <- function(con, commands, raw = FALSE, may_leave = FALSE, give_up = Inf, on_cut = NULL, patient = TRUE) {
  started <- now_seconds()
  pause <- 0.1
  repeat {
    replies <- tryCatch({
      if (is.null(con$pointer)) open_connection(con)
      got <- .Call(fleet_pipeline, con$pointer, commands, raw, SILENCE_SECONDS, may_leave)
      if (is.null(got)) con$pointer <- NULL
      got
    }, error = function(e) if (is_cut(e)) e else stop(e))
    if (is.null(replies)) return(NULL)
    if (!inherits(replies, "error")) {
      problem <- transient_problem(replies)
      if (is.null(problem) || (!patient && grepl("^OOM", problem))) return(replies)
    } else {
      problem <- conditionMessage(replies)
      con$pointer <- NULL
      con$cuts <- con$cuts + 1L
    }
    if (now_seconds() - started > give_up) {
      stop("no answer from Redis at ", con$host, ":", con$port, ": ", problem, call. = FALSE)
    }
    if (may_leave && .Call(fleet_termination)) return(NULL)
    Sys.sleep(pause)
    pause <- min(pause * 2, 3)
    if (inherits(replies, "error") && !is.null(on_cut) && isTRUE(on_cut())) return(NULL)
  }
}

transient_problem <- function(replies) {
  for (reply in replies) if (inherits(reply, "redis_error") && grepl(TRANSIENT_REPLIES, reply)) return(unclass(reply))
  NULL
}

redis_call <- function(con, ...) redis_run(con, list(...))

redis_run <- function(con, command) check_reply(redis_send(con, list(command))[[1]])

check_reply <- function(reply) {
  if (inherits(reply, "redis_error")) stop("Redis: ", reply, call. = FALSE)
  reply
}

# HGETALL-like replies as a named list
as_fields <- function(reply) {
  if (!length(reply)) return(list())
  odd <- seq.int(1L, length(reply), 2L)
  stats::setNames(reply[odd + 1L], unlist(reply[odd]))
}
