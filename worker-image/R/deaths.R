# Iterations that ended their R process: what is known of them, and when one is given up. The supervisor counts
# (bin/run-worker), for R is dead then.

EXPLAINED_SECONDS <- 120L # a pass comes at least once a minute

# What is known of the iterations of a task: which are done, and how often each ended its R process. Nearly always
# nothing, so that is asked first. also: a command that travels with the questions. NULL: the task is of an earlier
# session.
look_before <- function(worker, loop, batch, also) {
  first <- min(batch$i) %/% 8L
  range <- list("GETRANGE", done_key(loop), whole(first), whole(max(batch$i) %/% 8L))
  replies <- redis_send(worker$con, list(also, list("HLEN", tries_key()), range, list("GET", session_key())),
                        raw = TRUE)
  if (!serves_session(worker, replies[[4]])) return(NULL)
  none <- character(length(batch$i))
  found <- list(done = bit_flags(replies[[3]])[batch$i - 8L * first + 1L] %in% TRUE, also = replies[[1]],
                tries = integer(length(batch$i)), cause = none, loading = none)
  if (identical(replies[[2]], 0)) return(found)
  ids <- paste(whole(loop), whole(batch$i), sep = ":")
  deaths <- redis_send(worker$con, lapply(c(tries_key(), causes_key(), loading_key()),
                                          function(key) list("HMGET", key, ids)))
  text <- function(reply) vapply(reply, function(x) if (is.null(x)) "" else as.character(x), "")
  tries <- suppressWarnings(as.integer(text(deaths[[1]])))
  found$tries <- ifelse(is.na(tries), 0L, tries)
  found$cause <- text(deaths[[2]])
  found$loading <- text(deaths[[3]])
  found
}

# What is known of the deaths of a task's k-th iteration: how many, the cause of the last one, and what R was loading
# then (nothing: the iteration ran).
death_of <- function(worker, loop, batch, found, k) {
  tries <- found$tries[k]
  cause <- if (tries > 0L) await_explanation(worker, loop, batch$i[k], found$cause[k]) else ""
  list(k = k, i = batch$i[k], tries = tries, cause = cause, loading = found$loading[k])
}

# What the supervisor needs should this task end R: how long its iterations usually take, and whose it is.
tell_supervisor <- function(worker, batch) {
  if (is.null(worker$state_dir)) return(invisible())
  cat(or_else(batch$expected, NA), batch$session, "\n", file = file.path(worker$state_dir, "task"))
}

# Why a container ended Kubernetes alone knows. In a job a pass asks it, and puts the answer in the cause's place. The
# verdict on the iteration waits for that, but not for ever: nobody answers while no pass comes.
await_explanation <- function(worker, loop, i, cause) {
  until <- now_seconds() + EXPLAINED_SECONDS
  if (has_cause(cause, "container") && !is.null(worker$inputs)) {
    say("loop %s, iteration %s ended with its container: waiting up to %d s for Kubernetes' reason",
        whole(loop), whole(i), EXPLAINED_SECONDS)
  }
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

# verdict: "give up" or "move", as judge_deaths() says. setup: only the loop's number is known before it is loaded.
settle_deaths <- function(worker, setup, item, death, verdict, replay = NULL) {
  if (verdict == "move") return(move_to_large(worker, setup$loop, death$k, death$tries))
  if (is.raw(item$args)) item$args <- list() # nobody has read them, for that may be what R dies of
  journal_error(worker, setup, item, lost_error(death, worker$large),
                list(try = death$tries, seconds = 0, output = last_words(worker, setup$loop, death$i, death$cause),
                     replay = replay))
}

# Pure. large: its last worker had a machine's memory to itself
lost_error <- function(death, large = FALSE) {
  why <- how_it_died(death, large)
  error <- fleet_error(sprintf("iteration %s was given up: %s", whole(death$i), why),
                       c(if (nzchar(death$loading)) "fleetLoadError", "fleetLostError"))
  error$why <- why
  error
}

how_it_died <- function(death, large) {
  cause <- death$cause
  often <- if (death$tries == 1L) "once" else paste(as.integer(death$tries), "times")
  known <- if (nzchar(cause)) cause_text(cause) else "cause unknown"
  if (has_cause(cause, "time")) return(known)
  memory <- has_cause(cause, "memory")
  if (memory) known <- paste0(known, "; ", if (large) "machines.types" else "worker.memory", " in job.yaml")
  what <- if (nzchar(death$loading)) {
    sprintf("R %s %s, %swhile it loaded %s", if (memory) "ran out of memory" else "died", often,
            if (death$tries > 1L) "last " else "", death$loading)
  } else if (memory) paste("it ran out of memory", often)
  else paste("it ended its R process", often)
  sprintf("%s (%s)", what, known)
}
