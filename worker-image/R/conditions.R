# Evaluating one iteration, and keeping what explains a failure: traceback, warnings, messages, output.

MAX_KEPT <- 50L
MAX_TEXT <- 2000L

# The variable names and the call `eval(xpr, envir = envir)` are those of foreach's own %do%, so that an error's call is
# the same as there. use: makes of the value what is returned; its errors count as the iteration's. go_on: a warning is
# no error, for the script may have a handler that takes it (warnings.R).
evaluate_iteration <- function(xpr, envir, on_text, use = function(value, warning_count) value, go_on = FALSE) {
  warnings <- character()
  relayed <- list()
  count <- 0L
  calls <- NULL
  depth <- sys.nframe()
  outcome <- tryCatch({
    value <- withCallingHandlers(
      eval(xpr, envir = envir),
      error = function(e) calls <<- tryCatch(sys.calls(), error = function(e) NULL),
      warning = function(w) {
        # R itself turns the warning into an error, or drops it, once no handler has taken it
        if (getOption("warn") >= 2L && !go_on) return()
        if (length(relayed) < MAX_KEPT) relayed[[length(relayed) + 1L]] <<- relayed_warning(w)
        if (getOption("warn") < 0L) tryInvokeRestart("muffleWarning")
        count <<- count + 1L
        if (count <= MAX_KEPT) {
          text <- conditionMessage(w)
          call <- conditionCall(w)
          if (!is.null(call)) text <- paste0("In ", call_text(call), ": ", text)
          warnings <<- c(warnings, text)
          on_text(paste0("Warning: ", text, "\n"))
        }
        tryInvokeRestart("muffleWarning")
      },
      message = function(m) {
        on_text(conditionMessage(m))
        tryInvokeRestart("muffleMessage")
      })
    list(value = use(value, count))
  }, error = function(e) list(error = e))
  outcome$warnings <- warnings
  outcome$warning_count <- count
  outcome$relayed <- list(conditions = relayed, more = max(0L, count - length(relayed)))
  if (!is.null(outcome$error)) outcome$traceback <- traceback_text(calls, depth)
  outcome
}

call_text <- function(call) {
  text <- tryCatch(deparse(call, width.cutoff = 200L, nlines = 1L)[1], error = function(e) "<call>")
  substr(text, 1L, 200L)
}

# The user's part of the stack, innermost last; our own frames and the handler's are left out.
traceback_text <- function(calls, depth) {
  if (is.null(calls)) return(character())
  ours <- which(vapply(calls, function(call) identical(call, quote(eval(xpr, envir = envir))), NA))
  from <- if (length(ours)) min(ours) + 1L else depth + 1L
  while (from <= length(calls) && identical(calls[[from]], quote(eval(xpr, envir = envir)))) from <- from + 1L
  handlers <- which(vapply(calls, function(call) is.call(call) && identical(call[[1]], quote(.handleSimpleError)), NA))
  to <- if (length(handlers)) min(handlers[handlers >= from], length(calls) + 1L) - 1L else length(calls) - 1L
  if (to < from) return(character())
  kept <- calls[from:to]
  if (length(kept) > 40L) kept <- c(kept[1:20], list(quote(...)), kept[(length(kept) - 18L):length(kept)])
  vapply(kept, function(call) {
    line <- attr(call, "srcref")
    where <- if (!is.null(line)) paste0("#", line[1], ": ") else ""
    paste0(where, call_text(call))
  }, "")
}

# Arguments of an iteration, printed short
argument_text <- function(args) {
  if (!length(args)) return("")
  one <- function(name) {
    value <- args[[name]]
    text <- tryCatch(paste(deparse(value, width.cutoff = 60L, nlines = 2L), collapse = " "),
                     error = function(e) class(value)[1])
    if (nchar(text) > 120L) {
      text <- sprintf("%s ... <%s of length %.0f>", substr(text, 1L, 100L), class(value)[1], length(value))
    }
    paste0(name, " = ", text)
  }
  paste(vapply(names(args), one, ""), collapse = ", ")
}

session_text <- function() {
  others <- setdiff(loadedNamespaces(), c("base", "methods", "utils", "stats", "graphics", "grDevices", "datasets",
                                          "compiler", "parallel", "tools"))
  versions <- vapply(sort(others), function(p) paste(p, package_version_text(p)), "")
  paste0(R.version.string, "; ", R.version$platform, "; ", paste(versions, collapse = ", "))
}

memory_mb <- function() {
  status <- tryCatch(readLines("/proc/self/status"), error = function(e) character(), warning = function(w) character())
  line <- grep("^VmRSS:", status, value = TRUE)
  if (length(line)) round(as.numeric(gsub("[^0-9]", "", line)) / 1024, 1) else NA
}

# The error that reaches the script from a loop with .errorhandling = "stop": foreach's message, the task's own classes
# and fields.
loop_error <- function(cond, index, call) {
  out <- tryCatch(unclass(cond), error = function(e) list())
  if (!is.list(out)) out <- list()
  out$message <- sprintf("task %d failed - \"%s\"", index, conditionMessage(cond))
  out$call <- call
  own <- setdiff(class(cond), c("simpleError", "error", "condition"))
  structure(out, class = c("fleetTaskError", own, "simpleError", "error", "condition"))
}

# An iteration that gave no value for a reason outside R code: its process died, ran too long, ...
fleet_error <- function(message, class) {
  structure(class = c(class, "fleetError", "error", "condition"), list(message = message, call = NULL))
}
