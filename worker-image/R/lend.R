# Variables of the script that no code of a loop names, as far as can be seen from outside. Their names are put together
# when it runs, or stand in data. They do not travel. Workers have a promise in the place of each, and ask for the value
# when somebody looks (borrow.R). Code that asks what there is finds the names.
#
# What an iteration has borrowed is written into its key, each with a digest of its value. So a resume sees that such a
# variable has changed, though nothing else of the key depends on it.

LENT_SECONDS <- 600        # a worker that has died asks no more
MOST_LENT <- 100000L       # names; of more, workers are told no more than that they are missing
MOST_KEY_BYTES <- 900L     # of a key with what was borrowed
NOT_KNOWN <- "-"           # in place of a digest: no resume can use that result

new_loans <- function(carried) {
  names <- lapply(seq_along(carried$levels), function(k) lendable(carried, k))
  room <- MOST_LENT - cumsum(c(0L, lengths(names)))[seq_along(names)]
  names <- Map(function(of_level, left) utils::head(of_level, max(0L, left)), names, room)
  new_record(
    names = names,
    # as they are when the loop begins: .combine may change them
    values = lapply(seq_along(names), function(k) .Call(fleet_bindings, carried$levels[[k]], names[[k]])),
    answers = list(), # what was told of those that were asked for, by number
    apart = list(),   # those of them that lead to environments
    digests = list()) # by level and name
}

# Of a level, what travels neither with the loop nor with the script's definitions
lendable <- function(carried, k) {
  level <- carried$levels[[k]]
  sent <- c(carried$used[[k]], carried$unused[[k]], carried$hidden, NEVER_CARRIED)
  if (k == carried$depth + 1L) sent <- c(sent, names(carried$definitions$functions), carried$from_data)
  names <- setdiff(ls(level, all.names = TRUE, sorted = FALSE), sent)
  names <- grep(CLASS_METADATA, names, value = TRUE, invert = TRUE)
  is_value <- .Call(fleet_holds_value, level, names)
  c(names[is_value], waiting_promises(level, setdiff(names[!is_value], "...")))
}

# What is not evaluated yet is evaluated when somebody asks, as in the session.
waiting_promises <- function(level, names) {
  held <- .Call(fleet_bindings, level, names[!vapply(names, bindingIsActive, NA, level)])
  names(held)[vapply(held, typeof, "") == "promise"]
}

# list(level, name, value) of a number: levels are counted through
lent_variable <- function(loans, id) {
  ends <- cumsum(lengths(loans$names))
  k <- findInterval(id - 1, ends) + 1L
  at <- id - c(0L, ends)[k]
  list(level = k, name = loans$names[[k]][at], value = loans$values[[k]][at])
}

# --- the driver's side of a request: a line among the announcements of results

is_request <- function(lines) grepl(paste0(" ", FLAG_QUESTION, " "), lines, fixed = TRUE)

answer_requests <- function(fleet, loop, lines) {
  for (line in lines) {
    question <- parse_line("arrived", line)
    id <- as.integer(question$i)
    run <- question$key
    # the worker still has the loop as a driver before this one described it
    answer <- if (identical(run, loop$run)) lend(fleet, loop, id) else list(problem = "the driver began again")
    text <- to_json(do.call(redis_object, c(list("lent", run = run, id = id), answer)))
    pod <- pod_of(question$worker)
    redis_send(fleet$con, list(list("RPUSH", lent_key(pod), text), list("EXPIRE", lent_key(pod), whole(LENT_SECONDS))))
  }
}

# What the worker is told: where the value is, or why it cannot have it
lend <- function(fleet, loop, id) {
  loans <- loop$loans
  known <- loans$answers[[whole(id)]]
  if (!is.null(known)) return(known)
  variable <- lent_variable(loans, id)
  answer <- tryCatch(publish_loan(fleet, loop, variable), error = function(e) {
    list(problem = sprintf("the script's object %s cannot be sent to workers: %s", variable$name, conditionMessage(e)))
  })
  loans$answers[[whole(id)]] <- answer
  answer
}

publish_loan <- function(fleet, loop, variable) {
  value <- variable$value[[1]]
  is_plain <- .Call(fleet_plain, value)
  mark <- loan_mark(loop, variable$level, variable$name, value) # fails for what is nested too deep to be read again
  if (!is_plain) check_loan(loop, variable)
  bytes <- serialize_scope(value, loop$carried)
  digest <- publish_bytes(fleet, loop, variable$name, bytes)
  object <- loop$objects[[length(loop$objects)]]
  if (!is_plain) loop$loans$apart <- c(loop$loans$apart, variable$value)
  list(digest = digest, way = object$way, bytes = object$bytes, plain = is_plain, mark = mark)
}

# It travels by itself: what it shares with other variables would be two things on the worker.
check_loan <- function(loop, variable) {
  carried <- loop$carried
  sent <- lapply(seq_along(carried$levels), function(k) copy_bindings(carried$levels[[k]], carried$used[[k]]))
  if (!.Call(fleet_shares, variable$value, c(sent, loop$loans$apart), carried$levels)) return(invisible())
  stop(sprintf("it shares an environment with other variables. Name it in .export = \"%s\"", variable$name),
       call. = FALSE)
}

# The objects that are lent, when the others are sent anew
lent_objects <- function(loop) {
  lent <- vapply(loop$loans$answers, function(answer) or_else(answer$digest, ""), "")
  Filter(function(object) object$digest %in% lent, loop$objects)
}

# --- in keys: "!level.name:digest+...", behind the session's seed

loan_mark <- function(loop, k, name, value) {
  paste0(k, ".", utils::URLencode(name, reserved = TRUE), ":", loan_digest(loop, k, name, value))
}

loan_digest <- function(loop, k, name, value) {
  id <- paste(k, name)
  if (is.null(loop$loans$digests[[id]])) {
    loop$loans$digests[[id]] <- short_hash(value, sent_frames(loop$carried))
  }
  loop$loans$digests[[id]]
}

# As the worker writes it
marked_key <- function(key, marks) {
  if (!length(marks)) return(key)
  marks <- paste(sort_names(marks), collapse = "+")
  text <- paste0(key, if (!grepl("~", key, fixed = TRUE)) "~", "!", marks)
  if (nchar(text) <= MOST_KEY_BYTES) text else sub("!.*", paste0("!", NOT_KNOWN), text)
}

key_mark <- function(keys) ifelse(grepl("!", keys, fixed = TRUE), sub("^[^!]*", "", keys), "")

# Has the script all that was borrowed, and the same?
same_loans <- function(loop, mark) {
  if (!nzchar(mark)) return(TRUE)
  parts <- regmatches(mark, gregexpr("[^!+]+", mark))[[1]]
  all(vapply(parts, function(part) {
    fields <- regmatches(part, regexec("^([0-9]+)[.]([^:]+):([0-9a-f]+)$", part))[[1]]
    if (!length(fields)) return(FALSE)
    level <- loop$carried$levels[[as.integer(fields[2])]]
    name <- utils::URLdecode(fields[3])
    if (!.Call(fleet_holds_value, level, name)) return(FALSE)
    now <- tryCatch(loan_digest(loop, fields[2], name, get(name, envir = level)), error = function(e) NOT_KNOWN)
    identical(now, fields[4])
  }, NA))
}
