# Handing results to the loop's .combine function.
#
# foreach's own accumulator names each result by a new symbol ("result.123"), which R never forgets, and looks for the end of its buffer with each
# result: 0.1 ms and 150 bytes each, for ever. Functions written in R may see these names (rbind() makes row names of them), so they get foreach's
# accumulator. Functions that cannot see them, c(), `+` and other built-in ones, and collecting into a list, which is foreach's default, get their
# arguments in the same groups from here.

COMBINE_SLICE_SECONDS <- 0.1

new_combiner <- function(it) {
  if (!identical(class(it), c("iforeach", "iter")) || isTRUE(it$verbose)) return(NULL)
  info <- it$combineInfo
  collects <- identical(body(info$fun), quote(c(a, list(...)))) && identical(environment(info$fun), asNamespace("foreach")) && identical(it$state$accum, list())
  if (!collects && typeof(info$fun) != "builtin") return(NULL)
  m <- new.env(parent = emptyenv())
  m$collects <- collects
  m$most <- info$max.combine
  m$group <- if (collects) vector("list", 1024L) else list()
  m$size <- 0L   # results in the group, failed ones included
  m$values <- 0L # of them, those that have a value
  m
}

# One result, or the error of an iteration that failed
accept_result <- function(L, result, i) {
  m <- L$combiner
  if (is.null(m)) return(accumulate(L$it, result, i))
  state <- L$it$state
  state$numResults <- state$numResults + 1L
  left_out <- inherits(result, "error") && L$error_handling %in% c("stop", "remove")
  if (left_out && is.null(state$errorValue)) {
    state$errorValue <- result
    state$errorIndex <- i
  }
  m$size <- m$size + 1L
  if (!left_out) add_to_group(m, result)
  if (!m$collects && m$size >= m$most - !state$first.time) combine_group(L)
}

add_to_group <- function(m, result) {
  m$values <- m$values + 1L
  if (m$collects && m$values > length(m$group)) length(m$group) <- 2L * length(m$group)
  if (m$collects) put(m$group, m$values, result) else m$group[m$values] <- list(result)
}

combine_group <- function(L) {
  m <- L$combiner
  state <- L$it$state
  group <- m$group[seq_len(m$values)]
  if (!m$collects) m$group <- list()
  m$size <- m$values <- 0L
  if (!length(group)) return(invisible())
  state$accum <-
    if (m$collects) group
    else if (!state$first.time) call_combine(state$fun, c(list(state$accum), group))
    else if (length(group) > 1L) call_combine(state$fun, group)
    else group[[1]]
  state$first.time <- FALSE
}

call_combine <- function(fun, values) {
  if (length(values) == 2L) return(fun(values[[1]], values[[2]]))
  do.call(fun, values, quote = any(vapply(values, is.language, NA)))
}

# The last group is smaller.
finish_combining <- function(L) if (!is.null(L$combiner)) combine_safely(combine_group(L))

# As other backends do: a failing .combine is told, and the loop goes on.
combine_safely <- function(step) {
  tryCatch(step, error = function(e) {
    cat("error calling combine function:\n")
    print(e)
  })
}

# Each result reaches .combine once and in order, whatever the order and number of arrivals. Also with .inorder = FALSE, which allows any order: a
# sum of floating-point numbers depends on theirs, and a value must not depend on the schedule. A slow .combine does not keep the workers waiting:
# after a slice of time the driver looks after them again. TRUE: there is more to combine.
combine_ready <- function(f, L) {
  until <- now_seconds() + COMBINE_SLICE_SECONDS
  while (is_combinable(L, L$combined + 1L)) {
    if (now_seconds() > until) return(TRUE)
    L$combined <- L$combined + 1L
    combine_one(L, L$combined, L$status[L$combined - L$base] == FAILED)
  }
  FALSE
}

is_combinable <- function(L, i) {
  if (i > L$count) return(FALSE)
  status <- L$status[i - L$base]
  status == STORED || (status == FAILED && !identical(L$error_handling, "stop"))
}

combine_one <- function(L, i, failed) {
  if (failed) {
    id <- whole(i)
    result <- L$errors[[id]]
    rm(list = id, envir = L$errors)
  } else {
    result <- unserialize(stored_value(L, i))
  }
  combine_safely(accept_result(L, result, i))
}
