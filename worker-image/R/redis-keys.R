# Names of the keys in Redis, and nothing else: no other file spells one. What lies below them is in redis-fields.R.
# docs/redis-protocol.md has what each holds, who writes it and who deletes it; functions/adapters/redis-keys.ts is the
# twin of this file for the control plane.

# All begin alike, so that several sessions can share one server.
KEY_PREFIX <- "ff:"

redis_key <- function(...) paste0(or_else(.fleet$prefix, KEY_PREFIX), paste(..., sep = ":"))

driver_key <- function() redis_key("driver")
control_key <- function() redis_key("control")
lease_key <- function() redis_key("lease")
gate_key <- function() redis_key("gate")
gated_key <- function() redis_key("gated")
seed_key <- function() redis_key("seed")
session_key <- function() redis_key("session")

# loops: their numbers as texts or whole numbers
loops_key <- function() redis_key("loops")
loop_key <- function(loop) redis_key("loop", loop)
waiting_key <- function() redis_key("waiting")
aborted_key <- function() redis_key("aborted")

# results
value_key <- function(loop, i) redis_key("v", loop, i)
done_key <- function(loop) redis_key("done", loop)
arrived_key <- function(loop) redis_key("arrived", loop)
loop_errors_key <- function(loop) redis_key("e", loop)
loop_warnings_key <- function(loop) redis_key("w", loop)
outbox_key <- function() redis_key("outbox")
errors_key <- function() redis_key("errors")
described_key <- function() redis_key("described")
outputs_key <- function() redis_key("outputs")

# workers
workers_key <- function() redis_key("workers")
replace_key <- function() redis_key("replace")
aside_key <- function() redis_key("aside")
held_key <- function(pod) redis_key("held", pod)
lent_key <- function(pod) redis_key("lent", pod)
tries_key <- function() redis_key("tries")
causes_key <- function() redis_key("causes")
last_output_key <- function() redis_key("last")
loading_key <- function() redis_key("loading")

# files: signed URLs, and objects that loops export
need_key <- function() redis_key("need")
urls_key <- function() redis_key("urls")
exports_key <- function() redis_key("exports")
exported_key <- function(digest) redis_key("x", digest)

# the queue, which is doRedis', and what doRedis keeps beside it
queue_key <- function() redis_key("queue")
queue_large_key <- function() paste0(queue_key(), ".large")
queue_live_key <- function() paste0(queue_key(), ".live")
queue_environment_key <- function(id) paste0(queue_key(), ".env.", id)
queue_out_key <- function(id) paste0(queue_key(), ".out.", id)
jobs_key <- function() redis_key("jobs")

is_environment_key <- function(key) startsWith(key, queue_environment_key(""))

# The mark of a worker that began a task
is_start_key <- function(key) grepl(".start.", key, fixed = TRUE)

# --- what outlives what

# Of every key, by its first word (or by all of it): whose end it outlives. docs/redis-protocol.md has the same list.
#   server: the session, for it is not the session's own
#   journal: the session, if the next one has the same journal
#   attempt: the driver, if the same attempt of a job begins it again
#   driver: nobody
KEY_LIVES <- c(workers = "server", lease = "server", queue.live = "server", queue.count = "server",
               session = "journal", v = "journal", done = "journal", exports = "journal", x = "journal",
               driver = "attempt", control = "attempt", gate = "attempt", gated = "attempt", seed = "attempt",
               loops = "attempt", loop = "attempt", waiting = "attempt", aborted = "attempt", arrived = "attempt",
               e = "attempt", w = "attempt", outbox = "attempt", errors = "attempt", described = "attempt",
               outputs = "attempt", replace = "attempt", held = "attempt", tries = "attempt", causes = "attempt",
               last = "attempt", loading = "attempt",
               need = "attempt", urls = "attempt", jobs = "attempt", queue.env = "attempt", queue.start = "attempt",
               queue.alive = "attempt", queue = "driver", queue.large = "driver", queue.out = "driver",
               aside = "driver", lent = "driver")

# Pure: "server" ... "driver" for each key, and NA for what is none of ours. A server may have others, also such that
# begin alike.
key_life <- function(keys, prefix = or_else(.fleet$prefix, KEY_PREFIX)) {
  name <- substring(keys, nchar(prefix) + 1L)
  family <- sub("^(queue[.](env|start|alive|out))[.].*", "\\1", name)
  family <- sub("^(v|done|x|loop|arrived|e|w|held|lent):.*", "\\1", family)
  life <- unname(KEY_LIVES[family])
  life[!startsWith(keys, prefix)] <- NA
  life
}
