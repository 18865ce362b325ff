# One loop as the driver sees it: what its iterations depend on, and the counters. window.R has the iterations themselves.

new_loop <- function(f, number, it, obj, expr, envir) {
  L <- new.env(parent = emptyenv())
  L$number <- number
  L$run <- paste0(f$run, ":", whole(number))
  L$label <- loop_label(obj, number)
  L$it <- it
  L$error_handling <- obj$errorHandling
  L$id <- NULL
  L$expr <- expr
  L$exhausted <- FALSE   # the iterators have ended
  new_window(L)
  L$combiner <- new_combiner(it)
  L$errors <- new.env(parent = emptyenv()) # of failed iterations, until they are combined
  L$away <- list()       # values that lie in files of this attempt, and how far fetching them is
  L$held <- list()       # errors that are not yet believed
  L$doubted <- list()    # iterations with a second opinion under way: the worker that failed
  L$asked <- list()      # of these, the errors that will end the loop unless they are refuted
  L$records <- list()    # of each worker, how many iterations went well and how many failed
  L$next_pending <- 1L
  L$requeued <- integer()
  L$tasks <- 0L          # doRedis task numbers given out
  L$task_items <- list() # of each unfinished one, its iterations
  L$left_running <- integer() # what workers ran already when this driver began
  L$news <- character()  # announcements taken from Redis and not yet read
  L$result_bytes <- 0
  L$submitted_at <- now_seconds()
  L$absence <- 0         # longest recent time between two submissions
  L$executed <- 0L
  L$reused <- 0L
  L$failed <- 0L
  L$finished <- 0L
  L$seconds <- L$seconds2 <- L$longest <- 0
  L$started_at <- now_seconds()
  L$reasons <- list()
  L$objects <- list()    # exports that travel by themselves
  L$stop_error <- NULL
  L$aborted <- FALSE
  L$random <- random_base()
  find_dependencies(f, L, obj, expr, envir)
  L
}

loop_label <- function(obj, number) {
  names <- obj$argnames[nzchar(obj$argnames)]
  where <- .fleet$script_line
  paste0("foreach(", paste(names, collapse = ", "), ")", if (!is.null(where)) paste0(" at ", where))
}

# What the iterations depend on besides their arguments. doRedis exports what the expression mentions in its own frame; what lies further out,
# up to the global environment, is added, so that a loop inside a function works here as it does under %do%.
find_dependencies <- function(f, L, obj, expr, envir) {
  seen <- new.env()
  noexport <- c(obj$noexport, obj$argnames)
  tryCatch(getexports(expr, seen, envir, bad = noexport), error = function(e) NULL)
  outer <- outer_symbols(expr, envir, setdiff(noexport, obj$export))
  for (name in setdiff(outer, ls(seen, all.names = TRUE))) assign(name, get(name, envir = envir), envir = seen)
  for (name in setdiff(obj$export, ls(seen, all.names = TRUE))) if (exists(name, envir)) assign(name, get(name, envir = envir), envir = seen)
  exports <- mget(setdiff(ls(seen, all.names = TRUE), "..."), envir = seen)
  from_data <- names(exports)[vapply(names(exports), function(name) is_unchanged_data(f, name, exports[[name]]), NA)]
  L$exports <- exports[setdiff(names(exports), from_data)]
  L$noexport <- unique(c(obj$noexport, from_data))
  L$extra_exports <- setdiff(unique(c(obj$export, outer)), from_data)
  L$known <- list(seen, envir)
  dots <- tryCatch(eval(quote(list(...)), envir), error = function(e) NULL)
  packages <- c(obj$packages, environment_package(envir))
  L$versions <- package_versions(packages)
  parts <- loop_key(expr, c(L$exports, list(`...` = dots)), packages, L$random, L$known, f$data_hashes[from_data])
  L$prefix <- paste(parts, collapse = "-")
  L$suffix <- f$key_suffix
}

environment_package <- function(envir) {
  env <- topenv(envir)
  if (isNamespace(env)) getNamespaceName(env) else NULL
}

# Data that every worker loaded from the same file need not travel, as long as the script has not changed it.
is_unchanged_data <- function(f, name, value) !is.null(f$data[[name]]) && identical(value, f$data[[name]])

# Free symbols of the expression, and of the functions it reaches, that are defined outside the loop's own frame but not in a package.
outer_symbols <- function(expr, envir, bad) {
  found <- character()
  visited <- character()
  # `f(x) <- y` calls a function that no symbol of the expression names
  replacing <- tryCatch(grep("<-$", codetools::findGlobals(as.function(list(expr))), value = TRUE), error = function(e) NULL)
  todo <- unique(c(all.names(expr, unique = TRUE), replacing))
  while (length(todo)) {
    name <- todo[1]
    todo <- todo[-1]
    if (name %in% c(visited, bad, "...") || !nzchar(name)) next
    visited <- c(visited, name)
    home <- defining_frame(name, envir)
    if (is.null(home)) next
    if (!identical(home, envir) || name %in% replacing) found <- c(found, name)
    value <- tryCatch(get(name, envir = home), error = function(e) NULL)
    if (is.function(value) && !is.primitive(value) && (identical(environment(value), globalenv()) || identical(environment(value), envir))) {
      todo <- c(todo, setdiff(codetools::findGlobals(value), visited))
    }
  }
  found
}

defining_frame <- function(name, envir) {
  env <- envir
  repeat {
    if (identical(env, emptyenv()) || identical(env, baseenv()) || isNamespace(env)) return(NULL)
    if (exists(name, envir = env, inherits = FALSE)) return(env)
    if (identical(env, globalenv())) return(NULL)
    env <- parent.env(env)
  }
}
