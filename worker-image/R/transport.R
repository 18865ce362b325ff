# The connection object that doRedis works with.
#
# doRedis talks to Redis only through the functions of one object, which is redux' in its own use. It is given this one
# instead, which leaves its code unchanged and closes its gaps. Every command survives a cut connection, with the
# password. A taken task is never only in a worker's memory: BLPOP becomes a move into the worker's own list. Submitting
# is pipelined. The driver's wait for results becomes our event loop.

as_redux <- function(reply) {
  if (is.numeric(reply)) if (abs(reply) < 2147483647) as.integer(reply) else reply
  else if (is.list(reply)) lapply(reply, as_redux)
  else reply
}

as_argument <- function(x) {
  if (is.raw(x)) x
  else if (is.numeric(x)) format(x, scientific = FALSE, trim = TRUE, digits = 17)
  else as.character(x)
}

# A worker that dies leaves its mark behind, which must not stay for ever.
START_MARK_SECONDS <- 86400

# hooks: take(queue, timeout) and results(key, timeout) replace the two blocking calls; submitted(key, values) and
# stored(key, value) look on; asked(key) before doRedis reads, got(key, value) answers what doRedis is to read.
new_transport <- function(con, hooks = list()) {
  pending <- NULL
  command <- function(args) {
    args <- lapply(args, as_argument)
    if (!is.null(pending)) {
      pending[[length(pending) + 1L]] <<- args
      return("QUEUED")
    }
    as_redux(check_reply(redis_send(con, list(args))[[1]]))
  }
  verb <- function(name) {
    force(name)
    function(...) command(list(name, ...))
  }
  plain <- c("EXISTS", "DEL", "EXPIRE", "INCR", "DECR", "LLEN", "LRANGE", "KEYS", "MGET", "LPUSH", "RPUSH", "PING",
             "HGET", "HSET", "HGETALL")
  transport <- stats::setNames(lapply(plain, verb), plain)
  transport$GET <- function(key) {
    if (is.function(hooks$asked)) hooks$asked(key)
    value <- command(list("GET", key))
    if (is.function(hooks$got)) hooks$got(key, value) else value
  }
  transport$SET <- function(key, value, ...) {
    if (is.function(hooks$stored)) hooks$stored(key, value)
    command(c(list("SET", key, value), if (is_start_key(key)) list("EX", whole(START_MARK_SECONDS)), list(...)))
  }
  transport$MULTI <- function() {
    pending <<- list()
    "OK"
  }
  transport$EXEC <- function() {
    commands <- pending
    pending <<- NULL
    send_pushes(con, commands, hooks$submitted)
  }
  transport$BLPOP <- function(key, timeout) hooks$take(key, timeout)
  transport$BRPOP <- function(key, timeout) hooks$results(key, timeout)
  transport$AUTH <- function(password) "OK"
  transport$command <- command
  transport$reconnect <- function() invisible()
  transport
}

# doRedis submits as MULTI, RPUSH ..., EXEC with a round trip each; here the pushes of one list travel together.
send_pushes <- function(con, commands, submitted = NULL) {
  if (!length(commands)) return(list())
  if (is.function(submitted)) submitted(commands)
  for (group in split(commands, ceiling(seq_along(commands) / 200))) {
    replies <- redis_send(con, group)
    for (reply in replies) check_reply(reply)
  }
  list()
}

# Makes doRedis use the transport, as its own redisConnect() would have done with redux'.
install_transport <- function(transport, host, port) {
  globals <- get(".doRedisGlobals", envir = asNamespace("doRedis"))
  assign("r", transport, envir = globals)
  assign("host", host, envir = globals)
  assign("port", port, envir = globals)
  invisible(globals)
}
