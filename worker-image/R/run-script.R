# The script in the driver: its expressions one after the other, and what is told of the one that failed.

# As Rscript does it: top-level expressions one by one in the global environment, visible values printed.
run_script <- function(session, program, name) {
  lines <- vapply(attr(program, "srcref"), function(ref) as.integer(ref)[1], 1L)
  problem <- NULL
  for (k in seq_along(program)) {
    .fleet$script_line <- paste0(name, ":", lines[k])
    problem <- run_expression(program[[k]])
    if (!is.null(problem)) break
  }
  if (is.null(problem)) return(invisible())
  text <- error_report(problem, name, lines[k])
  write_line(text, 2L)
  save_outputs_quietly(session)
  finish(session, "failed", paste0(name, " line ", lines[k], ": ", conditionMessage(problem$error)), 1L)
}

ENGINE_PACKAGES <- c("foreachfleet", "doRedis", "foreach", "iterators")

MOST_WARNINGS <- 50L # of one expression are shown, as many as R keeps

# NULL, or the error with its stack. Its warnings are written at once: a loop may take hours.
run_expression <- function(expression) {
  calls <- NULL
  warned <- 0L
  on.exit(if (warned > MOST_WARNINGS) {
    write_line(sprintf("and %d more warnings, which are not shown", warned - MOST_WARNINGS), 2L)
  })
  tryCatch({
    result <- withCallingHandlers(
      withVisible(eval(expression, envir = globalenv())),
      error = function(e) {
        calls <<- script_calls(sys.calls(), sys.parents(), lapply(seq_len(sys.nframe()), sys.function))
      },
      warning = function(w) {
        if (getOption("warn") != 0L) return()
        warned <<- warned + 1L
        if (warned <= MOST_WARNINGS) write_line(warning_text(w), 2L)
        tryInvokeRestart("muffleWarning")
      })
    if (result$visible) if (isS4(result$value)) methods::show(result$value) else print(result$value)
    NULL
  }, error = function(e) list(error = e, calls = calls))
}

warning_text <- function(w) {
  call <- conditionCall(w)
  paste0("Warning message:\n", if (!is.null(call)) paste0("In ", call_text(call), " : "), shown_warning(w))
}

error_report <- function(problem, name, line) {
  call <- conditionCall(problem$error)
  where <- if (!is.null(call)) paste0(" in ", call_text(call))
  stack <- script_stack(problem$calls)
  paste(c(sprintf("Error%s: %s", or_else(where, ""), conditionMessage(problem$error)),
          sprintf("  at %s line %d", name, line),
          if (length(stack)) c("Traceback (innermost last):", paste0("  ", stack))), collapse = "\n")
}

# Pure: the calls of which the script is told. A loop is one call of it: what foreach, doRedis and we do inside is left
# out, and what they call of base R. Functions of the script that these call in turn stay (.combine, iterators).
script_calls <- function(calls, parents, functions) {
  home <- vapply(functions, function(f) environmentName(topenv(environment(f))), "")
  loop <- vapply(calls, function(call) {
    is.call(call) && is.symbol(call[[1]]) && as.character(call[[1]]) %in% c("%dopar%", "%do%", "%dorng%", "foreach")
  }, NA)
  inside <- home %in% ENGINE_PACKAGES & !loop
  for (k in seq_along(calls)) {
    if (home[k] == "base" && parents[k] > 0L && inside[parents[k]]) inside[k] <- TRUE
  }
  start <- which(vapply(calls, function(call) identical(call, quote(eval(expression, envir = globalenv()))), NA))
  inside[seq_len(max(0L, start))] <- FALSE # the driver's own, which find the script's beginning
  calls[!inside]
}

script_stack <- function(calls) {
  start <- which(vapply(calls, function(call) identical(call, quote(eval(expression, envir = globalenv()))), NA))
  from <- if (length(start)) max(start) + 1L else 1L
  if (from > length(calls)) return(character())
  kept <- calls[from:length(calls)]
  own <- vapply(kept, function(call) {
    is.call(call) && is.symbol(call[[1]]) && as.character(call[[1]]) %in% c(".handleSimpleError", "withVisible")
  }, NA)
  vapply(kept[!own], call_text, "")
}
