# What an iteration has told R and the process is put back after it, so that the next one starts as this one did. It is
# about options, environment, locale, search path, umask, devices, time limits and settings of some packages. For
# variables and folder scope.R does the same, for sinks and connections capture.R. What must be seen when it happens is
# watch.R's.
#
# One look costs a few microseconds (src/state.c); only what differs is put back. What cannot be put back makes the
# worker's R dirty: it is replaced (renew.R).

STATE_PARTS <- c("options", "environment", "locale", "search", "umask", "devices") # the bits of fleet_state_changed()
LOCALE_CATEGORIES <- c("LC_CTYPE", "LC_COLLATE", "LC_MONETARY", "LC_NUMERIC", "LC_TIME", "LC_MESSAGES")

# Packages keep some settings in environments of theirs,
REGISTRIES <- c(foreach = ".foreachGlobals", doRedis = ".doRedisGlobals", doParallel = ".options", parallel = ".reg")

# and some behind functions.
# name: of the package; of the functions that read and write them
PACKAGE_SETTINGS <- list(
  grDevices = c("palette", "palette"),
  data.table = c("getDTthreads", "setDTthreads"),
  ggplot2 = c("theme_get", "theme_set"),
  stringi = c("stri_locale_get", "stri_locale_set"),
  lattice = c("lattice.options", "lattice.options"))

take_state <- function() {
  baseline <- new_record(
    seen = look_at_state(), # in the order of STATE_PARTS
    locale = vapply(LOCALE_CATEGORIES, Sys.getlocale, ""),
    devices = grDevices::dev.list(),
    libraries = .libPaths(),
    registries = list(),
    settings = list(),
    watch = or_else(.fleet$watch, new_watch()))
  add_packages(baseline, loadedNamespaces())
  baseline
}

look_at_state <- function() {
  list(.Call(fleet_options, .Options), .Call(fleet_environment), .Call(fleet_locale), .Call(fleet_search),
       .Call(fleet_umask, NULL), .Call(fleet_devices))
}

# Also of a package that an iteration has just loaded, before that iteration can change its settings.
add_packages <- function(baseline, packages) {
  hooks <- get(".userHooksEnv", envir = baseenv())
  baseline$registries$hooks <- or_else(baseline$registries$hooks, list(env = hooks, held = snapshot(hooks)))
  for (name in setdiff(intersect(names(REGISTRIES), packages), names(baseline$registries))) {
    env <- get0(REGISTRIES[[name]], envir = asNamespace(name), inherits = FALSE)
    if (is.environment(env)) baseline$registries[[name]] <- list(env = env, held = snapshot(env))
  }
  for (name in setdiff(intersect(names(PACKAGE_SETTINGS), packages), names(baseline$settings))) {
    functions <- mget(PACKAGE_SETTINGS[[name]], envir = asNamespace(name))
    baseline$settings[[name]] <- list(read = functions[[1]], write = functions[[2]], value = functions[[1]]())
  }
}

# Reasons why R is dirty now; none, nearly always
restore_state <- function(baseline, parts = STATE_PARTS) {
  setTimeLimit()
  setSessionTimeLimit()
  for (registry in baseline$registries) restore_variables(registry$env, registry$held)
  if (!identical(.libPaths(), baseline$libraries)) .libPaths(baseline$libraries, include.site = FALSE)
  failed <- c(restore_watched(baseline$watch), restore_settings(baseline))
  changed <- .Call(fleet_state_changed, baseline$seen, .Options)
  if (changed == 0L) return(failed)
  differing <- STATE_PARTS[bitwAnd(changed, 2L^(seq_along(STATE_PARTS) - 1L)) > 0L]
  for (part in intersect(differing, parts)) failed <- c(failed, attempt(part, put_back(baseline, part)))
  if (setequal(parts, STATE_PARTS)) baseline$seen <- look_at_state() # options that are set again have new addresses
  failed
}

# The reason when something could not be put back, else NULL
attempt <- function(what, code) {
  tryCatch({
    suppressWarnings(suppressMessages(code))
    NULL
  }, error = function(e) paste0(what, ": ", conditionMessage(e)))
}

restore_settings <- function(baseline) {
  failed <- NULL
  for (setting in baseline$settings) {
    if (identical(setting$read(), setting$value)) next
    failed <- c(failed, attempt("packages", setting$write(setting$value)))
  }
  failed
}

put_back <- function(baseline, part) {
  switch(part,
         options = put_back_options(baseline),
         environment = put_back_environment(baseline),
         locale = put_back_locale(baseline$locale),
         search = put_back_search(baseline$seen[[4]]),
         umask = .Call(fleet_umask, baseline$seen[[5]]),
         devices = for (device in setdiff(grDevices::dev.list(), baseline$devices)) grDevices::dev.off(device))
}

put_back_options <- function(baseline) {
  kept <- baseline$seen[[1]]
  set <- baseline$watch$options # the packages that set them stay loaded
  kept <- c(kept, set[setdiff(names(set), names(kept))])
  now <- .Call(fleet_options, .Options)
  gone <- setdiff(names(now), names(kept))
  options(kept[!mapply(identical, kept, now[names(kept)])])
  options(stats::setNames(vector("list", length(gone)), gone))
}

put_back_environment <- function(baseline) {
  kept <- variables_of(baseline$seen[[2]])
  set <- baseline$watch$variables
  kept <- c(kept, set[setdiff(names(set), names(kept))])
  now <- variables_of(.Call(fleet_environment))
  differing <- names(kept)[!(names(kept) %in% names(now)) | kept != now[names(kept)]]
  if (length(differing)) do.call(Sys.setenv, as.list(kept[differing]))
  Sys.unsetenv(setdiff(names(now), names(kept)))
}

put_back_locale <- function(kept) {
  differing <- names(kept)[vapply(names(kept), Sys.getlocale, "") != kept]
  for (category in differing) Sys.setlocale(category, kept[[category]])
}

# "NAME=value" as named texts
variables_of <- function(entries) stats::setNames(sub("^[^=]*=", "", entries), sub("=.*", "", entries))

# The environments that were attached, in their order. One that was detached is attached as a copy: R offers no other
# way.
put_back_search <- function(kept) {
  is_kept <- function(env) any(vapply(kept, identical, NA, env))
  for (position in rev(seq_along(search())[-1])) {
    if (position == length(search()) || is_kept(as.environment(position))) next
    detach(pos = position, character.only = TRUE, force = TRUE)
  }
  for (k in rev(seq_along(kept)[-1])) {
    there <- .Call(fleet_search)
    if (any(vapply(there, identical, NA, kept[[k]]))) next
    below <- if (k < length(kept)) attr(kept[[k + 1L]], "name") else "package:base"
    attach_again(kept[[k]], match(below, search()))
  }
  if (identical(attached_names(kept), attached_names(.Call(fleet_search)))) return(invisible())
  stop("the search path is ", paste(search(), collapse = ", "))
}

attached_names <- function(envs) vapply(envs[-1], function(env) attr(env, "name"), "")

attach_again <- function(env, position) {
  copy <- attach(env, pos = position, name = attr(env, "name"), warn.conflicts = FALSE)
  attr(copy, "path") <- attr(env, "path")
  if (environmentIsLocked(env)) lockEnvironment(copy, TRUE)
}
