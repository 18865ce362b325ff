# What %dopar% does: one call of do_fleet() is one loop of the script. doRedis gets a "foreach object" of ours, whose
# elements are batches of iterations.

# An interrupt of R's own, as Ctrl-C makes it: R looks for it while it sleeps.
interrupt <- function() {
  tools::pskill(Sys.getpid(), tools::SIGINT)
  repeat Sys.sleep(1)
}

# The function that foreach calls.
do_fleet <- function(obj, expr, envir, data) {
  if (!inherits(obj, "foreach")) stop("obj must be a foreach object")
  fleet <- data$fleet
  # a loop inside .combine or inside an iterator of the running loop: the workers' answers belong to the outer one
  if (!is.null(fleet$current)) return(get("doSEQ", envir = asNamespace("foreach"))(obj, expr, envir, NULL))
  check_stop(fleet)
  it <- iter(obj)
  loop <- run_to_end(fleet, it, obj, expr, envir)
  relay_warnings(loop)
  if (!is.null(loop$stop_error)) stop(loop$stop_error)
  error <- getErrorValue(it)
  if (identical(obj$errorHandling, "stop") && !is.null(error)) stop(loop_error(error, getErrorIndex(it), expr))
  getResult(it)
}

# All results are in the iterator's hands then, or the loop has a stop_error.
run_to_end <- function(fleet, it, obj, expr, envir) {
  fleet$loop <- fleet$loop + 1
  number <- fleet$loop
  settings <- script_settings(fleet)
  end_options <- begin_engine_options()
  on.exit(end_options())
  loop <- new_loop(fleet, number, it, obj, expr, envir, settings)
  fleet$current <- loop
  on.exit(end_loop(fleet, loop), add = TRUE, after = FALSE)
  begin_loop(fleet, loop)
  prepare_description(fleet, loop, obj, expr)
  while (is.null(loop$stop_error) && !is_complete(loop$window)) {
    if (!has_work(fleet, loop)) await_left_running(fleet, loop)
    if (loop$window$pending > 0L) run_loop(fleet, loop, obj, expr, envir) else finish_reused(fleet, loop)
    if (loop$interrupted) interrupt()
  }
  if (is.null(loop$stop_error)) finish_combining(loop)
  loop
}

# doRedis publishes the loop's description and the first tasks; its wait for results is pump(), which ends it by a
# signal.
run_loop <- function(fleet, loop, obj, expr, envir) {
  carried <- carried_setup(fleet, loop)
  setup <- list(loop = loop$number, run = loop$run, isolate = fleet$isolate, random = loop$random,
                packages = obj$packages, versions = loop$versions, settings = loop$settings, backed_up = fleet$durable,
                carried = carried, objects = told_objects(loop), go_on = warnings_wait(loop$settings))
  stub <- function(code, setup, batch, env) run_batch(code, setup, batch, env)
  environment(stub) <- asNamespace("foreachfleet")
  attributes(stub) <- NULL
  body <- as.call(list(stub, call("quote", expr), setup, as.name("fleet_batch"), quote(environment())))
  if (isTRUE(obj$verbose)) cat("variables sent to workers:\n ", paste(unlist(loop$carried$used), collapse = ", "), "\n")
  # doRedis' own hooks are the only variables that it is to find and send
  hooks <- new.env(parent = if (is.null(carried$package)) globalenv() else asNamespace(carried$package))
  for (name in intersect(obj$export, c("worker.init", "set.seed.worker"))) assign(name, get(name, envir), envir = hooks)
  source <- structure(list(fleet = fleet, loop = loop, argnames = c("fleet_batch", obj$argnames),
                           noexport = all.names(body), packages = obj$packages, export = ls(hooks),
                           verbose = isTRUE(obj$verbose), errorHandling = "pass", options = list()),
                      class = c("fleetsource", "foreach"))
  submit <- get(".doRedis", envir = asNamespace("doRedis"))
  # a script may set bare doRedis up for a laptop (setChunkSize(), setProgress()): tasks are grouped and counted by us
  globals <- get(".doRedisGlobals", envir = asNamespace("doRedis"))
  assign("chunkSize", 1, envir = globals)
  assign("progress", FALSE, envir = globals)
  tryCatch(withCallingHandlers(submit(source, body, hooks, list(queue = queue_key())),
                               warning = function(w) {
                                 if (grepl("already exporting", conditionMessage(w))) tryInvokeRestart("muffleWarning")
                               }),
           fleet_loop_done = function(c) NULL)
}

# --- the "foreach object" that doRedis sees: its elements are batches of iterations

#' @noRd
#' @export
iter.fleetsource <- function(obj, ...) {
  class(obj) <- c("fleetsource", "iter")
  obj
}

#' @noRd
#' @export
nextElem.fleetsource <- function(obj, ...) {
  # doRedis submits the first tasks; the event loop submits the rest as workers take them
  more <- obj$loop$window$tasks < queue_depth(count_workers(obj$fleet), NA) && first_tasks_fit(obj$fleet, obj$loop)
  batch <- if (more) next_batch(obj$fleet, obj$loop)
  if (is.null(batch)) stop("StopIteration", call. = FALSE)
  list(fleet_batch = batch)
}

#' @noRd
#' @export
accumulate.fleetsource <- function(obj, result, tag, ...) FALSE

#' @noRd
#' @export
getResult.fleetsource <- function(obj, ...) NULL

#' @noRd
#' @export
getErrorValue.fleetsource <- function(obj, ...) NULL

#' @noRd
#' @export
getErrorIndex.fleetsource <- function(obj, ...) -1L
