# Objects that code can change by reference: data.table's `:=`, set() and setkey() write into the object itself, which
# also the next iteration has. So variables that hold data tables are compared, after each iteration, with what they
# held before. What differs is put back from its serialization, as it came into the worker. Other plain values are
# looked at where the loop's code names functions that write into them.
#
# Environments, which are changed by reference as well, are scope.R's. C code that writes into a plain vector is not
# seen.

KEPT_REFERENCE_BYTES <- 128 * 2^20 # a larger variable is only looked at: R is replaced when it has changed
MOST_TABLES <- 20000L # elements of a list that are looked at for tables
WRITING <- c(":=", "set", "setDT", "setDF", "setattr", "setnames", "setkey", "setkeyv", "setorder", "setorderv",
             "setcolorder", "setindex", "data.table")

writes_into <- function(code) any(WRITING %in% all.names(code, unique = TRUE))

# Variables to look at, of the scope and of environments that it leads to. kept: those of the task before; a variable
# that has not changed since need not be read again.
take_references <- function(scope, code, kept = list()) {
  also_plain <- writes_into(code)
  if (!also_plain && !isNamespaceLoaded("data.table")) return(list())
  held <- c(list(scope$before, scope$global), lapply(scope$reached, function(reached) reached$held))
  found <- list()
  for (place in seq_along(held)) {
    for (name in names(held[[place]])[vapply(held[[place]], is_reference, NA, also_plain)]) {
      id <- paste(place, name)
      value <- held[[place]][[name]]
      known <- kept[[id]]
      is_known <- !is.null(known) && .Call(fleet_same_object, known$value, value)
      found[[id]] <- if (is_known) known else new_reference(place, name, value)
    }
  }
  found
}

# Without its bytes, a variable that has changed makes R dirty: so one that leads to environments, which others share.
new_reference <- function(place, name, value) {
  is_kept <- as.numeric(utils::object.size(value)) <= KEPT_REFERENCE_BYTES &&
    !length(.Call(fleet_environments, list(value), emptyenv(), MOST_VISITED, LONGEST_LIST))
  bytes <- if (is_kept) serialize(value, NULL, version = 3L)
  list(place = place, name = name, value = value, content = .Call(fleet_content, value), bytes = bytes)
}

is_reference <- function(value, also_plain) {
  if (inherits(value, "data.table") || (also_plain && length(value) > 0L && .Call(fleet_plain, value))) return(TRUE)
  is.list(value) && length(value) <= MOST_TABLES && any(vapply(unclass(value), is_reference, NA, FALSE))
}

# Before variables are put back: `scope` holds the same objects. Reasons why R is dirty; none, nearly always
restore_references <- function(scope) {
  failed <- NULL
  for (id in names(scope$references)) {
    reference <- scope$references[[id]]
    if (identical(.Call(fleet_content, reference$value), reference$content)) next
    if (is.null(reference$bytes)) {
      failed <- c(failed, sprintf("%s was changed by reference", reference$name))
      next
    }
    reference$value <- unserialize(reference$bytes)
    reference$content <- .Call(fleet_content, reference$value)
    scope$references[[id]] <- reference
    replace_held(scope, reference)
  }
  failed
}

replace_held <- function(scope, reference) {
  place <- reference$place
  if (place == 1L) scope$before[[reference$name]] <- reference$value
  else if (place == 2L) scope$global[[reference$name]] <- reference$value
  else scope$reached[[place - 2L]]$held[[reference$name]] <- reference$value
}
