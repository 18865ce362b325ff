# What a driver or worker process finds in its environment (bin/run-driver and bin/run-worker set it).

env_text <- function(name, default = "") {
  value <- Sys.getenv(name)
  if (nzchar(value)) value else default
}

start_session <- function(role) {
  work <- env_text("FF_WORK", tempdir())
  session <- new_record(
    pod = env_text("FF_POD", paste0(role, "-", Sys.getpid())),
    node = env_text("FF_NODE", Sys.info()[["nodename"]]),
    con = NULL,
    work = work,
    job_dir = file.path(work, "job"),
    state_dir = file.path(work, "tmp", "supervisor"),
    log = env_text("FF_LOG", ""),
    inputs = NULL,
    before = NULL) # the job's files as they were when the script began
  dir.create(session$job_dir, recursive = TRUE, showWarnings = FALSE)
  dir.create(session$state_dir, recursive = TRUE, showWarnings = FALSE)
  .fleet$role <- role
  .fleet$pod <- session$pod
  .fleet$node <- session$node
  .fleet$scratch <- file.path(work, "tmp", "files")
  .fleet$prefix <- env_text("FF_PREFIX", KEY_PREFIX)
  if (nzchar(Sys.getenv("FF_JOB"))) .fleet$job <- Sys.getenv("FF_JOB")
  .fleet$attempt <- as.integer(env_text("FF_ATTEMPT", "1"))
  session$con <- new_connection(env_text("FF_REDIS_HOST", "127.0.0.1"), env_text("FF_REDIS_PORT", "6379"),
                                env_text("FF_REDIS_PASSWORD"))
  set_redis_url(session$con)
  .fleet$start_environment <- variables_of(.Call(fleet_environment))
  session
}

# For code of the user that opens its own connection, and for doRedis' own reconnection.
set_redis_url <- function(con) {
  password <- if (is.null(con$password)) "" else paste0(":", con$password, "@")
  Sys.setenv(REDIS_URL = paste0("redis://", password, con$host, ":", con$port))
}

#' @rdname runFleetDriver
#' @export
runFleetWorker <- function() {
  session <- start_session("worker")
  .Call(fleet_catch_termination, TRUE)
  worker <- new_worker(session$con, session$pod, session$node, .fleet$attempt, session$state_dir)
  redis_send(session$con, list(report_state(worker, "starting")), may_leave = TRUE)
  path <- Sys.getenv("FF_INPUTS")
  if (nzchar(path)) prepare_worker(worker, session, read_inputs(path))
  emit("started", worker = session$pod, node = session$node)
  reason <- serve(worker, queue_key())
  writeLines(reason, file.path(session$state_dir, "reason"))
  emit("stopped", worker = session$pod, message = reason)
  quit(save = "no", status = 0L, runLast = FALSE)
}

# Until the first tasks have shown that the job works, no more than these begin. Whoever comes first, driver or worker,
# closes the gate, so that no worker takes a task before there is one. Only the control plane opens it, and a gate that
# is open already stays so.
close_gate <- function(con, inputs) {
  tasks <- inputs$canary$tasks
  if (!is.null(tasks)) redis_send(con, list(list("SETNX", gate_key(), whole(tasks))), may_leave = TRUE)
}

prepare_worker <- function(worker, session, inputs) {
  worker$inputs <- inputs
  close_gate(session$con, inputs)
  writeLines(as.character(or_else(inputs$tasks$maxTimeSeconds, "")), file.path(session$state_dir, "limit"))
  place_files(inputs, session$job_dir)
  setwd(session$job_dir)
  set_arguments(inputs)
  load_data(inputs, session$job_dir)
  worker$folder <- watch_folder(session$job_dir)
}
