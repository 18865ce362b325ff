# Whose fault an error is, the iteration's or its worker's; and when there are too many of them.
#
# A worker with a broken disk or environment fails whatever it gets. So an error of a loop that goes on after errors
# ("pass", "remove") is believed when its worker does not fail much more often than the others. Else the iteration gets
# a second opinion on another worker. A worker that was refuted by three different iterations is replaced: its
# supervisor starts R afresh. Records belong to one R process ("pod", or "pod#2" after two replacements); a second
# opinion comes from another pod.
#
# Where an error ends the loop ("stop") there is no time for a record. A quick error is asked about at once, before all
# that waits. It stands when another pod has an error too, or gives no answer in time.

SUSPECT_ERRORS <- 3L   # of one worker, before it can be suspected
OTHERS_SAMPLE <- 3L    # iterations that the others must have finished, before they can be compared with
SETTLED_SAMPLE <- 6L   # a worker that finished so many, most of them well, is not suspected
REFUTED_LIMIT <- 3L
QUICK_SECONDS <- 5     # an iteration that takes longer to fail is not run again to find out
ANSWER_SECONDS <- 10   # how long a loop that must stop waits for the second opinion
ASKED_AT_ONCE <- 3L    # about the errors of one worker

stops_at_errors <- function(fleet, loop) identical(loop$error_handling, "stop") || identical(fleet$on_error, "stop")

# An error has arrived: believed at once where nobody else could be asked, or the error is not of the user's code; else
# held back until settled.
weigh_error <- function(fleet, loop, i, cond, worker, seconds) {
  suspicion <- loop$suspicion
  id <- whole(i)
  own <- inherits(cond, "fleetError") # what is given up, or cannot be returned, is the iteration's own
  if (inherits(cond, "fleetLoadError") && is.null(loop$load_error)) loop$load_error <- cond
  if (!own) note_outcome(suspicion, worker, FALSE)
  no_time <- stops_at_errors(fleet, loop) && !worth_asking(loop, worker, seconds)
  if (own || is_confirmed(suspicion, id, worker) || !has_others(fleet, worker) || no_time) {
    end_doubt(suspicion, id)
    set_failed(loop, i, cond)
  } else {
    set_status(loop$window, i, HELD)
    hold_error(suspicion, id, cond, worker)
  }
}

# Errors of two pods are the code's. A loop that is not published yet has no way to ask.
worth_asking <- function(loop, worker, seconds) {
  others <- vapply(c(loop$suspicion$asked, loop$suspicion$held), function(one) pod_of(one$worker) != pod_of(worker), NA)
  seconds <= QUICK_SECONDS && !is.null(loop$id) && !any(others)
}

settle_stopping_errors <- function(fleet, loop) {
  suspicion <- loop$suspicion
  for (id in names(suspicion$asked)) if (now_seconds() - suspicion$asked[[id]]$at > ANSWER_SECONDS) {
    cond <- suspicion$asked[[id]]$cond
    end_doubt(suspicion, id)
    set_failed(loop, as.integer(id), cond)
  }
  for (id in whole(wanted_items(loop, as.integer(names(suspicion$held))))) {
    worker <- suspicion$held[[id]]$worker
    asked <- sum(vapply(suspicion$asked, function(one) identical(one$worker, worker), NA))
    if (!has_others(fleet, worker)) believe_error(loop, as.integer(id))
    else if (asked < ASKED_AT_ONCE) ask_at_once(fleet, loop, as.integer(id))
  }
}

# The iteration goes to the head of the queue, for any other pod; when all are busy, one is asked to put the rest of its
# task aside.
ask_at_once <- function(fleet, loop, i) {
  suspicion <- loop$suspicion
  id <- whole(i)
  worker <- suspicion$held[[id]]$worker
  suspicion$asked[[id]] <- c(suspicion$held[[id]], at = now_seconds())
  doubt_error(suspicion, id)
  say("loop %s iteration %s failed on worker %s: another one tries it before the loop is stopped",
      whole(loop$number), id, worker)
  batch <- make_batch(fleet, loop, i, urgent = TRUE)
  redis_call(fleet$con, "LPUSH", queue_key(), task_bytes(loop, batch))
  make_way(fleet, loop, except = pod_of(worker))
}

# One that never gets beyond its start is nobody to ask.
has_others <- function(fleet, worker) {
  ready <- !vapply(fleet$workers, is_in_state, NA, "starting")
  any(names(fleet$workers)[ready] != pod_of(worker))
}

# Values have arrived. A value where another worker had an error refutes that worker.
weigh_values <- function(fleet, loop, items, workers) {
  suspicion <- loop$suspicion
  for (worker in unique(workers)) note_outcomes(suspicion, worker, sum(workers == worker), 0)
  if (!length(suspicion$doubted) && !length(suspicion$held)) return(invisible())
  for (k in seq_along(items)) {
    id <- whole(items[k])
    accused <- or_else(suspicion$doubted[[id]], suspicion$held[[id]]$worker)
    end_doubt(suspicion, id)
    suspicion$held[[id]] <- NULL
    if (is.null(accused) || accused == workers[k]) next
    report_refutation(fleet, loop, items[k], accused, workers[k])
    fleet$refuted[[accused]] <- unique(c(fleet$refuted[[accused]], paste(whole(loop$number), id, sep = ":")))
    if (length(fleet$refuted[[accused]]) >= REFUTED_LIMIT) replace_worker(fleet, accused)
  }
}

# The error's report stays; this one says that it is no failure of the job.
report_refutation <- function(fleet, loop, i, accused, worker) {
  report <- redis_object("errors", loop = loop$number, iteration = i, attempt = or_else(.fleet$attempt, 1L),
                         worker = pod_of(accused), refuted = pod_of(worker))
  redis_run(fleet$con, error_report_command(report))
}

# Pure: what one worker's errors are, from its own record and that of the others together
judge_worker <- function(own, others, nothing_left, suspect_after = SUSPECT_ERRORS) {
  share <- function(record) record[["failed"]] / max(1, sum(record))
  much_worse <- share(own) >= 0.5 && share(others) <= share(own) / 2
  if (own[["failed"]] >= suspect_after && much_worse && sum(others) >= OTHERS_SAMPLE) return("worker")
  settled <- nothing_left || (sum(own) >= SETTLED_SAMPLE && share(own) < 0.5) ||
    (sum(others) >= OTHERS_SAMPLE && !much_worse)
  if (settled) "iteration" else "undecided"
}

settle_errors <- function(fleet, loop) {
  if (stops_at_errors(fleet, loop)) return(settle_stopping_errors(fleet, loop))
  suspicion <- loop$suspicion
  if (!length(suspicion$held)) return(invisible())
  nothing_left <- loop$window$exhausted && !is_open(loop$window)
  total <- Reduce(`+`, suspicion$records)
  accused <- vapply(suspicion$held, function(h) h$worker, "")
  for (worker in unique(accused)) {
    own <- suspicion$records[[worker]]
    # who was replaced before is suspected at once
    suspect_after <- if (is.null(fleet$replaced[[pod_of(worker)]])) SUSPECT_ERRORS else 1L
    judged <- has_others(fleet, worker)
    verdict <- if (judged) judge_worker(own, total - own, nothing_left, suspect_after) else "iteration"
    items <- as.integer(names(accused)[accused == worker])
    if (verdict == "iteration") for (i in items) believe_error(loop, i)
    if (verdict == "worker") ask_again(loop, items, worker)
  }
}

believe_error <- function(loop, i) {
  cond <- loop$suspicion$held[[whole(i)]]$cond
  loop$suspicion$held[[whole(i)]] <- NULL
  set_failed(loop, i, cond)
}

ask_again <- function(loop, items, worker) {
  say("loop %s: worker %s failed %d iterations while others succeed: they are run elsewhere",
      whole(loop$number), worker, length(items))
  for (i in items) doubt_error(loop$suspicion, whole(i))
  return_items(loop$window, items)
}

replace_worker <- function(fleet, worker) {
  fleet$refuted[[worker]] <- NULL
  pod <- pod_of(worker)
  fleet$replaced[[pod]] <- or_else(fleet$replaced[[pod]], 0L) + 1L
  reason <- sprintf("%d iterations that failed on it succeeded elsewhere", REFUTED_LIMIT)
  redis_call(fleet$con, "HSET", replace_key(), pod, redis_line("replace", worker = worker, reason = reason))
  say("worker %s is replaced: %s", pod, reason)
}

# --- too many errors

# Pure: NULL, or why to stop. limits: count, rate (0 to 1) and sample must all be reached; one that is not given does
# not restrain.
error_limit_reason <- function(limits, failed, finished, what) {
  if (!length(limits) || failed < or_else(limits$count, 1) || finished < or_else(limits$sample, 1)) return(NULL)
  if (failed / max(1, finished) < or_else(limits$rate, 0)) return(NULL)
  sprintf(paste("too many errors: %.0f of %.0f finished iterations of %s failed",
                "(limits: %s errors, %.0f %%, after at least %s iterations)"), failed, finished, what,
          whole(or_else(limits$count, 1)), 100 * or_else(limits$rate, 0), whole(or_else(limits$sample, 1)))
}

# Looks at this loop, and at the whole job: a job may consist of many small loops.
too_many_errors <- function(fleet, loop) {
  if (!length(fleet$error_limits) || identical(loop$error_handling, "stop")) return(FALSE)
  failed <- loop$counters$failed + length(loop$suspicion$held)
  # reused results count as well: a resumed loop runs again just what failed, and that is no reason to give up
  now <- c(finished = loop$counters$finished + length(loop$suspicion$held), failed = failed)
  all <- or_else(fleet$past, 0) + now
  reason <- or_else(error_limit_reason(fleet$error_limits, now[["failed"]], now[["finished"]],
                                       paste("loop", whole(loop$number))),
                    error_limit_reason(fleet$error_limits, all[["failed"]], all[["finished"]], "the job"))
  if (is.null(reason)) return(FALSE)
  if (is.function(fleet$on_fail)) fleet$on_fail(fleet, loop, reason)
  loop$stop_error <- fleet_error(reason, "fleetErrorLimit")
  TRUE
}

remember_errors <- function(fleet, loop) {
  if (identical(loop$error_handling, "stop")) return(invisible())
  fleet$past <- or_else(fleet$past, 0) + c(finished = loop$counters$finished, failed = loop$counters$failed)
}
