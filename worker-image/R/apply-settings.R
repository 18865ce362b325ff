# The worker's side of settings.R: a loop's settings are applied to the state that the worker had before any loop.

# Once per loop
apply_settings <- function(worker, setup) {
  if (identical(worker$settings_of, setup$run)) return(invisible())
  worker$settings_of <- NULL
  failed <- restore_state(worker$home, setdiff(STATE_PARTS, "search")) # attached packages mostly stay the same
  setwd(worker$home_folder)
  note_dirt(worker, failed)
  settings <- setup$settings
  attach_packages(worker, settings$packages, setup$packages)
  tell_loading(LOOP_DATA)
  worker$inner_options <- inner_options(settings$options)
  suppressWarnings(options(settings$options[setdiff(names(settings$options), names(worker$inner_options))]))
  set_variables(settings$variables)
  set_locale(settings$locale)
  set_timezone(settings)
  set_folder(settings$folder)
  if (!identical(commandArgs(), settings$arguments)) .Call(fleet_set_arguments, settings$arguments)
  set_hooks(settings$hooks)
  if (!is.null(settings$palette)) grDevices::palette(settings$palette)
  apply_package_state(worker$package_state, settings$inside)
  worker$settings_of <- setup$run
}

set_variables <- function(variables) {
  gone <- is.na(variables)
  if (any(!gone)) do.call(Sys.setenv, as.list(variables[!gone]))
  Sys.unsetenv(names(variables)[gone])
}

# Where the locale is not, texts would sort and print in another way, without a word. Workers stay in UTF-8 whatever the
# session's encoding: in locale C they could not read what scripts hold.
set_locale <- function(locale) {
  encoding <- if (!grepl("utf-?8", locale[["LC_CTYPE"]], ignore.case = TRUE)) "LC_CTYPE"
  for (category in setdiff(names(locale), encoding)) {
    if (same_locale(Sys.getlocale(category), locale[[category]])) next
    if (nzchar(suppressWarnings(Sys.setlocale(category, locale[[category]])))) next
    text <- paste("the session's locale %s = %s is not on the worker: install it there,",
                  "or choose one that is, with Sys.setlocale()")
    stop(fleet_error(sprintf(text, category, locale[[category]]), "fleetSettingsError"))
  }
}

# C and POSIX are two names of one locale, and so are UTF-8 and utf8.
same_locale <- function(a, b) {
  plain <- function(name) sub("^posix$", "c", gsub("[-_]", "", tolower(name)))
  identical(plain(a), plain(b))
}

# A variable TZ has travelled already; without one the session has its machine's time zone.
set_timezone <- function(settings) {
  put_variable(baseenv(), ".sys.timezone", list(settings$zone_kept)) # what Sys.timezone() has once found
  if ("TZ" %in% names(settings$variables) || identical(timezone_name(), settings$timezone)) return(invisible())
  Sys.setenv(TZ = settings$timezone)
}

# Below the job's folder the script may have made it; elsewhere it is this machine's, if it has it.
set_folder <- function(folder) {
  if (is.null(folder)) return(invisible())
  if (!startsWith(folder, "/")) dir.create(folder, recursive = TRUE, showWarnings = FALSE)
  if (dir.exists(folder)) setwd(folder)
}

# As the script attached them, `added` (the loop's .packages) last. A package that this worker lacks is left out: the
# loop may not need it, and if it does, R says what is missing.
attach_packages <- function(worker, versions, added) {
  if (identical(worker$attached, list(versions, added, search()))) return(invisible())
  is_there <- vapply(names(versions), function(name) nzchar(system.file(package = name)), NA)
  check_versions(versions[is_there & nzchar(versions)])
  wanted <- names(versions)[is_there]
  there <- sub("^package:", "", grep("^package:", search(), value = TRUE))
  same <- same_at_end(wanted, there)
  above <- utils::head(there, length(there) - same)
  for (name in above) detach(paste0("package:", name), character.only = TRUE, force = TRUE)
  for (name in c(rev(utils::head(wanted, length(wanted) - same)), added)) attach_package(name)
  worker$attached <- list(versions, added, search())
}

attach_package <- function(name) {
  tell_loading(paste("package", name))
  suppressPackageStartupMessages(do.call(library, list(name, character.only = TRUE, warn.conflicts = FALSE)))
}

# Pure: how many elements two vectors have in common at their ends
same_at_end <- function(a, b) {
  n <- seq_len(min(length(a), length(b)))
  sum(cumprod(rev(a)[n] == rev(b)[n]))
}

# In a session that replays an iteration: options, environment variables, what was changed inside packages. Returns a
# function that puts its own back.
tell_settings <- function(settings) {
  ours <- options(as.list(settings$options))
  variables <- Sys.getenv(names(settings$variables), NA, names = TRUE)
  set_variables(settings$variables)
  inside <- new_package_state()
  for (package in unique(vapply(settings$inside, function(change) change$package, ""))) {
    requireNamespace(package, quietly = TRUE)
  }
  apply_package_state(inside, settings$inside)
  function() {
    undo_package_state(inside)
    options(ours)
    set_variables(variables)
  }
}
