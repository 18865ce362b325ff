# Iterations that ended their R process: what is known of them, and when one is given up. The supervisor counts
# (bin/run-worker), for R is dead then.

EXPLAINED_SECONDS <- 120 # a pass comes at least once a minute

# What is known of the iterations of a task: which are done, and how often each ended its R process. Nearly always
# nothing, so that is asked first. NULL: the task is of an earlier session.
look_before <- function(worker, setup, batch) {
  first <- min(batch$i) %/% 8L
  range <- list("GETRANGE", done_key(setup$loop), whole(first), whole(max(batch$i) %/% 8L))
  asked <- list(report_state(worker, "busy", setup$loop, batch$i), list("HLEN", tries_key()), range,
                list("GET", session_key()))
  replies <- redis_send(worker$con, asked, raw = TRUE)
  if (!serves_session(worker, replies[[4]])) return(NULL)
  done <- bit_flags(replies[[3]])[batch$i - 8L * first + 1L] %in% TRUE
  found <- list(done = done, tries = integer(length(batch$i)), cause = character(length(batch$i)))
  if (identical(replies[[2]], 0)) return(found)
  ids <- paste(whole(setup$loop), whole(batch$i), sep = ":")
  deaths <- redis_send(worker$con, list(list("HMGET", tries_key(), ids), list("HMGET", causes_key(), ids)))
  text <- function(reply) vapply(reply, function(x) if (is.null(x)) "" else as.character(x), "")
  tries <- suppressWarnings(as.integer(text(deaths[[1]])))
  found$tries <- ifelse(is.na(tries), 0L, tries)
  found$cause <- text(deaths[[2]])
  found
}

# What the supervisor needs should this task end R: how long its iterations usually take, and whose it is.
tell_supervisor <- function(worker, batch, setup) {
  if (is.null(worker$state_dir)) return(invisible())
  cat(or_else(batch$expected, NA), setup$session, "\n", file = file.path(worker$state_dir, "task"))
}

# Why a container ended Kubernetes alone knows. In a job a pass asks it, and puts the answer in the cause's place; the
# verdict on the iteration waits for that, but not for ever: nobody answers while no pass comes.
await_explanation <- function(worker, loop, i, cause) {
  until <- now_seconds() + EXPLAINED_SECONDS
  while (has_cause(cause, "container") && !is.null(worker$inputs) && now_seconds() < until &&
           !.Call(fleet_termination)) {
    Sys.sleep(0.5)
    cause <- or_else(redis_call(worker$con, "HGET", causes_key(), paste(whole(loop), whole(i), sep = ":")), "")
  }
  cause
}

# cause: a line. The supervisor writes it (bin/run-worker), and "killed" is its usual word: R died.
has_cause <- function(cause, word) identical(parse_line("causes", cause)$word, redis_word("causes.word", word))

# Pure
cause_text <- function(cause) {
  if (has_cause(cause, "container")) return("its container was ended with it, often for want of memory")
  parse_line("causes", cause)$text
}

# What the iteration printed last before it died, as its supervisor has found it
last_words <- function(worker, loop, i, cause) {
  said <- redis_call(worker$con, "HGET", last_output_key(), paste(whole(loop), whole(i), sep = ":"))
  if (!length(said) || !nzchar(said)) return(cause_text(cause))
  iconv(said, "UTF-8", "UTF-8", sub = "byte")
}

# Pure. An iteration that has run longer than it may would do so again.
is_given_up <- function(tries, cause, most_tries) tries >= most_tries || has_cause(cause, "time")

# large: its last worker had a machine's memory to itself
lost_error <- function(i, tries, cause, large = FALSE) {
  often <- if (tries == 1L) "once" else paste(as.integer(tries), "times")
  known <- if (nzchar(cause)) cause_text(cause) else "cause unknown"
  how <- if (has_cause(cause, "memory")) {
    sprintf("it ran out of memory %s (%s; %s in job.yaml)", often, known,
            if (large) "machines.types" else "worker.memory")
  } else {
    sprintf("it ended its R process %s (%s)", often, known)
  }
  why <- if (has_cause(cause, "time")) known else how
  fleet_error(sprintf("iteration %s was given up: %s", whole(i), why), "fleetLostError")
}
