# Package state and load hook.

.fleet <- new.env(parent = emptyenv())

.onLoad <- function(libname, pkgname) {
  .Call(fleet_ignore_sigpipe)
}

or_else <- function(x, other) if (is.null(x) || !length(x)) other else x

whole <- function(x) if (length(x)) sprintf("%.0f", x) else character()

# Sets elements in place (the vector must have no second name). A plain x[i] <- value copies the whole vector when x
# lives in an environment: a loop of a million iterations would never end.
put <- function(vector, i, value) invisible(.Call(fleet_put, vector, i, value))

# The same for many elements of a list; values NULL clears them.
put_all <- function(list, i, values) invisible(.Call(fleet_put_all, list, i, values))
