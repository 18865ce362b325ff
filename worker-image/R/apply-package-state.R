# The worker's side of package-state.R: a loop's changes of packages are made when the package is loaded. They are put
# back after each iteration that has changed them again, and taken back before the next loop.

new_package_state <- function() new_record(pending = list(), made = list())

# changes: as package_changes() has them
apply_package_state <- function(state, changes) {
  undo_package_state(state)
  state$pending <- split(as.list(changes), vapply(changes, function(change) change$package, ""))
  meet_packages(state, intersect(names(state$pending), loadedNamespaces()))
}

# Packages that have just been loaded
meet_packages <- function(state, packages) {
  for (package in intersect(packages, names(state$pending))) {
    for (change in state$pending[[package]]) make_change(state, change)
    state$pending[[package]] <- NULL
  }
}

make_change <- function(state, change) {
  if (identical(change$path, "told")) return(make_told(state, change))
  env <- tryCatch(follow_path(change), error = function(e) NULL)
  if (is.null(env)) stop(fleet_error(sprintf(paste(
    "the script has changed %s in package %s, and the worker's package has no such variable: give both the same",
    "version of it"), change$name, change$package), "fleetSettingsError"))
  before <- mget(change$name, envir = env, ifnotfound = list(NULL), inherits = FALSE)
  value <- change$value
  if (is.null(value)) {
    value <- before
    value[[1]][names(change$elements)] <- change$elements
  } else if (is.na(names(value))) {
    value <- NULL
  }
  if (!exists(change$name, envir = env, inherits = FALSE)) before <- NULL
  state$made <- c(list(list(env = env, name = change$name, before = before, value = value)), state$made)
  put_variable(env, change$name, value)
}

make_told <- function(state, change) {
  before <- read_told(change$package)
  if (is.null(before)) {
    stop(fleet_error(sprintf("the worker's package %s has no %s(): give both the same version of it", change$package,
                             change$name), "fleetSettingsError"))
  }
  state$made <- c(list(list(told = change$package, before = before, value = change$value[[1]])), state$made)
  write_told(change$package, change$value[[1]])
}

# value: a list of one, or NULL to remove it
put_variable <- function(env, name, value) {
  is_locked <- is_locked(name, env)
  open <- or_else(attr(unlockBinding, "original"), unlockBinding)
  if (is_locked) open(name, env)
  if (!is.null(value)) assign(name, value[[1]], envir = env)
  else if (exists(name, envir = env, inherits = FALSE)) rm(list = name, envir = env)
  if (is_locked) lockBinding(name, env)
}

# The attached variables of a package that is not attached are nobody's.
follow_path <- function(change) {
  space <- if (change$package == "base") baseenv() else asNamespace(change$package)
  if (!length(change$path)) return(space)
  if (identical(change$path, "attached")) {
    name <- paste0("package:", change$package)
    return(if (name %in% search()) as.environment(name) else new.env())
  }
  at <- get(change$path[1], envir = space, inherits = FALSE)
  for (step in change$path[-1]) {
    name <- substring(step, 2L)
    at <- switch(substr(step, 1L, 1L), "$" = get(name, envir = at, inherits = FALSE),
                 "#" = .subset2(at, as.integer(name)), "@" = attr(at, name, exact = TRUE), "^" = environment(at),
                 "<" = parent.env(at))
  }
  stopifnot(is.environment(at))
  at
}

# After an iteration
keep_package_state <- function(state) {
  for (one in state$made) {
    if (!is.null(one$told) && !same_value(read_told(one$told), one$value)) write_told(one$told, one$value)
    if (is.null(one$value) || !is.null(one$told)) next
    if (identical(get0(one$name, envir = one$env, inherits = FALSE), one$value[[1]])) next
    put_variable(one$env, one$name, one$value)
  }
}

undo_package_state <- function(state) {
  for (one in state$made) {
    if (is.null(one$told)) put_variable(one$env, one$name, one$before) else write_told(one$told, one$before)
  }
  state$made <- list()
}
