# The driver: runs the user's script unchanged, with the backend registered, and brings its files home.

#' Entry points of the container image
#'
#' Called by `bin/run-driver` and `bin/run-worker`, the supervisors of the container image; not for use in scripts. They
#' read their setting from environment variables that begin with `FF_`. The driver fetches the job's files, registers
#' the back end, runs the script and saves the files that it wrote. The worker fetches and loads the job's data and
#' works until it is asked to stop.
#'
#' @return They do not return: R ends. The driver's status is 0 (succeeded), 1 (the script failed), 3 (stopped) or 4 (to
#'   be started again); the worker's is 0.
#' @seealso [registerForeachFleet()] and [fleetWorker()] for use without the image.
#' @keywords internal
#' @export
runFleetDriver <- function() {
  session <- start_session("driver")
  session$inputs <- read_inputs(Sys.getenv("FF_INPUTS"))
  inputs <- session$inputs
  now <- time_text(now_seconds())
  tell_driver(session$con, state = "starting", startedAt = now, beatAt = now, message = "", reason = "",
              script = inputs$script$name)
  emit("started", node = session$node, script = inputs$script$name)
  script <- file.path(session$job_dir, check_name(inputs$script$name))
  files <- list_job_files(inputs)
  clean_directory(files$name, session$job_dir)
  session$before <- list_files(file.path(session$job_dir, "none"))
  download_to(function() read_again(inputs)$script$url, script)
  setwd(session$job_dir) # R cuts long paths in the messages of its parser
  program <- tryCatch(parse(inputs$script$name, keep.source = TRUE, encoding = "UTF-8"), error = function(e) {
    finish(session, "failed", paste("syntax error in the script:", conditionMessage(e)), 1L)
  })
  place_files(inputs, session$job_dir, files)
  loaded <- load_data(inputs, session$job_dir)
  journal <- journal_dir(session)
  seed <- choose_seed(session, inputs, load_ledger(session, inputs, journal))
  fleet <- start_backend(session$con, journal = journal, task_size = or_else(inputs$tasks$size, "auto"),
                     tries = as.integer(or_else(inputs$tasks$tries, 3L)), seed = seed$seed,
                     durable = TRUE, ledger = seed$ledger,
                     on_error = or_else(inputs$tasks$onError, "default"), error_limits = inputs$errorLimits,
                     isolate = or_else(inputs$tasks$isolate, "worker"))
  fleet$key_suffix <- paste0("~", seed$seed)
  fleet$data <- loaded$data
  fleet$data_hashes <- loaded$hashes
  fleet$inputs <- inputs
  fleet$folder <- getwd()
  fleet$on_stop <- function(fleet, loop, reason) stop_job(session, fleet, loop, reason)
  fleet$on_fail <- function(fleet, loop, reason) fail_job(session, fleet, loop, reason)
  keep_registered()
  session$before <- list_files(session$job_dir)
  saveRDS(session$before, file.path(session$state_dir, "before.rds"))
  close_gate(session$con, inputs)
  tell_driver(session$con, state = "running")
  set_arguments(inputs)
  rm(loaded)
  run_script(session, program, inputs$script$name)
  save_and_finish(session)
}

journal_dir <- function(session) file.path(session$work, "tmp", paste0("spill-", .fleet$attempt))

# The session's seed makes everything a script draws repeatable, also without set.seed(). It is the job's own, the one
# of the attempt that is resumed, or a new one, kept in Redis for a driver that is started again.
choose_seed <- function(session, inputs, ledger) {
  seed <- or_else(inputs$seed, ledger_seed(ledger))
  if (is.null(seed)) {
    drawn <- sample.int(.Machine$integer.max, 1L)
    redis_call(session$con, "SETNX", seed_key(), whole(drawn))
    seed <- redis_call(session$con, "GET", seed_key())
  }
  list(seed = as.integer(seed), ledger = ledger)
}

# What earlier attempts have finished; and, when this attempt's driver was lost with its disk, what it had. Redis
# forgets a value that is in the bucket and was fetched, so a driver that begins in a new place asks for the ledger. The
# answer stays beside its journal, for an R that is killed before it has fetched everything; URLs in it live seven
# days.
load_ledger <- function(session, inputs, journal) {
  url <- function() read_again(inputs)$ledger$url
  path <- file.path(scratch_dir(), "ledger.jsonl")
  answer <- paste0(journal, "-ledger.jsonl")
  if (file.exists(answer) && difftime(Sys.time(), file.mtime(answer), units = "days") < 6) return(read_ledger(answer))
  if (file.exists(answer) || (!dir.exists(journal) && redis_call(session$con, "LLEN", loops_key()) > 0)) {
    asked <- ask_for_ledger(session)
    if (!is.null(asked)) {
      url <- function() asked
      path <- answer
    }
  }
  if (is.null(url())) return(NULL)
  download_to(url, path)
  read_ledger(path)
}

LEDGER_PATIENCE_SECONDS <- 900

# The control plane answers in its next pass. Without an answer the loop runs what is missing again: slow, but right.
ask_for_ledger <- function(session) {
  answer <- await_url(session$con, "ledger", LEDGER_PATIENCE_SECONDS, again = TRUE)
  if (!is.null(answer)) return(if (identical(answer, NO_URL)) NULL else answer)
  say("no answer to the question for the ledger within %d s: what only the bucket has will run again",
      LEDGER_PATIENCE_SECONDS)
  NULL
}

# --- the end

save_and_finish <- function(session) {
  tell_driver(session$con, state = "saving")
  failed <- save_outputs(session$con, session$inputs, session$before, session$job_dir, session$log)
  problem <- paste("output files could not be uploaded:", paste(failed, collapse = ", "))
  if (length(failed)) finish(session, "failed", problem, 4L)
  finish(session, "succeeded", "", 0L)
}

save_outputs_quietly <- function(session) {
  tryCatch(save_outputs(session$con, session$inputs, session$before, session$job_dir, session$log),
           error = function(e) say("saving the output files failed: %s", conditionMessage(e)))
}

# Nothing new starts; what runs may end (its results are journalled); the files made so far are saved.
stop_job <- function(session, fleet, loop, reason) {
  fleet$on_stop <- NULL
  say("stopping: %s", reason)
  file.create(file.path(session$state_dir, "stopping"))
  redis_send(session$con, list(list("DEL", queue_key(), queue_large_key())))
  await_running(session, fleet, loop, as.numeric(or_else(session$inputs$tasks$maxTimeSeconds, 3600)))
  save_outputs_quietly(session)
  finish(session, "stopped", reason, 3L)
}

FAIL_PATIENCE_SECONDS <- 10

# Too many errors: as stop_job, but the rest of what runs is hardly worth waiting for.
fail_job <- function(session, fleet, loop, reason) {
  fleet$on_stop <- NULL
  write_line(paste("Error:", reason), 2L)
  tell_driver(session$con, reason = "error-limit")
  abandon_tasks(fleet, loop)
  await_running(session, fleet, loop, FAIL_PATIENCE_SECONDS)
  save_outputs_quietly(session)
  finish(session, "failed", reason, 1L)
}

# Until no worker is at work; results that arrive meanwhile are kept.
await_running <- function(session, fleet, loop, patience_seconds) {
  until <- now_seconds() + patience_seconds
  repeat {
    if (!is.null(loop)) collect(fleet, loop)
    read_workers(fleet)
    fresh <- Filter(function(heard) is_in_state(heard, "busy") && now_seconds() - heard$changed_at < STALE_SECONDS,
                    fleet$workers)
    if (!length(fresh) || now_seconds() > until) break
    if (!is.null(loop)) save_counters(fleet, loop)
    redis_run(session$con, driver_beat_command())
    Sys.sleep(0.5)
  }
  if (!is.null(loop)) {
    # nobody will be asked about them any more
    for (id in names(loop$suspicion$held)) believe_error(loop, as.integer(id))
    save_counters(fleet, loop)
    tell_tasks(loop, force = TRUE)
  }
}

finish <- function(session, outcome, message, status) {
  if (nzchar(message)) say("%s: %s", outcome, message)
  state <- c(succeeded = "finished", failed = "failed", stopped = "stopped")[[outcome]]
  if (status != 4L) {
    # a script that has ended R itself leaves no back end
    if (is.null(.fleet$driver)) restore_from_disk(session$con, session$inputs, journal_dir(session))
    else {
      check_session(.fleet$driver, redis_call(session$con, "GET", session_key()))
      restore_lost_results(.fleet$driver)
    }
    tell_driver(session$con, state = state, message = message, beatAt = time_text(now_seconds()))
    writeLines(as.character(status), file.path(session$state_dir, "finished"))
    emit(outcome, outcome = outcome, message = message, kind = "completed")
  }
  quit(save = "no", status = status, runLast = FALSE)
}

# For a script that ended R itself (quit()): called by bin/run-driver in a new R.
finish_after_quit <- function(status) {
  session <- start_session("driver")
  session$inputs <- read_inputs(Sys.getenv("FF_INPUTS"))
  before <- file.path(session$state_dir, "before.rds")
  session$before <- if (file.exists(before)) readRDS(before) else list_files(file.path(session$job_dir, "none"))
  if (status == 0L) save_and_finish(session)
  save_outputs_quietly(session)
  if (status == 3L) finish(session, "stopped", "the script did not react in time and was ended", 3L)
  finish(session, "failed", paste("the script ended R with status", status), 1L)
}
