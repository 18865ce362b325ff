# Handing results to the loop's .combine function.
#
# foreach's own accumulator names each result by a new symbol ("result.123"), which R never forgets. With each result it
# looks for the end of its buffer. That costs 0.1 ms and 150 bytes each, for ever. Functions written in R may see these
# names (rbind() makes row names of them), so they get foreach's accumulator. Functions that cannot see them, c(), `+`
# and other built-in ones, and collecting into a list, which is foreach's default, get their arguments in the same
# groups from here.

COMBINE_SLICE_SECONDS <- 0.1

new_combiner <- function(it) {
  if (!identical(class(it), c("iforeach", "iter")) || isTRUE(it$verbose)) return(NULL)
  info <- it$combineInfo
  collects <- identical(body(info$fun), quote(c(a, list(...)))) &&
    identical(environment(info$fun), asNamespace("foreach")) && identical(it$state$accum, list())
  if (!collects && typeof(info$fun) != "builtin") return(NULL)
  combiner <- new_record(
    collects = collects,
    most = info$max.combine,
    group = if (collects) vector("list", 1024L) else list(),
    size = 0L,   # results in the group, failed ones included
    values = 0L) # of them, those that have a value
  combiner
}

# One result, or the error of an iteration that failed
accept_result <- function(loop, result, i) {
  combiner <- loop$combiner
  if (is.null(combiner)) return(accumulate(loop$it, result, i))
  state <- loop$it$state
  state$numResults <- state$numResults + 1L
  left_out <- inherits(result, "error") && loop$error_handling %in% c("stop", "remove")
  if (left_out && is.null(state$errorValue)) {
    state$errorValue <- result
    state$errorIndex <- i
  }
  combiner$size <- combiner$size + 1L
  if (!left_out) add_to_group(combiner, result)
  if (!combiner$collects && combiner$size >= combiner$most - !state$first.time) combine_group(loop)
}

add_to_group <- function(combiner, result) {
  combiner$values <- combiner$values + 1L
  if (!combiner$collects) {
    combiner$group[combiner$values] <- list(result)
    return(invisible())
  }
  if (combiner$values > length(combiner$group)) length(combiner$group) <- 2L * length(combiner$group)
  put(combiner$group, combiner$values, result)
}

combine_group <- function(loop) {
  combiner <- loop$combiner
  state <- loop$it$state
  group <- combiner$group[seq_len(combiner$values)]
  if (!combiner$collects) combiner$group <- list()
  combiner$size <- combiner$values <- 0L
  if (!length(group)) return(invisible())
  state$accum <-
    if (combiner$collects) group
    else if (!state$first.time) call_combine(state, c(list(state$accum), group))
    else if (length(group) > 1L) call_combine(state, group)
    else group[[1]]
  state$first.time <- FALSE
}

# Where foreach evaluates it, for that decides which methods a built-in function finds
call_combine <- function(state, values) {
  is_code <- vapply(values, is.language, NA)
  values[is_code] <- lapply(values[is_code], function(value) as.call(list(quote, value)))
  eval(as.call(c(state$fun, values)), state)
}

# The last group is smaller.
finish_combining <- function(loop) if (!is.null(loop$combiner)) combine_safely(combine_group(loop))

# As other backends do: a failing .combine is told, and the loop goes on.
combine_safely <- function(step) {
  tryCatch(as_script(step), error = function(e) {
    cat("error calling combine function:\n")
    print(e)
  })
}

# Each result reaches .combine once and in order, whatever the order and number of arrivals. Also with .inorder = FALSE,
# which allows any order: a sum of floating-point numbers depends on theirs, and a value must not depend on the
# schedule. A slow .combine does not keep the workers waiting: after a slice of time the driver looks after them again.
# TRUE: there is more to combine.
combine_ready <- function(loop) {
  until <- now_seconds() + COMBINE_SLICE_SECONDS
  window <- loop$window
  while (is_combinable(loop, window$combined + 1L)) {
    if (now_seconds() > until) return(TRUE)
    window$combined <- window$combined + 1L
    combine_one(loop, window$combined, status_of(window, window$combined) == FAILED)
  }
  FALSE
}

is_combinable <- function(loop, i) {
  if (i > loop$window$count) return(FALSE)
  status <- status_of(loop$window, i)
  status == STORED || (status == FAILED && !identical(loop$error_handling, "stop"))
}

combine_one <- function(loop, i, failed) {
  if (failed) {
    id <- whole(i)
    result <- loop$errors[[id]]
    rm(list = id, envir = loop$errors)
  } else {
    result <- relinked(loop, unserialize(stored_value(loop$window, i)))
  }
  combine_safely(accept_result(loop, result, i))
}
