# Package state and load hook.

.fleet <- new.env(parent = emptyenv())

.onLoad <- function(libname, pkgname) {
  .Call(fleet_ignore_sigpipe)
}

or_else <- function(x, other) if (is.null(x) || !length(x)) other else x

`%or%` <- or_else

# Names of the Redis keys, all under one prefix (README.md has the table).
fleet_key <- function(...) paste0(or_else(.fleet$prefix, "ff:"), paste(..., sep = ":"))

value_key <- function(loop, i) paste0(or_else(.fleet$prefix, "ff:"), "v:", loop, ":", i)

whole <- function(x) if (length(x)) sprintf("%.0f", x) else character()

# Sets elements in place (the vector must have no second name). A plain x[i] <- value copies the whole vector when x lives in an environment: a loop of a million iterations would never end.
put <- function(vector, i, value) invisible(.Call(fleet_put, vector, i, value))

# The same for many elements of a list; values NULL clears them.
put_all <- function(list, i, values) invisible(.Call(fleet_put_all, list, i, values))
