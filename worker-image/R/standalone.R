# Workers without the cloud.

#' Work for a registered back end in this R session
#'
#' Turns this R session into a worker: it takes iterations of [registerForeachFleet()]'s loops from Redis, one task
#' after the other. Returns when the process is asked to terminate (SIGTERM) or interrupted. A worker may be started
#' before or after the script, also on another machine that can reach the Redis server.
#'
#' Workers of [startFleetWorkers()] have a supervisor that returns their task at once if R dies. A worker started by
#' this function alone has none: its task is returned when its last sign of life is ten seconds old. Tasks longer than
#' that need the supervisor. For want of one, deaths of this R count as no tries either, and their reports have no last
#' output. Who is dead cannot be told from who computes for long, and an iteration that ends R ends one such worker each
#' time.
#'
#' @param redis,password,prefix as in [registerForeachFleet()].
#' @param name of this worker, unique among the workers of one Redis server.
#' @return The reason why the worker ended (a text), invisibly.
#' @seealso [startFleetWorkers()]
#' @examples
#' # needs redis-server on this machine, and holds the session until it is interrupted
#' if (interactive()) {
#'   fleetWorker("localhost")
#' }
#' @export
fleetWorker <- function(redis = "localhost", password = NULL, prefix = KEY_PREFIX,
                        name = paste0(Sys.info()[["nodename"]], "-", Sys.getpid())) {
  address <- parse_redis(redis, password)
  .fleet$prefix <- prefix
  con <- new_connection(address$host, address$port, address$password)
  redis_send(con, list(list("PING")), give_up = 10)
  .Call(fleet_catch_termination, TRUE)
  arguments <- commandArgs()
  on.exit({
    .Call(fleet_set_arguments, arguments) # loops have set their scripts'
    .Call(fleet_catch_termination, FALSE)
    .fleet$role <- NULL
  })
  worker <- new_worker(con, name, Sys.info()[["nodename"]])
  reason <- serve(worker, queue_key())
  redis_send(con, list(list("LMOVE", worker$held, queue_key(), "RIGHT", "LEFT"), list("HDEL", workers_key(), name)),
             give_up = 5)
  invisible(reason)
}

#' Start and stop workers on this machine
#'
#' The counterpart of `doRedis::startLocalWorkers()`. Each worker has a supervisor that restarts R, returns the task of
#' an R process that died, and drains on SIGTERM. Then the worker finishes or returns its task and takes no more. The
#' workers end with this R session. Needs `bash`.
#'
#' @param n number of workers.
#' @param redis,password,prefix as in [registerForeachFleet()].
#' @param log file that the workers' output is appended to: what tasks print, each line with its loop and iteration.
#' @return `startFleetWorkers()`: the process ids of the supervisors (an integer vector of length `n`), invisibly.
#'   `stopFleetWorkers()`: `NULL`, invisibly; it does not wait for the workers' end.
#' @seealso [registerForeachFleet()], which has an example; [fleetWorker()] for a worker in an R session of your own.
#' @examples
#' # needs redis-server on this machine
#' if (interactive()) {
#'   pids <- startFleetWorkers(2, log = tempfile("workers", fileext = ".log"))
#'   stopFleetWorkers(pids)
#' }
#' @export
startFleetWorkers <- function(n, redis = "localhost", password = NULL, prefix = KEY_PREFIX, log = "/dev/null") {
  if (!is.null(.fleet$role)) return(say_kept("startFleetWorkers() is called"))
  script <- system.file("bin", "run-worker", package = "foreachfleet")
  if (!nzchar(script)) stop("the installed package has no bin/run-worker")
  address <- parse_redis(redis, password)
  start <- or_else(.fleet$started, 0L)
  pids <- vapply(seq_len(n), function(k) {
    name <- sprintf("%s-%d-%d", Sys.info()[["nodename"]], Sys.getpid(), start + k)
    work <- file.path(tempdir(), name)
    dir.create(work, showWarnings = FALSE)
    env <- c(FF_POD = name, FF_NODE = Sys.info()[["nodename"]],
             FF_REDIS_HOST = address$host, FF_REDIS_PORT = address$port,
             FF_REDIS_PASSWORD = or_else(address$password, ""),
             FF_WORK = work, FF_PREFIX = prefix, FF_GRACE_SECONDS = "10",
             FF_PARENT = Sys.getpid(), R_LIBS = paste(.libPaths(), collapse = ":"))
    settings <- paste0(names(env), "=", shQuote(env), collapse = " ")
    command <- paste(settings, "exec", shQuote(script), ">>", shQuote(log), "2>&1 </dev/null & echo $!")
    as.integer(system(command, intern = TRUE))
  }, 1L)
  .fleet$started <- start + n
  .fleet$worker_pids <- c(.fleet$worker_pids, pids)
  invisible(pids)
}

#' @rdname startFleetWorkers
#' @param pids as returned by `startFleetWorkers()`; `NULL`: all that this session started.
#' @export
stopFleetWorkers <- function(pids = NULL) {
  pids <- or_else(pids, .fleet$worker_pids)
  tools::pskill(pids, tools::SIGTERM)
  .fleet$worker_pids <- setdiff(.fleet$worker_pids, pids)
  invisible()
}
