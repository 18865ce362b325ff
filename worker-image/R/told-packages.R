# What the script tells C code of packages that keeps it to itself, where a package has a function that reads it again.
# It travels as what is changed inside packages does (package-state.R), of which it is a change with the path "told".
#
# Threads, caches and folders of a machine are not here: they stay.

# By package: the functions that read and write it, and what it is in the beginning; without that, what the package
# says when it is loaded.
TOLD_TO_PACKAGES <- list(
  data.table = list(read = "getNumericRounding", write = "setNumericRounding", first = 0),
  stringi = list(read = "stri_locale_get", write = "stri_locale_set"),
  xgboost = list(read = "xgb.get.config", write = "xgb.set.config"),
  Rmpfr = list(read = "mpfr_default_prec", write = "mpfr_default_prec"))

# NULL where the package has no such functions
read_told <- function(package) {
  told <- TOLD_TO_PACKAGES[[package]]
  read <- if (!is.null(told)) get0(told$read, envir = asNamespace(package), mode = "function", inherits = FALSE)
  if (is.null(read)) NULL else tryCatch(as_plain(read()), error = function(e) NULL)
}

as_plain <- function(value) if (.Call(fleet_plain, value)) value else NULL

write_told <- function(package, value) {
  suppressMessages(get(TOLD_TO_PACKAGES[[package]]$write, envir = asNamespace(package))(value))
}

# The package's change, as a list of at most one
told_change <- function(package, noted) {
  now <- read_told(package)
  if (is.null(now) || same_value(now, or_else(TOLD_TO_PACKAGES[[package]]$first, noted$told_first))) return(NULL)
  name <- TOLD_TO_PACKAGES[[package]]$write
  list(list(path = "told", name = name, value = stats::setNames(list(now), name)))
}
