# The worker's side of lend.R: promises in the place of the script's other variables. One that is looked at asks the
# driver for its value, once per worker and loop. After each iteration they lie there as before.

LOAN_AGAIN_SECONDS <- 5 # a driver that was started again, or a Redis that came back empty, knows nothing of a request

# Once per loop
put_loans <- function(worker, setup) {
  kept <- worker$installation
  carried <- setup$carried
  borrowing <- new_record(
    worker = worker, setup = setup, names = unlist(carried$lent), places = list(),
    answers = list(), bytes = list(),
    writes = FALSE,        # the loop's code names functions that change plain data by reference
    touched = integer(),   # in this iteration
    failed = NULL)
  ends <- cumsum(c(0L, lengths(carried$lent)))
  for (k in seq_along(carried$lent)) {
    if (!length(carried$lent[[k]])) next
    borrowing$places[[length(borrowing$places) + 1L]] <- list(env = loan_place(kept, carried, k), from = ends[k],
                                                      names = carried$lent[[k]])
  }
  own <- Filter(function(place) identical(place$env, globalenv()), borrowing$places)
  names <- if (length(own)) own[[1]]$names
  put_globals(kept, names, function(names) NULL)
  kept$globals <- union(kept$globals, names)
  for (at in seq_along(borrowing$places)) put_promises(borrowing, at)
  kept$borrowing <- borrowing
}

# Of a frame that the loop sees, beside it: what is in it is restored as values. In a captured one itself, for code has
# it as a value, too: environment(f)$name.
loan_place <- function(kept, carried, k) {
  if (k <= carried$depth) return(parent.env(kept$frames[[k]]))
  if (k == carried$depth + 1L) return(globalenv())
  at <- k - carried$depth - 1L
  if (at <= length(kept$attached)) kept$attached[[at]]
  else kept$frames[[carried$depth + at - length(kept$attached)]]
}

put_promises <- function(borrowing, at, which = seq_along(borrowing$places[[at]]$names)) {
  place <- borrowing$places[[at]]
  for (j in which) put_promise(borrowing, place$from + j, place$names[j], place$env)
  borrowing$places[[at]]$promises <- .Call(fleet_bindings, place$env, place$names)
}

put_promise <- function(borrowing, id, name, env) {
  force(id)
  delayedAssign(name, borrow(borrowing, id), environment(), env)
}

borrow <- function(borrowing, id) {
  borrowing$touched <- union(borrowing$touched, id)
  tryCatch(borrowed_value(borrowing, id), error = function(e) {
    borrowing$failed <- e # the task may take it for something else
    stop(e)
  })
}

borrowed_value <- function(borrowing, id) {
  name <- borrowing$names[id]
  answer <- or_else(borrowing$answers[[whole(id)]], ask_loan(borrowing, id))
  borrowing$answers[[whole(id)]] <- answer
  if (!is.null(answer$problem)) stop(fleet_error(answer$problem, "fleetValueError"))
  object <- list(name = name, digest = answer$digest, bytes = answer$bytes, way = answer$way)
  if (answer$plain && !borrowing$writes) return(object_value(borrowing$worker, borrowing$setup, object))
  # an iteration may change it by reference: the next one reads it again
  if (is.null(borrowing$bytes[[whole(id)]])) {
    borrowing$bytes[[whole(id)]] <- get_object(borrowing$worker, borrowing$setup, c(object, raw = TRUE))
  }
  value <- read_with_frames(borrowing$bytes[[whole(id)]], borrowing$worker$installation$frames)
  .Call(fleet_close_foreign, value)
  value
}

ask_loan <- function(borrowing, id) {
  worker <- borrowing$worker
  setup <- borrowing$setup
  answers <- lent_key(worker$pod)
  request <- list("RPUSH", arrived_key(setup$loop), arrival_line(worker, id, 0, 0, FLAG_QUESTION, setup$run))
  redis_call(worker$con, "DEL", answers)
  asked_at <- -Inf
  repeat {
    if (now_seconds() - asked_at > LOAN_AGAIN_SECONDS) {
      redis_send(worker$con, list(request))
      asked_at <- now_seconds()
    }
    reply <- redis_send(worker$con, list(list("BLPOP", answers, "1")), may_leave = TRUE)
    if (.Call(fleet_termination)) {
      return_task(worker)
      leave("asked to stop")
    }
    answer <- if (length(reply[[1]]) == 2L) jsonlite::fromJSON(reply[[1]][[2]])
    if (identical(answer$run, setup$run) && answer$id == id) return(answer)
    if ((must_stop(worker, setup) && !worker$aside) || has_ended(worker, setup)) {
      stop(fleet_error("redis connection: the loop has ended", "fleetExportError"))
    }
  }
}

# After each iteration. Reasons why R is dirty; none, nearly always
return_loans <- function(borrowing, scope) {
  if (is.null(borrowing)) return(NULL)
  touched <- borrowing$touched
  borrowing$touched <- integer()
  borrowing$failed <- NULL
  failed <- NULL
  for (at in seq_along(borrowing$places)) {
    place <- borrowing$places[[at]]
    mine <- touched[touched > place$from & touched <= place$from + length(place$names)] - place$from
    if (!length(mine) && .Call(fleet_holds_same, place$env, place$promises, NULL)) next
    failed <- c(failed, attempt("variables", put_back_loans(borrowing, at, mine, scope)))
  }
  failed
}

put_back_loans <- function(borrowing, at, mine, scope) {
  place <- borrowing$places[[at]]
  unlock_variables(place$env, place$names)
  list2env(place$promises, envir = place$env)
  put_promises(borrowing, at, mine)
  lock_variables(place$env, intersect(place$names, unlist(lapply(borrowing$setup$carried$locks, `[[`, "names"))))
  if (identical(place$env, globalenv())) scope$global[place$names] <- borrowing$places[[at]]$promises
}

# Those of a place that this iteration has used, and has got
used_loans <- function(borrowing, at) {
  place <- borrowing$places[[at]]
  mine <- borrowing$touched - place$from
  promises <- place$promises[mine[mine > 0L & mine <= length(place$names)]]
  got <- .Call(fleet_holds_value, list2env(promises), names(promises))
  mget(names(promises)[got], envir = list2env(promises))
}

# The key of an iteration that has borrowed something says so.
borrowed_key <- function(borrowing, key) {
  if (is.null(borrowing)) return(key)
  answers <- borrowing$answers[whole(borrowing$touched)]
  marked_key(key, vapply(answers, function(answer) or_else(answer$mark, NOT_KNOWN), ""))
}
