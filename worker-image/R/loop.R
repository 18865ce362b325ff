# One loop as the driver sees it: what its iterations depend on, how it is submitted and combined. Of its iterations
# window.R has what is known of each, reuse.R what is known from before, suspicion.R which errors are believed, and
# counters.R the numbers.

new_loop <- function(fleet, number, it, obj, expr, envir, settings) {
  loop <- new_record(
    number = number,
    run = paste0(fleet$run, ":", whole(number)),
    label = loop_label(obj),
    id = NULL,              # doRedis' own, once the loop is published
    description = NULL,     # what doRedis published
    it = it,
    expr = expr,
    error_handling = obj$errorHandling,
    plain = NULL,           # all iterators are over plain vectors (unknown until it is asked for)
    combiner = new_combiner(it),
    stop_error = NULL,
    aborted = FALSE,
    # what the iterations depend on
    random = random_base(),
    exports = list(), noexport = character(), extra_exports = character(),
    objects = list(),       # exports that travel by themselves
    known = list(),         # the frames that the expression sees
    versions = NULL,
    settings = settings,    # what the script has told R (settings.R)
    to_describe = NULL,
    # the iterations
    window = new_window(),
    reuse = new_reuse(),
    suspicion = new_suspicion(),
    counters = new_counters(),
    errors = new.env(parent = emptyenv()), # of failed iterations, until they are combined
    news = character(),     # announcements taken from Redis and not yet read
    away = list(),          # values that lie in files of this attempt, and how far fetching them is
    fetches = NULL,         # all that are under way
    # submission
    task_size = NULL, task_bytes = 0, # of the last task
    most_items = NULL, refused_bytes = NULL, full_since = NULL, full_told = NULL, # when Redis has no room
    submitted_at = now_seconds(),
    absence = 0,            # longest recent time between two submissions
    # housekeeping
    housed_at = 0, quiet_since = NULL)
  find_dependencies(fleet, loop, obj, expr, envir)
  loop$window$prefix <- paste(loop$window$prefix, settings_text(settings), sep = "-")
  loop
}

loop_label <- function(obj) {
  names <- obj$argnames[nzchar(obj$argnames)]
  where <- .fleet$script_line
  paste0("foreach(", paste(names, collapse = ", "), ")", if (!is.null(where)) paste0(" at ", where))
}

# What the iterations depend on besides their arguments. doRedis exports what the expression mentions in its own frame;
# what lies further out, up to the global environment, is added, so that a loop inside a function works here as it does
# under %do%.
find_dependencies <- function(fleet, loop, obj, expr, envir) {
  seen <- new.env()
  noexport <- c(obj$noexport, obj$argnames)
  tryCatch(getexports(expr, seen, envir, bad = noexport), error = function(e) NULL)
  outer <- outer_symbols(expr, envir, setdiff(noexport, obj$export))
  for (name in setdiff(outer, ls(seen, all.names = TRUE))) assign(name, get(name, envir = envir), envir = seen)
  for (name in setdiff(obj$export, ls(seen, all.names = TRUE))) {
    if (exists(name, envir)) assign(name, get(name, envir = envir), envir = seen)
  }
  exports <- mget(setdiff(ls(seen, all.names = TRUE), "..."), envir = seen)
  from_data <- Filter(function(name) is_unchanged_data(fleet, name, exports[[name]]), names(exports))
  loop$exports <- exports[setdiff(names(exports), from_data)]
  loop$noexport <- unique(c(obj$noexport, from_data))
  loop$extra_exports <- setdiff(unique(c(obj$export, outer)), from_data)
  loop$known <- list(seen, envir)
  dots <- tryCatch(eval(quote(list(...)), envir), error = function(e) NULL)
  packages <- c(obj$packages, environment_package(envir))
  loop$versions <- package_versions(packages)
  parts <- loop_key_parts(expr, c(loop$exports, list(`...` = dots)), packages, loop$random, loop$known,
                          fleet$data_hashes[from_data])
  loop$window$prefix <- paste(parts, collapse = "-")
  loop$window$suffix <- fleet$key_suffix
}

environment_package <- function(envir) {
  env <- topenv(envir)
  if (isNamespace(env)) getNamespaceName(env) else NULL
}

# Data that every worker loaded from the same file need not travel, as long as the script has not changed it.
is_unchanged_data <- function(fleet, name, value) !is.null(fleet$data[[name]]) && identical(value, fleet$data[[name]])

# Free symbols of the expression, and of the functions it reaches, that are defined outside the loop's own frame but not
# in a package.
outer_symbols <- function(expr, envir, bad) {
  found <- character()
  visited <- character()
  # `f(x) <- y` calls a function that no symbol of the expression names
  replacing <- tryCatch(grep("<-$", codetools::findGlobals(as.function(list(expr))), value = TRUE),
                        error = function(e) NULL)
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
    if (is.function(value) && !is.primitive(value) &&
        (identical(environment(value), globalenv()) || identical(environment(value), envir))) {
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
