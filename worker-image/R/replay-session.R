# What `foreach-fleet replay` runs: the working directory has the job's files, `folder` the report (report.json), and
# takes the answer.

# Everything that the iteration had on its worker, in this session
prepare_replay <- function(folder) {
  report <- jsonlite::fromJSON(file.path(folder, "report.json"))
  as_on_workers <- c("iterators", "foreach")
  for (package in as_on_workers) suppressPackageStartupMessages(library(package, character.only = TRUE))
  registerDoSEQ()
  set_arguments(list(script = list(name = report$script), arguments = report$commandArguments))
  for (name in report$load) load(check_name(name), envir = globalenv())
  .fleet$replay <- report
  list(report = report, task = replay_task(report))
}

# Runs it, says how it ended in outcome.json, and ends R.
replay_batch <- function(folder) {
  told <- tryCatch(run_replay(folder),
                   fleetNoReplay = function(e) list(outcome = "no-data", message = conditionMessage(e)),
                   error = function(e) list(outcome = "not-run", message = conditionMessage(e)))
  write_lines(to_json(told), file.path(folder, "outcome.json"))
  quit(save = "no", status = 0L, runLast = FALSE)
}

run_replay <- function(folder) {
  prepared <- prepare_replay(folder)
  note_versions(prepared$report)
  task <- prepared$task
  env <- begin_replay(task)$env
  clock <- proc.time()[[3]]
  outcome <- evaluate_iteration(task$code, list2env(task$args, parent = env),
                                function(text) cat(text, file = stderr()))
  seconds <- round(proc.time()[[3]] - clock, 3)
  told <- list(outcome = "succeeded", message = NULL, warnings = as.list(outcome$warnings), seconds = seconds)
  if (is.null(outcome$error)) {
    saveRDS(outcome$value, file.path(folder, "value.rds"))
    told$value <- paste(utils::head(utils::capture.output(utils::str(outcome$value)), 10L), collapse = "\n")
    return(told)
  }
  error <- outcome$error
  call <- if (is.null(conditionCall(error))) "" else call_text(conditionCall(error))
  write_line(paste0("Error", if (nzchar(call)) paste(" in", call), ": ", conditionMessage(error)), 2L)
  if (length(outcome$traceback)) {
    write_line(paste(c("Traceback (innermost last):", paste0("  ", outcome$traceback)), collapse = "\n"), 2L)
  }
  told[c("outcome", "message", "call", "class", "traceback")] <-
    list(if (is_same_error(error, prepared$report)) "same-error" else "other-error", conditionMessage(error), call,
         as.list(class(error)),
         as.list(outcome$traceback))
  told
}

is_same_error <- function(error, report) {
  identical(substr(conditionMessage(error), 1L, MAX_TEXT), as.character(or_else(report$message, ""))) &&
    identical(class(error), as.character(unlist(report$class)))
}

# The usual reason why something fails on one machine only
note_versions <- function(report) {
  there <- sub(";.*", "", or_else(report$sessionInfo, ""))
  if (!nzchar(there) || there == R.version.string) return(invisible())
  write_line(sprintf("note: the worker had %s, this is %s", foreign_text(there), R.version.string), 2L)
}

# What the job has written, on its way to the terminal: it begins no line of its own, and moves no cursor.
foreign_text <- function(text) {
  turning <- "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]" # characters that change the writing direction
  encodeString(gsub(turning, "\ufffd", enc2utf8(as.character(text)), perl = TRUE))
}

# For an interactive R: variables in reach, and what to type
replay_start <- function(folder) {
  library("foreachfleet", character.only = TRUE)
  prepared <- tryCatch(prepare_replay(folder), error = function(e) {
    write_line(paste("this iteration cannot be replayed:", conditionMessage(e)), 2L)
    quit(save = "no", status = if (inherits(e, "fleetNoReplay")) 9L else 10L, runLast = FALSE)
  })
  note_versions(prepared$report)
  report <- prepared$report
  task <- prepared$task
  variables <- list2env(c(scope_values(task$carried), task$args))
  objects <- sort(setdiff(ls(variables), names(task$args)))
  attach(variables, name = "foreach-fleet:iteration", warn.conflicts = FALSE)
  line <- function(...) write_line(paste0(...), 2L)
  line("This is loop ", report$loop, ", iteration ", report$iteration, " of job ", foreign_text(report$job),
       ", attempt ", report$attempt, ".")
  failed <- length(report$message) > 0L
  line(if (failed) paste("It failed with:", foreign_text(report$message)) else "It did not fail in the job.")
  if ("fleetLostError" %in% unlist(report$class)) line("It ended its R process, and may end this one.")
  line("Its arguments:  ", foreign_text(or_else(argument_text(task$args), "none")))
  if (length(objects)) line("Its objects:    ", paste(foreign_text(objects), collapse = ", "))
  data <- ls(globalenv())
  if (length(data)) line("From its data:  ", paste(foreign_text(data), collapse = ", "))
  line("", "\nType  replay()  to run it with the same random numbers: at an error, choose a call and look at its ",
       "variables (0 leaves it).")
  line("Type  q()       to leave.\n")
}
