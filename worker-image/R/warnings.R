# Warnings of iterations reach the script as those of %do% do: as conditions, which its handlers may take, and otherwise
# as options(warn) says. That happens when the loop has ended, in the order of the iterations. Until then they lie in
# Redis. Iterations that are reused do not warn again.

MOST_WARNED <- 2000L       # iterations of a loop whose warnings are kept; others are counted
MORE_WARNINGS <- "more"    # the field that counts them
RELAYED_BYTES <- 16 * 1024 # of a condition that goes as it is; of a larger one its message

# Under options(warn = 2) a warning is an error where it happens, if no handler takes it. Handlers of the script can
# take it only when the loop has ended. So where it has some, its iterations go on after a warning. What no handler
# takes is an error then.

# --- the worker's side

relayed_warning <- function(w) {
  is_small <- .Call(fleet_weight, w, list(), RELAYED_BYTES) < RELAYED_BYTES && !.Call(fleet_dead_reference, w) &&
    length(serialize(w, NULL, version = 3L)) <= RELAYED_BYTES
  if (is_small) return(w)
  structure(class = class(w), list(message = substr(conditionMessage(w), 1L, MAX_TEXT), call = NULL))
}

# Of finished iterations, in the transaction that stores their results. kept: of how many iterations Redis has some.
# That others may have passed the bound meanwhile does no harm.
relay_commands <- function(loop, entries, kept) {
  warned <- Filter(function(entry) length(entry$relayed$conditions) > 0L, entries)
  is_kept <- seq_along(warned) + kept <= MOST_WARNED
  counts <- vapply(warned[!is_kept], function(entry) length(entry$relayed$conditions) + entry$relayed$more, 0)
  c(lapply(warned[is_kept], function(entry) {
    list("HSET", loop_warnings_key(loop), whole(entry$i), serialize(entry$relayed, NULL, version = 3L))
  }), if (length(counts)) list(list("HINCRBY", loop_warnings_key(loop), MORE_WARNINGS, whole(sum(counts)))))
}

# --- the driver's side

# Each of list(i, conditions, more), in order; i is Inf where iterations are only counted. What a try has warned of
# counts only if the iteration has failed by it.
read_warnings <- function(fleet, loop) {
  key <- loop_warnings_key(loop$number)
  found <- list()
  cursor <- "0"
  repeat {
    page <- redis_send(fleet$con, list(list("HSCAN", key, cursor, "COUNT", "100")), raw = TRUE)[[1]]
    fields <- page[[2]]
    for (k in seq_len(length(fields) / 2L)) {
      name <- rawToChar(fields[[2L * k - 1L]])
      found[[name]] <- read_warned(name, fields[[2L * k]])
    }
    cursor <- rawToChar(page[[1]])
    if (identical(cursor, "0")) break
  }
  counts <- function(one) is.null(one$failed) || exists(whole(one$i), envir = loop$failed, inherits = FALSE)
  found <- Filter(counts, found)
  unname(found[order(vapply(found, function(one) one$i, 0))])
}

read_warned <- function(name, bytes) {
  if (name == MORE_WARNINGS) list(i = Inf, conditions = list(), more = as.numeric(rawToChar(bytes)))
  else c(list(i = as.numeric(name)), unserialize(bytes))
}

count_warnings <- function(warned) sum(vapply(warned, function(one) length(one$conditions) + one$more, 0))

relay_warnings <- function(loop) {
  warned <- loop$warned
  on.exit(.fleet$warned_iteration <- NULL)
  for (one in warned) {
    .fleet$warned_iteration <- one$i
    for (condition in one$conditions) relay_warning(condition, loop)
  }
  .fleet$warned_iteration <- NULL
  more <- sum(vapply(warned, function(one) one$more, 0))
  if (more > 0) warning(sprintf("%s more warnings of the loop's iterations are not shown", whole(more)), call. = FALSE)
}

# Handlers get the condition itself. What R shows by itself names the iteration.
relay_warning <- function(condition, loop) {
  withRestarts({
    signalCondition(condition)
    text <- shown_warning(condition)
    call <- conditionCall(condition)
    if (getOption("warn") >= 2L) stop(converted_warning(condition, loop))
    .Call(fleet_warn, call, text)
  }, muffleWarning = function() NULL)
}

# As the error that ends a loop would be
converted_warning <- function(condition, loop) {
  error <- simpleError(paste("(converted from warning)", conditionMessage(condition)), conditionCall(condition))
  if (identical(loop$error_handling, "stop")) loop_error(error, .fleet$warned_iteration, loop$expr) else error
}

warnings_wait <- function(settings) isTRUE(settings$options$warn >= 2L) && has_warning_handler()

# Is there a handler for warnings around the loop, besides our own?
has_warning_handler <- function() {
  any(vapply(seq_len(sys.nframe()), function(k) {
    establishes <- identical(sys.function(k), withCallingHandlers) || identical(sys.function(k), tryCatch)
    handlers <- if (establishes) get0("handlers", envir = sys.frame(k), inherits = FALSE)
    any(vapply(handlers[grepl("^condition$|[Ww]arning$", names(handlers))], is_of_script_code, NA))
  }, NA))
}

is_of_script_code <- function(handler) {
  is_own <- is.function(handler) && !is.primitive(handler) &&
    identical(topenv(environment(handler)), asNamespace("foreachfleet"))
  !is_own
}

shown_warning <- function(condition) {
  paste0(conditionMessage(condition),
         if (!is.null(.fleet$warned_iteration)) sprintf(" (iteration %s)", whole(.fleet$warned_iteration)))
}
