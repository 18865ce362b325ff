# Workers without the cloud.

#' Work for a registered backend in this R session
#'
#' Returns when the process is asked to terminate (SIGTERM) or interrupted. In the cloud, and for \code{startFleetWorkers()}, a supervisor runs
#' beside the worker and returns its task if R dies; a worker started by this function alone has none: its task is returned when its last
#' sign of life is ten seconds old.
#' @param redis,password,prefix as in \code{\link{registerForeachFleet}}
#' @param name of this worker, unique
#' @return the reason why the worker ended, invisibly
#' @export
fleetWorker <- function(redis = "localhost", password = NULL, prefix = "ff:", name = paste0(Sys.info()[["nodename"]], "-", Sys.getpid())) {
  address <- parse_redis(redis, password)
  .fleet$prefix <- prefix
  con <- new_connection(address$host, address$port, address$password)
  redis_send(con, list(list("PING")), give_up = 10)
  .Call(fleet_catch_termination, TRUE)
  on.exit(.Call(fleet_catch_termination, FALSE))
  w <- new_worker(con, name, Sys.info()[["nodename"]])
  reason <- serve(w, fleet_key("queue"))
  redis_send(con, list(list("LMOVE", w$held, fleet_key("queue"), "RIGHT", "LEFT"), list("HDEL", fleet_key("workers"), name)), give_up = 5)
  invisible(reason)
}

#' Start and stop workers on this machine
#'
#' The counterpart of \code{doRedis::startLocalWorkers()}: each worker has a supervisor that restarts R, returns the task of an R process that
#' died, and drains on SIGTERM. The workers end with this R session.
#' @param n number of workers
#' @param redis,password,prefix as in \code{\link{registerForeachFleet}}
#' @param log file for the workers' output
#' @return process ids of the supervisors, invisibly
#' @export
startFleetWorkers <- function(n, redis = "localhost", password = NULL, prefix = "ff:", log = "/dev/null") {
  script <- system.file("bin", "run-worker", package = "foreachfleet")
  if (!nzchar(script)) stop("the installed package has no bin/run-worker")
  address <- parse_redis(redis, password)
  start <- or_else(.fleet$started, 0L)
  pids <- vapply(seq_len(n), function(k) {
    name <- sprintf("%s-%d-%d", Sys.info()[["nodename"]], Sys.getpid(), start + k)
    work <- file.path(tempdir(), name)
    dir.create(work, showWarnings = FALSE)
    env <- c(FF_POD = name, FF_NODE = Sys.info()[["nodename"]], FF_REDIS_HOST = address$host, FF_REDIS_PORT = address$port,
             FF_REDIS_PASSWORD = or_else(address$password, ""), FF_WORK = work, FF_PREFIX = prefix, FF_GRACE_SECONDS = "10",
             FF_PARENT = Sys.getpid(), R_LIBS = paste(.libPaths(), collapse = ":"))
    command <- paste(paste0(names(env), "=", shQuote(env), collapse = " "), "exec", shQuote(script), ">>", shQuote(log), "2>&1 </dev/null & echo $!")
    as.integer(system(command, intern = TRUE))
  }, 1L)
  .fleet$started <- start + n
  .fleet$worker_pids <- c(.fleet$worker_pids, pids)
  invisible(pids)
}

#' @rdname startFleetWorkers
#' @param pids as returned by \code{startFleetWorkers()}; \code{NULL}: all that this session started
#' @export
stopFleetWorkers <- function(pids = NULL) {
  pids <- or_else(pids, .fleet$worker_pids)
  tools::pskill(pids, tools::SIGTERM)
  .fleet$worker_pids <- setdiff(.fleet$worker_pids, pids)
  invisible()
}
