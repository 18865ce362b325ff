# What an iteration has changed and nobody can put back makes its R dirty. The iteration's own value is right, and is
# journalled. What is left of the task goes back, and there is a new child (isolation.R), or the supervisor starts a new
# R. That is no death: no try is counted.

# reasons: texts, or none
note_dirt <- function(worker, reasons) if (length(reasons)) worker$dirty <- unique(c(worker$dirty, reasons))

# left: iterations of the task that have not run
renew <- function(worker, setup, left, i) {
  journal_flush(worker, setup)
  reason <- paste(worker$dirty, collapse = "; ")
  say("loop %s, iteration %s changed what cannot be put back (%s): a new R takes the next",
      whole(setup$loop), whole(i), reason)
  .Call(fleet_unmark)
  if (left > 0L) return_task(worker) else redis_call(worker$con, "DEL", worker$held)
  if (left > 0L && isTRUE(worker$ticket)) redis_call(worker$con, "DECR", gated_key())
  if (is.null(worker$state_dir)) leave("an iteration changed what cannot be put back")
  redis_send(worker$con, list(report_state(worker, "starting")), may_leave = TRUE)
  if (!is.null(worker$parents)) end_child(list(end = "renewed"))
  writeLines(reason, file.path(worker$state_dir, "renew"))
  quit(save = "no", status = 0L, runLast = FALSE)
}
