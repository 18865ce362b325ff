# Running one failed iteration again, on the user's machine: what it needs travels in the error's report.

MAX_REPLAY_BYTES <- 256 * 2^10     # of one report, as text
REPLAY_BUDGET_BYTES <- 16 * 2^20   # of all reports of one R process: thousands of errors must not fill Redis

TASK_VERSION <- 2L                 # of what a report holds

# Base64 text, or NULL when it would be too large
replay_text <- function(worker, code, setup, item) {
  carried <- setup$carried
  apart <- any(vapply(setup$objects, function(object) !is.null(object$level), NA))
  if (worker$replay_bytes > REPLAY_BUDGET_BYTES || apart || !is.raw(carried$variables)) return(NULL)
  most <- 32 * MAX_REPLAY_BYTES
  if (length(carried$variables) + .Call(fleet_weight, item$args, list(), most) > most) return(NULL)
  carried$script <- worker$objects[[carried$definitions]]$value
  task <- list(version = TASK_VERSION, code = code, args = item$args, carried = carried, packages = setup$packages,
               settings = setup$settings, random = setup$random, loop = setup$loop, iteration = item$i)
  bytes <- tryCatch(serialize(task, NULL, version = 3L), error = function(e) NULL)
  if (is.null(bytes)) return(NULL)
  text <- compressed_text(bytes)
  if (nchar(text) > MAX_REPLAY_BYTES) return(NULL)
  worker$replay_bytes <- worker$replay_bytes + nchar(text)
  text
}

#' Run a failed iteration again
#'
#' Evaluates one iteration in this session as its worker did: the same code, arguments, exported objects, packages and
#' random numbers, in a fresh scope. In an interactive session an error opens [utils::recover()], which shows the frames
#' of the call that failed. The session's own random number generator is left as it was.
#'
#' `foreach-fleet replay JOB LOOP ITERATION` fetches report and data, loads them and starts an R session in which
#' `replay()` is all that you type.
#'
#' Without that command, mind that objects which workers had from the job's `.RData` files do not travel with the
#' report: `load()` these files first. The reports of iterations with more than 256 KiB of compressed code, arguments
#' and objects cannot be replayed. Nor can those after the first 16 MiB of such reports of one worker.
#'
#' A report is R data, and R data can hold code: replay only what comes from a job that you trust.
#'
#' @param report an error of the job: a list with its fields, its JSON text, or the name of a file of such lines
#'   (`attempt-*/errors/*.jsonl` in the results). `NULL`: the iteration that `foreach-fleet replay` has started this
#'   session for.
#' @param loop,iteration numbers that say which error, when `report` has several. `NULL`: any; of those that are left
#' the last is taken.
#' @param browse whether to open `recover()` at the error.
#' @return The iteration's value, if there is no error this time. Otherwise its error is raised, with the class and the
#' call that it had.
#' @seealso [readResults()]
#' @examples
#' # foreach-fleet results heritability --to so-far --all
#' if (dir.exists("so-far")) {
#'   replay("so-far/attempt-1/errors/000001.jsonl", loop = 1, iteration = 17)
#' }
#' @export
replay <- function(report = NULL, loop = NULL, iteration = NULL, browse = interactive()) {
  task <- replay_task(find_report(or_else(report, .fleet$replay), loop, iteration))
  begun <- begin_replay(task)
  on.exit(begun$restore())
  # names and form as on the worker, so that the error's call is the same
  xpr <- task$code
  envir <- list2env(task$args, parent = begun$env)
  withCallingHandlers(eval(xpr, envir = envir), error = function(e) if (browse) {
    cat("Error: ", conditionMessage(e), "\n", sep = "")
    utils::recover()
  })
}

# Packages, variables and random numbers as on the worker: the environment in which the iteration runs, and a function
# that puts back what the session had.
begin_replay <- function(task) {
  for (package in task$packages) suppressPackageStartupMessages(library(package, character.only = TRUE))
  kept <- new_installation()
  install_definitions(kept, task$carried$script)
  env <- put_scope(kept, task$carried, task$carried$variables)
  restore_random <- keep_random_state()
  restore_settings <- tell_settings(task$settings)
  use_stream(task$random, task$loop, task$iteration)
  list(env = env, restore = function() {
    restore_random()
    restore_settings()
    remove_scope(kept)
    remove_definitions(kept)
  })
}

find_report <- function(report, loop, iteration) {
  if (is.null(report)) stop("which iteration? Name an error's report", call. = FALSE)
  if (is.list(report)) return(report)
  is_path <- length(report) == 1L && !startsWith(report, "{") && file.exists(report)
  lines <- if (is_path) readLines(report, warn = FALSE, encoding = "UTF-8") else report
  reports <- lapply(lines[nzchar(lines)], jsonlite::fromJSON)
  wanted <- Filter(function(one) {
    is.null(one$refuted) && (is.null(loop) || one$loop == loop) && (is.null(iteration) || one$iteration == iteration)
  }, reports)
  if (!length(wanted)) stop("no error of this loop and iteration is in the report", call. = FALSE)
  wanted[[length(wanted)]]
}

replay_task <- function(report) {
  task <- if (length(report$replay)) unpack_text(report$replay) else described_task(report)
  if (!identical(task$version, TASK_VERSION)) {
    stop("this report was made by another version of foreachfleet", call. = FALSE)
  }
  task
}

# An iteration without a report of its own, from the description of its loop
described_task <- function(report) {
  if (!length(report$task)) {
    stop(no_replay("this error cannot be replayed: its arguments and objects were too large to keep"))
  }
  task <- unpack_text(report$task)
  id <- whole(report$iteration)
  if (!id %in% names(task$args)) {
    why <- paste("iteration %s cannot be replayed: the arguments of an iteration that did not fail are kept for the",
                 "first %d of a loop, if they are small")
    stop(no_replay(sprintf(why, id, DESCRIBED_ITERATIONS)))
  }
  task$args <- task$args[[id]]
  task$iteration <- as.integer(report$iteration)
  task
}

no_replay <- function(message) {
  structure(class = c("fleetNoReplay", "error", "condition"), list(message = message, call = NULL))
}

# Returns a function that puts the session's generator back.
keep_random_state <- function() {
  kinds <- RNGkind()
  state <- get0(".Random.seed", envir = globalenv(), inherits = FALSE)
  function() {
    suppressWarnings(RNGkind(kinds[1], kinds[2], kinds[3]))
    if (is.null(state)) rm(list = intersect(".Random.seed", ls(globalenv(), all.names = TRUE)), envir = globalenv())
    else assign(".Random.seed", state, envir = globalenv())
  }
}
