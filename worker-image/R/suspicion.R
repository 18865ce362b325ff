# What a loop suspects its workers of: the record of each, and the errors that are not yet believed. judge.R decides
# from it.

new_suspicion <- function() {
  suspicion <- new_record(
    records = list(), # of each worker, how many iterations went well and how many failed
    held = list(),    # by iteration, errors that are not yet believed: cond and worker
    doubted = list(), # by iteration with a second opinion under way: the worker that failed
    # of these, the errors that will end the loop unless they are refuted: as held, and when it was asked
    asked = list())
  suspicion
}

validate_suspicion <- function(suspicion) {
  unasked <- setdiff(names(suspicion$asked), names(suspicion$doubted))
  if (!length(unasked)) return(invisible())
  stop("errors that nobody is asked about wait for an answer: iterations ", paste(unasked, collapse = ", "))
}

note_outcome <- function(suspicion, worker, ok) note_outcomes(suspicion, worker, if (ok) 1 else 0, if (ok) 0 else 1)

note_outcomes <- function(suspicion, worker, ok, failed) {
  suspicion$records[[worker]] <- or_else(suspicion$records[[worker]], c(ok = 0, failed = 0)) + c(ok, failed)
}

hold_error <- function(suspicion, id, cond, worker) suspicion$held[[id]] <- list(cond = cond, worker = worker)

# The held error of this iteration is held no more: another worker is asked.
doubt_error <- function(suspicion, id) {
  suspicion$doubted[[id]] <- suspicion$held[[id]]$worker
  suspicion$held[[id]] <- NULL
}

# An error is believed or refuted.
end_doubt <- function(suspicion, id) suspicion$doubted[[id]] <- suspicion$asked[[id]] <- NULL

# TRUE: another pod has had an error there, too
is_confirmed <- function(suspicion, id, worker) {
  accused <- suspicion$doubted[[id]]
  !is.null(accused) && pod_of(accused) != pod_of(worker)
}

# The pods that should not get these iterations again
doubted_pods <- function(suspicion, items) {
  if (length(suspicion$doubted)) unique(pod_of(unlist(suspicion$doubted[whole(items)])))
}

pod_of <- function(worker) sub("#.*", "", worker)
