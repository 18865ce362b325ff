# Names of what lies below the keys in Redis (redis-keys.R): fields of hashes and streams, members of objects, parts of
# a line. And the words that mean something there. No other file spells them in a command.
#
# docs/redis-protocol.md has what each means; functions/adapters/redis-fields.ts is the twin of this file for the
# control plane. A name that is not listed is an error where it is used: Redis itself would take any.

FIELDS <- list(
  # hashes
  driver = c("state", "message", "reason", "script", "startedAt", "beatAt", "loops"),
  control = c("stop", "pause"),
  loop = c("label", "total", "startedAt", "endedAt", "done", "failed", "reused", "seconds", "seconds2", "max",
           "taskSize", "tasks", "reuse", "strays"),
  value = c(bytes = "v", object = "o", sha256 = "s", key = "k", toBackUp = "b", toFetch = "d"),
  # streams
  outbox = c("loop", "iteration", "key", "attempt", "worker", "node", "seconds", "bytes", "sha256", "startedAt",
             "warnings", "cpuSeconds", "peakBytes", "peakOf", "object", "md5"),
  report = "json",
  # objects in JSON
  workers = c("state", "loop", "iterations", "count", "session", "loading", "replaced", "last", "since", "beat", "pid"),
  errors = c("loop", "iteration", "attempt", "try", "worker", "node", "seconds", "message", "class", "call",
             "traceback", "arguments", "warnings", "output", "sessionInfo", "memoryMb", "final", "refuted", "replay"),
  described = c("loop", "attempt", "label", "total", "errorHandling", "prefix", "combine", "task"),
  lent = c("run", "id", "digest", "way", "bytes", "plain", "mark", "problem"),
  outputs = c("name", "bytes", "sha256"),
  # lists of R
  queue = c("ID", "argsList"),
  batch = c("i", "digest", "prefix", "suffix", "args", "expected", "run", "session", "tries", "avoid",
            "urgent", "moved"),
  # lines
  arrived = c("i", "seconds", "bytes", "flag", "key", "worker"),
  need = "askedAt",
  urls = c("goodUntil", "url"),
  exports = c("way", "bytes"),
  replace = c("worker", "reason"),
  causes = c("word", "text"))

WORDS <- list(
  driver.state = c("starting", "running", "saving", "finished", "failed", "stopped"),
  driver.reason = "error-limit",
  workers.state = c("starting", "idle", "busy", "draining"),
  outbox.peakOf = "process",
  arrived.flag = c("V", "O", "E", "N"),
  exports.way = c("redis", "file"),
  causes.word = c("killed", "time", "memory", "container"))

# Instead of a line of `urls`: there is no such object
NO_URL <- "none"

# The names as Redis has them; `names` are roles where the list has those.
redis_field <- function(kind, names) {
  fields <- FIELDS[[kind]]
  at <- match(names, or_else(names(fields), fields))
  if (!length(fields) || anyNA(at)) {
    stop("internal error: ", kind, " has no field ", paste(names[is.na(at)], collapse = ", "))
  }
  unname(fields[at])
}

redis_word <- function(place, word) {
  if (!all(word %in% WORDS[[place]])) stop("internal error: ", place, " is never ", paste(word, collapse = ", "))
  word
}

# An object (a list) of this kind, with values as they are; an absent one may be NULL or left out.
redis_object <- function(kind, ...) {
  fields <- list(...)
  check_words(kind, fields)
  names(fields) <- redis_field(kind, names(fields))
  fields
}

# Fields of a hash or a stream, in a command: name, value, name, value ... fields: texts with names
redis_pairs <- function(kind, fields) {
  check_words(kind, fields)
  as.vector(rbind(redis_field(kind, names(fields)), fields))
}

# Lines of this kind; each part may be a vector.
redis_line <- function(kind, ...) {
  parts <- list(...)
  if (!identical(names(parts), FIELDS[[kind]])) stop("internal error: a line of ", kind, " has other parts")
  check_words(kind, parts)
  do.call(paste, unname(parts))
}

# The parts of one line, as a list
parse_line <- function(kind, line) {
  names <- FIELDS[[kind]]
  parts <- list()
  for (name in names[-length(names)]) {
    parts[[name]] <- sub(" .*", "", line)
    line <- sub("^[^ ]* ?", "", line)
  }
  parts[[names[length(names)]]] <- line
  parts
}

# An empty text is none of the words, and allowed.
check_words <- function(kind, fields) {
  for (name in names(fields)) {
    place <- paste(kind, name, sep = ".")
    if (!is.null(WORDS[[place]])) redis_word(place, Filter(nzchar, fields[[name]]))
  }
}

# --- commands that several files send

ask_control <- function(name) list("HGET", control_key(), redis_field("control", name))

ask_loop <- function(loop, name) list("HGET", loop_key(loop), redis_field("loop", name))

ask_value <- function(key, name) list("HGET", key, redis_field("value", name))

REPORTS_KEPT <- 10000

error_report_command <- function(report) {
  list("XADD", errors_key(), "MAXLEN", "~", whole(REPORTS_KEPT), "*", redis_field("report", "json"), to_json(report))
}

description_command <- function(json) list("XADD", described_key(), "*", redis_field("report", "json"), json)

driver_beat_command <- function() {
  list("HSET", driver_key(), redis_pairs("driver", c(beatAt = time_text(now_seconds()))))
}

# A time, as all of Redis has it
time_text <- function(seconds) sprintf("%.3f", seconds)
