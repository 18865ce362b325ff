# A worker: doRedis' redisWorker() takes tasks; what it evaluates is run_batch(), which runs and journals iterations.

FLUSH_SECONDS <- 0.1
FLUSH_BYTES <- 2^20
WAIT_SECONDS <- 2 # for a task, before what the control plane asks for is looked at again

new_worker <- function(con, pod, node, attempt = 1L, state_dir = NULL) {
  replaced <- as.integer(env_text("FF_REPLACED", "0"))
  worker <- new_record(
    con = con,
    pod = pod,
    id = if (replaced > 0L) paste0(pod, "#", replaced) else pod, # one R process and its successors are told apart
    replaced = replaced,
    node = node,
    attempt = attempt,
    state_dir = state_dir,
    parents = NULL,          # in a child that takes tasks: what its parent has loaded,
    asked_to_load = character(), # and what it was asked for (isolation.R),
    prepares = NULL,         # for which iteration, and
    loads_as = NULL,         # the process in whose name it goes on loading
    large = nzchar(Sys.getenv("FF_LARGE")), # it has a machine's memory to itself
    inputs = NULL,
    session = NULL,          # of the task at hand
    folder = NULL,           # the job's folder, as this worker found it
    objects = list(),        # exported objects by digest, and
    installation = new_installation(), # of the loop's variables (install.R)
    home = NULL, home_folder = NULL, # R's state before any loop,
    settings_of = NULL,      # whose settings it has now,
    inner_options = list(),  # those of them that only iterations have (engine-options.R),
    attached = NULL,         # the packages that were asked for, and the search path that they gave,
    package_state = new_package_state(), # what the script has changed inside packages,
    dirty = NULL,            # and why it cannot be put back
    references = list(),     # variables that may be changed by reference (references.R)
    lease_seen = FALSE,
    held = held_key(pod),
    ticket = NULL,           # how the task was taken, as may_take() says
    ahead = NULL,            # a task of another loop, taken already
    aside = FALSE,           # the rest of the task is to be put aside
    buffer = list(), buffered_bytes = 0, flushed_at = 0, # results not yet journalled
    checked_at = 0,
    replay_bytes = 0)
  if (!is.null(state_dir)) {
    .Call(fleet_mark_open, file.path(state_dir, "current"))
    .Call(fleet_output_keep, file.path(state_dir, "output"))
  }
  worker
}

leave <- function(reason) {
  signalCondition(structure(class = c("fleet_leave", "condition"), list(message = reason, call = NULL)))
  stop("nothing handles the end of the worker: ", reason)
}

# Where this worker's tasks come from, and go back to
own_queue <- function(worker) if (worker$large) queue_large_key() else queue_key()

# Stands in for BLPOP: waits for a task and moves it into this worker's own list, from where anybody can return it.
take_task <- function(worker, queue) {
  queue <- queue[1]
  if (!is.null(ahead <- worker$ahead)) { # next_of_loop() has moved it into our list
    worker$ahead <- NULL
    if (prepare_task(worker, ahead)) return(list(queue, ahead))
  }
  begin_wait(worker)
  repeat {
    if (.Call(fleet_termination)) leave("asked to stop")
    ticket <- worker$ticket <- may_take(worker)
    if (is.null(worker$state_dir) && must_be_replaced(worker)) leave("its iterations succeed on other workers")
    if (isFALSE(ticket)) {
      Sys.sleep(0.5)
      next
    }
    move <- if (is.na(ticket)) move_here(worker, WAIT_SECONDS) else move_here(worker)
    reply <- redis_send(worker$con, list(move), raw = TRUE, may_leave = TRUE, on_cut = function() TRUE)
    if (is.null(reply)) {
      return_task(worker) # the answer was lost on the way: the task may already be in our list
    } else if (is.raw(reply[[1]])) {
      if (prepare_task(worker, reply[[1]])) return(list(queue, reply[[1]]))
      begin_wait(worker)
    } else if (!is.na(ticket)) {
      redis_call(worker$con, "DECR", gated_key())
      Sys.sleep(0.3)
    }
  }
}

# What was taken before has been dealt with.
begin_wait <- function(worker) {
  redis_send(worker$con, list(list("DEL", worker$held), report_state(worker, "idle")))
  .Call(fleet_unmark)
}

# The command that moves a task from the queue into this worker's own list; with seconds: waits for one so long.
move_here <- function(worker, seconds = NULL) {
  c(list(if (is.null(seconds)) "LMOVE" else "BLMOVE", own_queue(worker), worker$held, "LEFT", "RIGHT"), whole(seconds))
}

return_task <- function(worker) redis_call(worker$con, "LMOVE", worker$held, own_queue(worker), "RIGHT", "LEFT")

# A supervisor replaces R by itself; a worker without one can only leave.
must_be_replaced <- function(worker) {
  length(redis_call(worker$con, "HGET", replace_key(), worker$pod)) > 0L &&
    redis_call(worker$con, "HDEL", replace_key(), worker$pod) > 0
}

# A second opinion on what failed here: for another worker, if there is one, the task goes back to the queue.
decline <- function(worker, batch) {
  if (!worker$pod %in% batch$avoid || worker$large) return(FALSE)
  if (!length(setdiff(ready_workers(worker), worker$pod))) return(FALSE)
  give_back(worker, isTRUE(batch$urgent))
  TRUE
}

ready_workers <- function(worker) {
  all <- as_fields(redis_call(worker$con, "HGETALL", workers_key()))
  names(all)[vapply(all, function(json) !is_in_state(read_entry(json), "starting"), NA)]
}

# The task at hand goes to whoever takes it first; urgent: before all others
give_back <- function(worker, urgent) {
  redis_call(worker$con, "LMOVE", worker$held, own_queue(worker), "RIGHT", if (urgent) "LEFT" else "RIGHT")
  if (isTRUE(worker$ticket)) redis_call(worker$con, "DECR", gated_key())
  Sys.sleep(0.5)
}

# NA = take freely; TRUE = one of the gate's tasks; FALSE = not now. Leaves when the lease, once seen, is gone.
may_take <- function(worker) {
  state <- redis_send(worker$con, list(ask_control("stop"), list("EXISTS", lease_key()), list("GET", gate_key()),
                                       ask_control("pause")))
  if (identical(state[[2]], 1)) worker$lease_seen <- TRUE
  else if (worker$lease_seen) leave("lease lost")
  if (length(state[[1]]) && nzchar(state[[1]])) return(FALSE)
  if (length(state[[4]]) && nzchar(state[[4]])) return(FALSE)
  gate <- suppressWarnings(as.numeric(or_else(state[[3]], "")))
  if (is.na(gate)) return(NA)
  number <- redis_call(worker$con, "INCR", gated_key())
  if (number <= gate) return(TRUE)
  redis_call(worker$con, "DECR", gated_key())
  FALSE
}

LOST_DESCRIPTION <- "Redis lost the description of this loop"

# doRedis asks for a loop's description once, and would take nothing for a description: then every later task of the
# loop fails here as well. What it gets instead of nothing reports the loss to the driver, which has a copy, and makes
# doRedis ask again.
description_or_substitute <- function(key, value) {
  if (!is_environment_key(key)) return(value)
  if (is.raw(value)) return(load_description(value))
  expr <- bquote({
    assign(".jobID", "", envir = get(".doRedisGlobals", envir = asNamespace("doRedis")))
    stop(.(LOST_DESCRIPTION))
  })
  serialize(list(expr = expr, exportenv = new.env(parent = baseenv()), parentenv = NULL, packages = NULL), NULL)
}

# doRedis' own loop, without the thread that tells Redis all the time that a task is alive. Nobody asks for that, for
# our beats tell it; and the thread waits without an end for a Redis whose machine has vanished, with the worker behind
# it.
redis_worker <- function(...) {
  run <- doRedis::redisWorker
  nothing <- function(...) NULL
  environment(run) <- list2env(list(.setOK = nothing, .delOK = nothing), parent = asNamespace("doRedis"))
  run(...)
}

# Runs until asked to stop; returns the reason.
serve <- function(worker, queue) {
  .fleet$worker <- worker
  .fleet$role <- "worker"
  # a loop inside a task runs in this process; bare doRedis workers have the same two packages attached
  for (package in c("iterators", "foreach")) suppressPackageStartupMessages(library(package, character.only = TRUE))
  registerDoSEQ()
  end_noting()
  start_watching()
  transport <- new_transport(worker$con, list(take = function(key, timeout) take_task(worker, key),
                                              asked = function(key) tell_busy_loading(worker, key),
                                              got = description_or_substitute))
  install_transport(transport, worker$con$host, as.integer(worker$con$port))
  worker$home <- take_state()
  worker$home$registries$doRedis <- NULL # which has the running loop
  worker$home_folder <- getwd()
  .fleet$watch$baselines <- list(worker$home)
  .fleet$watch$package_state <- worker$package_state
  on.exit({
    restore_state(worker$home)
    stop_watching()
  })
  run_in_children(worker, function() tryCatch({
    redis_worker(queue, host = worker$con$host, port = as.integer(worker$con$port), connected = TRUE,
                 password = worker$con$password, linger = 2, log = stderr())
    "the queue is gone"
  }, fleet_leave = function(c) conditionMessage(c)))
}

# What doRedis evaluates for one task. code: the user's expression; setup: the loop's constants; batch: the iterations.
#
# doRedis asks Redis a dozen times for a task. So the tasks of this loop that wait already are run here, one after
# another, before doRedis gets its turn again.
run_batch <- function(code, setup, batch, env) {
  worker <- .fleet$worker
  if (is.null(worker)) stop("this task needs a worker started by foreachfleet")
  force(batch)
  # a result that keeps its environment (a formula, a function) must not carry its neighbours in the task along
  rm("fleet_batch", envir = env)
  check_versions(setup$versions)
  apply_settings(worker, setup)
  run_iterations(code, setup, batch, env, worker)
  while (!is.null(task <- next_of_loop(worker, setup))) {
    tryCatch(run_iterations(code, setup, batch_of(task), env, worker),
             error = function(e) report_task_error(worker, task, e))
  }
  NULL # doRedis carries no value: the journal does
}

batch_of <- function(task) task$argsList[[1]]$fleet_batch

NEXT_TASK_SECONDS <- 1

# The next task, if it is of the same loop; one of another loop is kept for take_task(). NULL also when anything else is
# to be looked at first.
next_of_loop <- function(worker, setup) {
  .Call(fleet_unmark)
  if (.Call(fleet_termination) || !identical(worker$ticket, NA)) return(NULL)
  asked <- list(ask_control("stop"), ask_control("pause"), list("GET", gate_key()),
                list("HGET", aborted_key(), setup$run), list("HGET", replace_key(), worker$pod),
                list("EXISTS", lease_key()), list("DEL", worker$held), move_here(worker))
  # a move must not be repeated after a cut: what it moved may be in our list
  replies <- redis_send(worker$con, asked, raw = TRUE, on_cut = function() TRUE)
  if (is.null(replies) || any(lengths(replies[1:5]) > 0L) || (worker$lease_seen && !identical(replies[[6]], 1))) {
    return_task(worker)
    return(NULL)
  }
  taken <- replies[[8]]
  if (is.null(taken)) {
    redis_send(worker$con, list(report_state(worker, "idle")))
    reply <- redis_send(worker$con, list(move_here(worker, NEXT_TASK_SECONDS)), raw = TRUE,
                        may_leave = TRUE, on_cut = function() TRUE)
    if (is.null(reply)) return_task(worker)
    taken <- reply[[1]]
  }
  if (!is.raw(taken)) return(NULL)
  task <- tryCatch(unserialize(taken), error = function(e) NULL)
  if (identical(batch_of(task)$run, setup$run)) return(task)
  worker$ahead <- taken
  NULL
}

# As doRedis reports the error of a task
report_task_error <- function(worker, task, error) {
  result <- stats::setNames(list(error), names(task$argsList)[1])
  redis_call(worker$con, "LPUSH", queue_out_key(task$ID), serialize(result, NULL))
}
