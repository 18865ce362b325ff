# The %dopar% backend: its registration, and what it keeps for a session. dopar.R has what a loop does.

#' Register the safe and resumable doRedis back end
#'
#' After this call, `foreach(...) %dopar% ...` sends its iterations to the workers that listen on the given Redis
#' server. 'doRedis' moves the tasks; results are journalled by the workers and combined from the journal, each exactly
#' once and in order. In the cloud nothing of this is needed: the back end is registered before the script begins.
#'
#' Each iteration starts in a fresh scope and with its own stream of random numbers, so that results depend neither on
#' the number of workers nor on what ran before. A task that calls `set.seed()` itself draws what it draws under `%do%`.
#' Errors, names, order and `.combine` are those of \pkg{foreach}; a loop inside a task runs sequentially in its worker.
#'
#' The workers may be there already, or come later: a loop waits for the first. A Redis server (with one `prefix`)
#' serves one such session at a time. All that an earlier session left there is thrown away, except results that a
#' `journal` (below) can still use.
#'
#' `getDoParWorkers()` says how many workers there are at the moment (1 before the first). In a job of the cloud it says
#' how many the job may have at most, `worker.max` of its job file. A script that divides its work by this number makes
#' the same tasks whenever it begins.
#'
#' @section Resuming:
#' With a `journal` that outlives the session, a script that was interrupted can simply be run again. An iteration is
#' taken from the journal when nothing has changed that its value depends on. That is the loop's expression, the
#' functions and objects that it uses, and the versions of R and of the packages that it names. It is also the
#' iteration's arguments, and the state of the random number generator when the loop begins. A message says how many
#' were reused and, of the others, what has changed.
#'
#' Because of the last point, make the script repeatable: with `seed`, or with `set.seed()` before its first loop.
#' Without either, a new R session begins with new random numbers, and nothing can be reused.
#'
#' @param redis address of the Redis server: `"host"`, `"host:port"` or `"redis://:password@host:port"`. The port is
#' 6379 if none is named.
#' @param password its password, if not part of the address; `NULL`: none.
#' @param journal folder for the driver's copy of finished iterations (made if it does not exist); see the section on
#'   resuming. `NULL`: a temporary folder, which ends with the session.
#' @param task_size how many iterations a worker takes at a time: `"auto"` (from measured times: about ten seconds'
#'   worth, less towards the end of the loop) or a number.
#' @param tries how often an iteration may end its R process (out of memory, a crash) before it is given up. The loop
#'   then has an error of class `"fleetLostError"` in its place, and goes on or not as its `.errorhandling` says. R
#'   errors do not count here.
#' @param seed `NULL`, or a whole number for `set.seed()` in this session, at once.
#' @param prefix begin of the names of all keys in Redis, normally `"ff:"`; the workers must use the same.
#' @param isolate `"worker"`: iterations run one after another in a worker's R, and what one has changed is put back
#'   before the next. `"iteration"`: each runs in a forked child of its own, which also leaves nothing behind of what R
#'   cannot see, like variables of compiled code. It costs 10 to 50 ms an iteration, and more where data are large.
#' @return The state of the back end (an environment), invisibly.
#' @seealso [startFleetWorkers()] and [fleetWorker()] for workers, [fleetLoops()] for what the loops did.
#' @examples
#' library(foreach)
#' # needs redis-server on this machine
#' if (interactive()) {
#'   startFleetWorkers(2)
#'   registerForeachFleet("localhost", journal = tempfile("journal"), seed = 1)
#'   print(foreach(i = 1:10, .combine = c) %dopar% mean(rnorm(i)))
#'   print(fleetLoops())
#'   stopFleetWorkers()
#' }
#' @export
registerForeachFleet <- function(redis = "localhost", password = NULL, journal = NULL, task_size = "auto", tries = 3L,
                                 seed = NULL, prefix = KEY_PREFIX, isolate = c("worker", "iteration")) {
  if (!is.null(.fleet$role)) return(say_kept("registerForeachFleet() is called"))
  isolate <- match.arg(isolate)
  address <- parse_redis(redis, password)
  .fleet$prefix <- prefix
  con <- new_connection(address$host, address$port, address$password)
  redis_send(con, list(list("PING")), give_up = 10)
  start_backend(con, journal = journal, task_size = task_size, tries = tries, seed = seed, durable = FALSE,
                isolate = isolate)
}

# durable: somebody backs the results up and removes them from Redis with us (the cloud). Otherwise a value leaves Redis
# once the driver has it.
start_backend <- function(con, journal, task_size = "auto", tries = 3L, seed = NULL, durable = FALSE, ledger = NULL,
                          on_error = "default", error_limits = NULL, isolate = "worker") {
  fleet <- new_record(
    con = con,
    run = paste0(Sys.getpid(), "-", format(now_seconds(), digits = 16)),
    session = NULL,
    journal = or_else(journal, tempfile("foreachfleet")),
    lasting = !is.null(journal), # a later session may read it
    restored_at_cut = NULL,
    ledger = ledger,
    durable = durable,
    task_size = task_size,
    tries = tries,
    isolate = isolate,
    on_error = on_error,
    error_limits = error_limits,
    on_stop = NULL, on_fail = NULL, # what the driver does then
    inputs = NULL,
    folder = NULL, # the job's
    data = list(), data_hashes = character(),
    key_suffix = "",
    loop = 0,        # number of the last loop
    current = NULL,  # the one that runs
    loops = list(),  # what the ended ones did
    past = NULL,     # their iterations: finished and failed
    workers = list(), looked_at = NULL,
    refuted = list(), replaced = list(),
    exported = NULL,
    definitions = NULL, # what was sent of the script's functions, methods and classes
    described_bytes = 0,
    old_ids = NULL,  # doRedis' loops of a driver before this one
    told_loops = list(), # what Redis was told of each
    emptied = FALSE, # Redis came back empty since results were last put back
    lease_seen = FALSE)
  if (!dir.exists(fleet$journal)) fleet$restored_at_cut <- con$cuts
  .fleet$driver <- fleet
  fleet$session <- session_name(durable, journal, fleet$run)
  fleet$old_ids <- if (durable) unlist(redis_call(con, "LRANGE", jobs_key(), "0", "-1"))
  begin_session(con, fleet$session, durable)
  fleet$exported <- read_exported(con)
  read_memory(con)
  if (!is.null(seed)) set.seed(seed)
  transport <- new_transport(con, list(results = function(key, timeout) pump(fleet),
                                       stored = function(key, value) on_stored(fleet, key, value),
                                       submitted = function(commands) check_first_tasks(fleet, commands)))
  globals <- install_transport(transport, con$host, as.integer(con$port))
  assign("queue", queue_key(), envir = globals)
  redis_call(con, "SET", queue_live_key(), "")
  setDoPar(fun = do_fleet, data = list(fleet = fleet), info = fleet_info)
  invisible(fleet)
}

# None where Redis does not answer soon
worker_names <- function(con) {
  tryCatch(redis_send(con, list(list("HKEYS", workers_key())), give_up = 5)[[1]], error = function(e) NULL)
}

# What getDoParWorkers() says. Scripts divide their work by it, so in a job it is a number that neither the canary nor
# another attempt changes: the most workers that the job may have.
count_offered <- function(fleet) {
  as.integer(or_else(fleet$inputs$workers, max(1L, length(worker_names(fleet$con)))))
}

fleet_info <- function(data, item) {
  switch(item,
         workers = count_offered(data$fleet),
         name = "doFleet",
         version = as.character(utils::packageVersion("foreachfleet")),
         NULL)
}

# doRedis' descriptions of loops of the driver before: tasks that workers run still need them when the driver begins
# again.
drop_old_environments <- function(fleet) {
  if (!length(fleet$old_ids)) return(invisible())
  redis_send(fleet$con, list(list("DEL", queue_environment_key(fleet$old_ids)),
                             list("LTRIM", jobs_key(), whole(length(fleet$old_ids)), "-1")))
  fleet$old_ids <- NULL
}

# doRedis stores the loop's description under its own id: the id is needed to submit more tasks of the same loop.
on_stored <- function(fleet, key, value) {
  start <- queue_environment_key("")
  if (!startsWith(key, start)) return(invisible())
  if (is.raw(value) && !redis_takes(fleet, fleet$current, length(value))) {
    stop(too_large_message(fleet$current, length(value), largest_in_redis(fleet$con)), call. = FALSE)
  }
  fleet$current$id <- substring(key, nchar(start) + 1L)
  if (is.raw(value) && length(value) < 64 * 2^20) fleet$current$description <- value
  redis_call(fleet$con, "RPUSH", jobs_key(), fleet$current$id)
}

#' Loops seen by the registered back end
#'
#' What the `%dopar%` loops of this session did, as far as they have ended.
#'
#' @return A data frame with one row per finished loop, in the order in which the script began them. `loop` is its
#'   number; `label` has its variables and, where it is known, the line of the script. `iterations` counts them:
#'   `reused` of them were taken from the journal, `failed` ended with an error. `warnings` says how many they gave, and
#'   `seconds` how long the loop took from its begin to its end. There are neither rows nor columns before the first
#'   loop has ended.
#' @seealso [registerForeachFleet()]
#' @examples
#' fleetLoops()
#' @export
fleetLoops <- function() {
  fleet <- .fleet$driver
  if (is.null(fleet) || !length(fleet$loops)) return(data.frame())
  do.call(rbind, lapply(fleet$loops, as.data.frame))
}
