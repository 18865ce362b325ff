# A worker's iterations of one task, one after another: each begins as the one before began, and is journalled.

run_iterations <- function(code, setup, batch, env, worker) {
  if (decline(worker, batch)) return(invisible())
  keys <- .Call(fleet_key_texts, batch$prefix, batch$suffix, batch$digest, seq_along(batch$i))
  worker$session <- batch$session
  found <- look_before(worker, setup$loop, batch, report_state(worker, "busy", setup$loop, batch$i))
  if (is.null(found)) return(invisible()) # a task of an earlier session
  tell_supervisor(worker, batch)
  todo <- which(!found$done)
  worker$buffer <- list()
  worker$buffered_bytes <- 0
  worker$flushed_at <- worker$checked_at <- now_seconds()
  worker$aside <- FALSE
  if (length(todo)) {
    begin_loading(setup$loop, batch$i[todo[1]], LOOP_DATA)
    env <- install_scope(worker, setup)
  }
  if (!is.null(worker$installation$borrowing)) worker$installation$borrowing$writes <- writes_into(code)
  scope <- take_scope(env, worker$installation$frames)
  scope$references <- take_references(scope, code, worker$references)
  scope$classes <- take_classes()
  scope$baseline <- take_state()
  scope$baseline$watch$baselines <- list(worker$home, scope$baseline)
  scope$baseline$watch$classes <- scope$classes
  output <- start_capture()
  on.exit(output$stop(), add = TRUE)
  for (k in todo) {
    if (.Call(fleet_termination) || must_stop(worker, setup)) {
      journal_flush(worker, setup)
      if (.Call(fleet_termination)) return_task(worker)
      else if (worker$aside) put_aside(worker)
      return(invisible())
    }
    death <- death_of(worker, setup$loop, batch, found, k)
    verdict <- judge_deaths(worker, batch, death)
    item <- list(i = death$i, key = keys[k], args = batch$args[[k]])
    if (verdict == "run") {
      run <- if (identical(setup$isolate, "iteration")) run_apart else read_and_run
      run(code, setup, item, scope, output, worker, death$tries + 1L)
    } else {
      settle_deaths(worker, setup, item, death, verdict, if (!is.raw(item$args)) replay_text(worker, code, setup, item))
    }
    if (length(worker$dirty)) renew(worker, setup, sum(todo > k), item$i)
  }
  worker$references <- scope$references
  journal_flush(worker, setup)
}

# At most once a second: was the loop given up, or the job stopped, or is something else more urgent?
must_stop <- function(worker, setup) {
  if (now_seconds() - worker$checked_at < 1) return(FALSE)
  worker$checked_at <- now_seconds()
  asked <- list(ask_control("stop"), list("HGET", aborted_key(), setup$run), list("HGET", aside_key(), worker$pod),
                list("GET", session_key()))
  flags <- redis_send(worker$con, asked)
  worker$aside <- identical(flags[[3]], setup$run)
  if (!serves_session(worker, flags[[4]])) return(TRUE)
  worker$aside || any(vapply(flags[1:2], function(x) length(x) > 0L && nzchar(x), NA))
}

# What is left of the task goes to the end of the queue: an iteration at its head is waited for.
put_aside <- function(worker) {
  back <- list("LMOVE", worker$held, own_queue(worker), "RIGHT", "RIGHT")
  redis_send(worker$con, list(list("HDEL", aside_key(), worker$pod), back))
  if (isTRUE(worker$ticket)) redis_call(worker$con, "DECR", gated_key())
}

read_and_run <- function(code, setup, item, scope, output, worker, try) {
  item$args <- read_arguments(worker$installation, setup$loop, item$i, item$args)
  run_iteration(code, setup, item, scope, output, worker, try)
}

run_iteration <- function(code, setup, item, scope, output, worker, try) {
  local_env <- iteration_frame(worker$installation, scope$env)
  put_asked(worker$installation, local_env)
  for (name in names(item$args)) assign(name, item$args[[name]], envir = local_env)
  output$begin(setup$loop, item$i)
  use_stream(setup$random, setup$loop, item$i)
  started_at <- .Call(fleet_mark, setup$loop, item$i)
  .Call(fleet_usage_begin)
  scope$baseline$watch$on <- TRUE
  if (length(worker$inner_options)) options(worker$inner_options)
  outcome <- evaluate_iteration(code, local_env, output$add, function(value, warning_count) {
    seconds <- now_seconds() - started_at
    usage <- .Call(fleet_usage)
    borrowing <- worker$installation$borrowing
    if (!is.null(borrowing$failed)) stop(borrowing$failed)
    key <- borrowed_key(borrowing, item$key)
    make <- function() {
      journal_entry(item$i, key, value, seconds, started_at, warning_count, largest_result(worker))
    }
    entry <- if (.Call(fleet_plain, value)) make() else sealed(worker$installation, has_same_frames(scope), make())
    entry$usage <- usage
    upload_large(worker, setup$loop, entry)
  }, isTRUE(setup$go_on))
  scope$baseline$watch$on <- FALSE
  seconds <- now_seconds() - started_at
  printed <- output$end()
  note_dirt(worker, c(return_loans(worker$installation$borrowing, scope), restore_scope(scope),
                      restore_state(scope$baseline)))
  keep_package_state(worker$package_state)
  if (is.null(outcome$error)) {
    outcome$value$relayed <- outcome$relayed
    keep_entries(worker, setup, list(outcome$value))
  } else {
    journal_flush(worker, setup)
    # the frames are as they came, again
    sealed(worker$installation, TRUE, {
      error <- explain_error(outcome$error, setup$carried, item$args)
      details <- list(try = try, seconds = seconds, traceback = outcome$traceback, warnings = outcome$warnings,
                      relayed = outcome$relayed, output = printed, replay = replay_text(worker, code, setup, item))
      journal_error(worker, setup, item, error, details)
    })
  }
}

keep_entries <- function(worker, setup, entries) {
  for (entry in entries) {
    worker$buffer[[length(worker$buffer) + 1L]] <- entry
    worker$buffered_bytes <- worker$buffered_bytes + length(entry$v)
  }
  due <- worker$buffered_bytes > FLUSH_BYTES || now_seconds() - worker$flushed_at > FLUSH_SECONDS
  if (due) journal_flush(worker, setup)
}

journal_flush <- function(worker, setup) {
  tell_strays(worker, setup) # first, so that the driver knows before its loop can end
  journal_store(worker, setup$loop, worker$buffer, setup$backed_up)
  worker$buffer <- list()
  worker$buffered_bytes <- 0
  worker$flushed_at <- now_seconds()
}
