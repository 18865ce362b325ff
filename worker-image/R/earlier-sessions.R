# What an earlier session left in Redis. A session is one run of a script: on a laptop from registerForeachFleet() on,
# in a job the whole attempt, however often its driver begins again.
#
# Redis and its workers outlive a session. The next one finds what KEY_LIVES (redis-keys.R) says and nothing else.
# Workers that are still at an earlier session's task stop it. What they write carries its name, and counts for nothing.

SCAN_AT_ONCE <- 1000L

# The session's name: of an attempt its job's, of a journal the journal's. So a script which is run again with the same
# journal gets what workers have finished meanwhile.
session_name <- function(durable, journal, run) {
  if (durable) return(paste(or_else(.fleet$job, "job"), or_else(.fleet$attempt, 1L), sep = "-"))
  if (is.null(journal)) return(run)
  dir.create(journal, recursive = TRUE, showWarnings = FALSE)
  path <- file.path(journal, "session")
  if (!file.exists(path)) writeLines(run, path)
  readLines(path, n = 1L)
}

# From the first command on no worker stores anything for another session.
begin_session <- function(con, name, durable) {
  before <- redis_call(con, "GET", session_key())
  redis_send(con, list(list("MULTI"), list("SET", session_key(), name), list("DEL", queue_key(), queue_large_key()),
                       list("EXEC")))
  levels <- c("driver", "attempt", "journal")
  forget_keys(con, levels[seq_len(if (durable) 1L else if (identical(before, name)) 2L else 3L)])
}

forget_keys <- function(con, ended) {
  pattern <- paste0(gsub("([][*?\\\\^])", "\\\\\\1", or_else(.fleet$prefix, KEY_PREFIX)), "*")
  cursor <- "0"
  repeat {
    page <- redis_call(con, "SCAN", cursor, "MATCH", pattern, "COUNT", whole(SCAN_AT_ONCE))
    cursor <- page[[1]]
    keys <- as.character(unlist(page[[2]]))
    gone <- setdiff(keys[key_life(keys) %in% ended], session_key())
    if (length(gone)) redis_call(con, "DEL", gone)
    if (identical(cursor, "0")) break
  }
}

# Of a worker: is what it does still asked for? `reply` is what Redis has as the session; nothing, when Redis came back
# empty.
serves_session <- function(worker, reply) {
  if (is.null(worker$session) || !length(reply)) return(TRUE)
  identical(if (is.raw(reply)) rawToChar(reply) else reply, worker$session)
}
