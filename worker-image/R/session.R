# What a driver or worker process finds in its environment (bin/run-driver and bin/run-worker set it).

env_text <- function(name, default = "") {
  value <- Sys.getenv(name)
  if (nzchar(value)) value else default
}

start_session <- function(role) {
  work <- env_text("FF_WORK", tempdir())
  s <- list(role = role, pod = env_text("FF_POD", paste0(role, "-", Sys.getpid())), node = env_text("FF_NODE", Sys.info()[["nodename"]]),
            work = work, job_dir = file.path(work, "job"), state_dir = file.path(work, "tmp", "supervisor"), log = env_text("FF_LOG", ""))
  dir.create(s$job_dir, recursive = TRUE, showWarnings = FALSE)
  dir.create(s$state_dir, recursive = TRUE, showWarnings = FALSE)
  .fleet$role <- role
  .fleet$pod <- s$pod
  .fleet$node <- s$node
  .fleet$scratch <- file.path(work, "tmp", "files")
  .fleet$prefix <- env_text("FF_PREFIX", "ff:")
  if (nzchar(Sys.getenv("FF_JOB"))) .fleet$job <- Sys.getenv("FF_JOB")
  .fleet$attempt <- as.integer(env_text("FF_ATTEMPT", "1"))
  s$con <- new_connection(env_text("FF_REDIS_HOST", "127.0.0.1"), env_text("FF_REDIS_PORT", "6379"), env_text("FF_REDIS_PASSWORD"))
  set_redis_url(s$con)
  s
}

# For code of the user that opens its own connection, and for doRedis' own reconnection.
set_redis_url <- function(con) {
  password <- if (is.null(con$password)) "" else paste0(":", con$password, "@")
  Sys.setenv(REDIS_URL = paste0("redis://", password, con$host, ":", con$port))
}

#' @rdname runFleetDriver
#' @export
runFleetWorker <- function() {
  s <- start_session("worker")
  .Call(fleet_catch_termination, TRUE)
  w <- new_worker(s$con, s$pod, s$node, .fleet$attempt, s$state_dir)
  redis_send(s$con, list(report_state(w, "starting")), may_leave = TRUE)
  path <- Sys.getenv("FF_INPUTS")
  if (nzchar(path)) prepare_worker(w, s, read_inputs(path))
  emit("started", worker = s$pod, node = s$node)
  reason <- serve(w, fleet_key("queue"))
  writeLines(reason, file.path(s$state_dir, "reason"))
  emit("stopped", worker = s$pod, message = reason)
  quit(save = "no", status = 0L, runLast = FALSE)
}

prepare_worker <- function(w, s, inputs) {
  w$inputs <- inputs
  w$tries <- as.integer(or_else(inputs$tasks$tries, 3L))
  writeLines(as.character(or_else(inputs$tasks$maxTimeSeconds, "")), file.path(s$state_dir, "limit"))
  place_files(inputs, s$job_dir)
  setwd(s$job_dir)
  set_arguments(inputs)
  load_data(inputs, s$job_dir)
  w$folder <- watch_folder(s$job_dir)
}
