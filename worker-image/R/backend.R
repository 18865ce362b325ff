# The %dopar% backend: one call of do_fleet() is one loop of the script.

#' Register the safe and resumable doRedis backend
#'
#' After this call, \code{foreach(...) \%dopar\% ...} sends its iterations to the workers that listen on the given Redis server. doRedis moves the
#' tasks; results are journalled by the workers and combined from the journal.
#'
#' @param redis address of the Redis server: "host", "host:port" or "redis://:password@host:port"
#' @param password its password, if not part of the address
#' @param journal folder for the driver's copy of finished iterations. With a folder that outlives the session, a script that was interrupted
#'   resumes: iterations whose code, data and arguments are unchanged are not run again. \code{NULL}: a temporary folder.
#' @param task_size iterations a worker takes at a time: "auto" (from measured times) or a number
#' @param tries how often an iteration may end its R process before it is given up
#' @param seed \code{NULL}, or a number: set.seed(seed) before the first loop
#' @param prefix of all keys in Redis; workers must use the same
#' @return the backend's state, invisibly
#' @export
registerForeachFleet <- function(redis = "localhost", password = NULL, journal = NULL, task_size = "auto", tries = 3L, seed = NULL, prefix = "ff:") {
  address <- parse_redis(redis, password)
  .fleet$prefix <- prefix
  con <- new_connection(address$host, address$port, address$password)
  redis_send(con, list(list("PING")), give_up = 10)
  start_backend(con, journal = or_else(journal, tempfile("foreachfleet")), task_size = task_size, tries = tries, seed = seed, durable = FALSE)
}

# durable: somebody backs the results up and removes them from Redis with us (the cloud). Otherwise a value leaves Redis once the driver has it.
start_backend <- function(con, journal, task_size = "auto", tries = 3L, seed = NULL, durable = FALSE, ledger = NULL, on_error = "default", error_limits = NULL) {
  f <- new.env(parent = emptyenv())
  f$con <- con
  f$queue <- fleet_key("queue")
  f$run <- paste0(Sys.getpid(), "-", format(now_seconds(), digits = 16))
  f$journal <- journal
  f$task_size <- task_size
  f$tries <- tries
  f$durable <- durable
  f$ledger <- ledger
  f$on_error <- on_error
  f$error_limits <- error_limits
  f$refuted <- list()
  f$replaced <- list()
  f$loop <- 0
  f$current <- NULL
  f$loops <- list()
  f$workers <- list()
  f$key_suffix <- ""
  f$inputs <- NULL
  f$data <- list()
  f$data_hashes <- character()
  .fleet$driver <- f
  f$exported <- read_exported(con)
  read_memory(con)
  if (!is.null(seed)) set.seed(seed)
  forget_old_run(f)
  transport <- new_transport(con, list(results = function(key, timeout) pump(f), stored = function(key, value) on_stored(f, key, value),
                                       submitted = function(commands) check_first_tasks(f, commands)))
  f$transport <- transport
  globals <- install_transport(transport, con$host, as.integer(con$port))
  assign("queue", f$queue, envir = globals)
  redis_call(con, "SET", paste0(f$queue, ".live"), "")
  setDoPar(fun = do_fleet, data = list(fleet = f), info = fleet_info)
  invisible(f)
}

fleet_info <- function(data, item) {
  switch(item,
         workers = max(1L, length(tryCatch(redis_send(data$fleet$con, list(list("HKEYS", fleet_key("workers"))), give_up = 5)[[1]], error = function(e) NULL))),
         name = "doFleet",
         version = as.character(utils::packageVersion("foreachfleet")),
         NULL)
}

# A driver that died left tasks in the queue and loop descriptions of doRedis. Tasks that workers run go on: they write to the same journal.
forget_old_run <- function(f) {
  ids <- unlist(redis_call(f$con, "LRANGE", fleet_key("jobs"), "0", "-1"))
  keys <- c(f$queue, paste0(f$queue, ".out.", ids))
  redis_send(f$con, list(list("DEL", keys)))
  f$old_ids <- ids
}

drop_old_environments <- function(f) {
  if (!length(f$old_ids)) return(invisible())
  redis_send(f$con, list(list("DEL", paste0(f$queue, ".env.", f$old_ids)), list("LTRIM", fleet_key("jobs"), whole(length(f$old_ids)), "-1")))
  f$old_ids <- NULL
}

# doRedis stores the loop's description under its own id: the id is needed to submit more tasks of the same loop.
on_stored <- function(f, key, value) {
  start <- paste0(f$queue, ".env.")
  if (!startsWith(key, start)) return(invisible())
  if (is.raw(value) && !redis_takes(f, f$current, length(value))) {
    stop(too_large_message(f$current, length(value), largest_in_redis(f$con)), call. = FALSE)
  }
  f$current$id <- substring(key, nchar(start) + 1L)
  if (is.raw(value) && length(value) < 64 * 2^20) f$current$description <- value
  redis_call(f$con, "RPUSH", fleet_key("jobs"), f$current$id)
}

too_large_message <- function(L, bytes, largest = MAX_VALUE_BYTES) {
  # object.size() does not look into environments; a serialization does
  sizes <- sort(vapply(L$exports[setdiff(names(L$exports), names(L$objects))], function(x) as.numeric(length(serialize(x, NULL))), 0), decreasing = TRUE)
  shown <- utils::head(sizes, 3L)
  sprintf(paste("this loop would send %s to every worker; at most %s is possible. Largest objects: %s.",
                "Put large data into a file of the job (data: in job.yaml) so that each worker loads it once, or keep unused objects away with .noexport."),
          file_size_text(bytes), file_size_text(largest),
          paste(sprintf("%s (%s)", names(shown), vapply(shown, file_size_text, "")), collapse = ", "))
}

# The function that foreach calls.
do_fleet <- function(obj, expr, envir, data) {
  if (!inherits(obj, "foreach")) stop("obj must be a foreach object")
  f <- data$fleet
  # a loop inside .combine or inside an iterator of the running loop: the workers' answers belong to the outer one
  if (!is.null(f$current)) return(get("doSEQ", envir = asNamespace("foreach"))(obj, expr, envir, NULL))
  check_stop(f)
  f$loop <- f$loop + 1
  number <- f$loop
  it <- iter(obj)
  L <- new_loop(f, number, it, obj, expr, envir)
  f$current <- L
  on.exit(end_loop(f, L))
  begin_loop(f, L)
  prepare_description(f, L, obj, expr, envir)
  while (is.null(L$stop_error) && !is_complete(L)) {
    if (!has_work(f, L)) await_left_running(f, L)
    if (L$pending > 0L) run_loop(f, L, obj, expr, envir) else finish_reused(f, L)
  }
  if (!is.null(L$stop_error)) stop(L$stop_error)
  finish_combining(L)
  error <- getErrorValue(it)
  if (identical(obj$errorHandling, "stop") && !is.null(error)) stop(loop_error(error, getErrorIndex(it), expr))
  getResult(it)
}

# doRedis publishes the loop's description and the first tasks; its wait for results is pump(), which ends it by a signal.
run_loop <- function(f, L, obj, expr, envir) {
  set_objects_apart(f, L)
  setup <- list(loop = L$number, run = L$run, queue = f$queue, random = L$random, packages = obj$packages, versions = L$versions, backed_up = f$durable,
                objects = L$objects)
  stub <- function(code, setup, batch, env) run_batch(code, setup, batch, env)
  environment(stub) <- asNamespace("foreachfleet")
  attributes(stub) <- NULL
  body <- as.call(list(stub, call("quote", expr), setup, as.name("fleet_batch"), quote(environment())))
  source <- structure(list(fleet = f, loop = L, argnames = c("fleet_batch", obj$argnames), noexport = L$noexport, packages = obj$packages,
                           export = L$extra_exports, verbose = isTRUE(obj$verbose), errorHandling = "pass", options = list()),
                      class = c("fleetsource", "foreach"))
  submit <- get(".doRedis", envir = asNamespace("doRedis"))
  # a script may set bare doRedis up for a laptop (setChunkSize(), setProgress()): tasks are grouped and counted by us
  globals <- get(".doRedisGlobals", envir = asNamespace("doRedis"))
  assign("chunkSize", 1, envir = globals)
  assign("progress", FALSE, envir = globals)
  tryCatch(withCallingHandlers(submit(source, body, envir, list(queue = f$queue)),
                               warning = function(w) if (grepl("already exporting", conditionMessage(w))) tryInvokeRestart("muffleWarning")),
           fleet_loop_done = function(c) NULL)
}

#' Loops seen by the registered backend
#'
#' @return a data frame: loop, label, iterations, reused, failed, seconds
#' @export
fleetLoops <- function() {
  f <- .fleet$driver
  if (is.null(f) || !length(f$loops)) return(data.frame())
  do.call(rbind, lapply(f$loops, as.data.frame))
}

# --- the "foreach object" that doRedis sees: its elements are batches of iterations -------------------------------------------------------------

#' @export
iter.fleetsource <- function(obj, ...) {
  class(obj) <- c("fleetsource", "iter")
  obj
}

#' @export
nextElem.fleetsource <- function(obj, ...) {
  # doRedis submits the first tasks; the event loop submits the rest as workers take them
  more <- obj$loop$tasks < queue_depth(count_workers(obj$fleet), NA) && first_tasks_fit(obj$fleet, obj$loop)
  batch <- if (more) next_batch(obj$fleet, obj$loop)
  if (is.null(batch)) stop("StopIteration", call. = FALSE)
  list(fleet_batch = batch)
}

#' @export
accumulate.fleetsource <- function(obj, result, tag, ...) FALSE

#' @export
getResult.fleetsource <- function(obj, ...) NULL

#' @export
getErrorValue.fleetsource <- function(obj, ...) NULL

#' @export
getErrorIndex.fleetsource <- function(obj, ...) -1L
