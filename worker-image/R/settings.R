# What the script has told R when a loop begins holds in the loop's iterations: options, environment variables, locale,
# time zone, attached packages in their order, working directory, command line. (Random numbers: random.R.)
#
# It travels in the loop's setup as a difference from R's own defaults. A worker applies it once, before its first
# iteration of the loop. It is part of the iterations' keys. Lists below name what belongs to a machine or a terminal
# and stays.

# Options that stay: names, and how names begin
LOCAL_OPTIONS <- c(
  "askYesNo", "bitmapType", "browser", "browserNLdisabled", "catch.script.errors", "citation.bibtex.max", "continue",
  "defaultPackages", "demo.ask", "device", "device.ask.default", "dvipscmd", "echo", "editor", "error", "example.ask",
  "help.search.types", "help.try.all.packages", "help_type", "HTTPUserAgent", "internet.info", "keep.parse.data",
  "keep.parse.data.pkgs", "keep.source", "keep.source.pkgs", "locatorBell", "mailer", "menu.graphics", "nwarnings",
  "Ncpus", "pager", "papersize", "pdfviewer", "pkgType", "printcmd", "profvis.prof_output", "prompt", "repos",
  "rl_word_breaks", "show.error.messages", "showErrorCalls", "SweaveHooks", "texi2dvi", "timeout",
  "topLevelEnvironment", "traceback", "unzip", "verbose", "viewer", "warning.expression")
LOCAL_OPTION_STARTS <- c(
  "boot.", "browser.", "cli.", "crayon.", "download.file.", "future.", "foreachDoparLocal", "mc.", "menu.",
  "parallelly.", "rgl.", "rstudio", "shiny.", "vsc.", "width.terminal")

# Of the options that travel: what R has in the beginning. Others have no value then.
FIRST_OPTIONS <- list(
  add.smooth = TRUE, CBoundsCheck = FALSE, check.bounds = FALSE,
  contrasts = c(unordered = "contr.treatment", ordered = "contr.poly"), deparse.cutoff = 60L, digits = 7L,
  encoding = "native.enc", expressions = 5000L, matprod = "default", max.print = 99999L, na.action = "na.omit",
  OutDec = ".", PCRE_limit_recursion = NA, PCRE_study = FALSE, PCRE_use_JIT = TRUE, scipen = 0L,
  show.coef.Pvalues = TRUE, show.signif.stars = TRUE, str.dendrogram.last = "`", stringsAsFactors = FALSE,
  ts.eps = 1e-05, ts.S.compat = FALSE, useFancyQuotes = TRUE, warn = 0L, warning.length = 1000L, width = 80L)

FIRST_PALETTE <- c("black", "#DF536B", "#61D04F", "#2297E6", "#28E2E5", "#CD0BBC", "#F5C710", "gray62")

# Environment variables that stay
LOCAL_VARIABLES <- c(
  "_", "BROWSER", "COLUMNS", "DISPLAY", "EDITOR", "HOME", "HOSTNAME", "LD_LIBRARY_PATH", "LINES", "LN_S", "LOGNAME",
  "MAKE", "MAKEFLAGS", "OLDPWD", "PAGER", "PATH", "PWD", "REDIS_URL", "SED", "SHELL", "SHLVL", "TAR", "TEMP", "TERM",
  "TMP", "TMPDIR", "USER", "VISUAL", "XDG_RUNTIME_DIR")
LOCAL_VARIABLE_PATTERN <- "^(FF_|R_|RSTUDIO|SSH_|KUBERNETES_)|_NUM_THREADS$"

# Packages whose version decides nothing, or that come with R, whose version is part of every key
UNVERSIONED <- c("foreachfleet", "foreach", "iterators", "doRedis", "base", "compiler", "datasets", "graphics",
                 "grDevices", "grid", "methods", "parallel", "splines", "stats", "stats4", "tcltk", "tools", "utils")
FIRST_PACKAGES <- c("stats", "graphics", "grDevices", "utils", "datasets", "methods", "base")
ENGINE_PACKAGES <- c("foreachfleet", "foreach", "iterators", "doRedis") # attached or not, they change no value

# --- the driver's side

# The environment as it was when this process began: what differs later was set by the script. What R itself reads from
# the user's files is not the script's.
environment_at_start <- function() {
  if (!is.null(.fleet$start_environment)) return(.fleet$start_environment)
  none <- function(...) .Call(fleet_environment)
  entries <- tryCatch(readBin("/proc/self/environ", "character", 1e5L), error = none, warning = none)
  files <- c(Sys.getenv("R_ENVIRON_USER"), ".Renviron", "~/.Renviron", file.path(R.home("etc"), "Renviron.site"))
  lines <- unlist(lapply(files[file.exists(files)], function(file) readLines(file, warn = FALSE)))
  own <- sub("=.*", "", grep("^[A-Za-z_.]+[A-Za-z0-9_.]*=", trimws(lines), value = TRUE))
  now <- variables_of(.Call(fleet_environment))
  start <- variables_of(entries)
  start[intersect(own, names(now))] <- now[intersect(own, names(now))]
  .fleet$start_environment <- start
}

script_settings <- function(fleet) {
  list(options = changed_options(), variables = changed_variables(environment_at_start()),
       locale = vapply(setdiff(LOCALE_CATEGORIES, "LC_MESSAGES"), Sys.getlocale, ""), timezone = timezone_name(),
       zone_kept = get0(".sys.timezone", envir = baseenv(), inherits = FALSE), arguments = commandArgs(),
       folder = folder_below(fleet$folder), packages = attached_packages(), inside = package_changes(),
       hooks = script_hooks(), palette = if (!identical(grDevices::palette(), FIRST_PALETTE)) grDevices::palette())
}

changed_options <- function() {
  now <- .Call(fleet_options, .Options)
  names <- setdiff(names(now), LOCAL_OPTIONS)
  for (start in LOCAL_OPTION_STARTS) names <- names[!startsWith(names, start)]
  if (interactive()) names <- setdiff(names, "width") # the terminal's
  first <- c(FIRST_OPTIONS, list(str = utils::strOptions()))
  is_first <- function(name) name %in% names(first) && same_value(now[[name]], first[[name]])
  now <- now[sort_names(names[!vapply(names, is_first, NA)])]
  taken_away <- setdiff(names(first), names(.Options))
  now <- now[names(now) == "str" | vapply(now, can_travel, NA)] # that one has a function of strOptions()
  c(now, stats::setNames(vector("list", length(taken_away)), taken_away))
}

# 0 and 0L are the same; functions are compared by what they do
same_value <- function(a, b) {
  identical(a, b) || (is.numeric(a) && is.numeric(b) && identical(as.numeric(a), as.numeric(b))) ||
    identical(hash_value(a), hash_value(b))
}

# Plain values, and functions, also in lists, with what they have captured; no environments by themselves
can_travel <- function(value) {
  if (.Call(fleet_plain, value)) return(TRUE)
  !is.environment(value) && .Call(fleet_sendable, value, list()) &&
    .Call(fleet_weight, value, list(), PACKAGE_VALUE_BYTES) <= PACKAGE_VALUE_BYTES
}

changed_variables <- function(start) {
  now <- variables_of(.Call(fleet_environment))
  names <- sort_names(union(names(now), names(start)))
  names <- names[!names %in% LOCAL_VARIABLES & !grepl(LOCAL_VARIABLE_PATTERN, names)]
  value <- stats::setNames(now[names], names) # NA: the script has taken it away
  value[!mapply(identical, unname(value), unname(start[names]))]
}

# As Sys.timezone() says it, which starts a program each time that the variable TZ is not set
timezone_name <- function() {
  if (nzchar(Sys.getenv("TZ"))) return(Sys.getenv("TZ"))
  link <- Sys.readlink("/etc/localtime")
  if (grepl("zoneinfo/", link, fixed = TRUE)) return(sub(".*zoneinfo/(posix/|right/)?", "", link))
  if (file.exists("/etc/timezone")) trimws(readLines("/etc/timezone", 1L, warn = FALSE)) else "UTC"
}

# A folder inside the job's is named from there; NULL: the job's own.
folder_below <- function(top) {
  here <- getwd()
  if (is.null(top) || is.null(here)) return(here)
  if (identical(here, top)) NULL else if (startsWith(here, paste0(top, "/"))) substring(here, nchar(top) + 2L) else here
}

# In the order of the search path, with their versions
attached_packages <- function() {
  names <- sub("^package:", "", grep("^package:", search(), value = TRUE))
  vapply(stats::setNames(nm = names), function(name) if (name %in% UNVERSIONED) "" else loaded_version_text(name), "")
}

# --- in keys: names, so that a resume can say which setting differs, and four digits of each value's digest

MOST_NAMED_SETTINGS <- 12L

# arguments: of the command line, where the loop reads them
settings_text <- function(settings, arguments = NULL) {
  packages <- settings$packages[!names(settings$packages) %in% c(FIRST_PACKAGES, ENGINE_PACKAGES)]
  is_utc <- settings$timezone %in% c("UTC", "Etc/UTC")
  parts <- c(lapply(settings$options, function(value) if (is.function(value)) deparse(value) else value),
             as.list(settings$variables),
             if (!all(grepl("^C([.]|$)|^POSIX$", settings$locale))) list(locale = unname(settings$locale)),
             if (!is_utc && !"TZ" %in% names(settings$variables)) list(timezone = settings$timezone),
             if (!is.null(settings$folder) && !startsWith(settings$folder, "/")) list(folder = settings$folder),
             if (length(packages)) list(attached = packages),
             if (length(arguments)) list(arguments = arguments),
             if (length(settings$hooks)) list(hooks = settings$hooks),
             if (length(settings$palette)) list(palette = settings$palette), inside_packages(settings$inside))
  if (!length(parts)) return("none")
  first <- order(!names(parts) %in% c(names(FIRST_OPTIONS), "locale", "timezone", "folder", "attached", "arguments"))
  parts <- parts[first]
  named_digests(parts, MOST_NAMED_SETTINGS)
}

# By package, in words that a person reads
inside_packages <- function(changes) {
  what <- lapply(changes, function(change) c(change$path, change$name, change$value, change$elements))
  parts <- split(what, vapply(changes, function(change) change$package, ""))
  stats::setNames(parts, sprintf("%s_state", names(parts)))
}

# Names of those that differ
settings_difference <- function(old, new) {
  paste0("settings (", paste(differing_names(old, new), collapse = ", "), ")")
}
