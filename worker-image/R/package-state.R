# What the script's calls have changed inside packages: variables in environments that a package keeps (a theme, default
# options), and functions of a package that were replaced. It holds in the loops' iterations as settings do.
#
# Each package is noted when it is loaded: values are held, not copied, since R copies a value that somebody else holds
# before it changes it. A loop looks what differs (src/packages.c). Variables of a package are read from its file when
# they are first used; what such a variable leads to is compared with the file.
#
# What C code of a package remembers is seen where told-packages.R says; what was changed before foreachfleet was loaded
# is not.

MOST_PLACES <- 20000L             # objects of a package that are looked at
PACKAGE_VALUE_BYTES <- 2^20       # of one value that travels
UNNOTED <- c("foreachfleet", "foreach", "iterators", "doRedis", "redux")

# Packages whose environments decide no value: R's own tables, output, and parallel packages, whose settings are a
# machine's. Functions that were replaced count here, too.
STAYING_STATE <- c(
  "base", "methods", "tools", "utils", "compiler", "grid", "parallel", "codetools", "Rcpp", "rlang", "vctrs",
  "cli", "crayon", "lifecycle", "pillar", "progress", "progressr", "rstudioapi", "testthat", "ps", "processx", "callr",
  "later", "promises", "httpuv", "future", "future.apply", "parallelly", "doParallel", "doMC", "doSNOW", "doFuture",
  "doRNG", "snow", "BiocParallel", "mirai")

# What can be computed anew, by the name of a variable on the way; but not what is a setting by another
CACHES <- "cache|(^|[._])memo(i[sz]|s?$|s?[._])|^[.]?last([._]|$)"
SETTINGS <- paste0("(^|[._])(opt(ion)?s?|set(ting)?s?|par(am)?s?|config|defaults?|size|limit|max|min|enabled?|use|",
                   "method|mode|level|type|policy|age|timeout)([._]|$)")
STAYING_VARIABLES <- c("ggplot2 .store", "lattice .LatticeEnv lattice.status")

# --- noting packages

begin_noting <- function() {
  for (name in setdiff(loadedNamespaces(), c(names(.fleet$packages), UNNOTED))) note_package(name)
  names <- setdiff(list.files(.libPaths()), c(.fleet$hooked, UNNOTED))
  # foreachfleet's own: R calls no hook of a package that is loaded already
  for (name in names) setHook(packageEvent(name, "onLoad"), note_hook(name))
  .fleet$hooked <- c(.fleet$hooked, names)
}

note_hook <- function(name) {
  force(name)
  structure(function(...) note_package(name), class = "fleet_note")
}

# In a worker
end_noting <- function() {
  for (name in .fleet$hooked) {
    event <- packageEvent(name, "onLoad")
    others <- Filter(function(hook) !inherits(hook, "fleet_note"), getHook(event))
    setHook(event, if (length(others)) others, "replace")
  }
  .fleet$hooked <- character()
  .fleet$packages <- list()
}

note_package <- function(name) {
  space <- asNamespace(name)
  if (name == "grDevices") grDevices::pdf.options() # makes its defaults
  roots <- if (!name %in% STAYING_STATE) .Call(fleet_package_variables, space, FALSE)
  noted <- new_record(
    space = space,
    direct = .Call(fleet_package_variables, space, TRUE), # what its file does not hold, or not any more
    roots = names(roots),                                 # variables whose environments are noted
    environments = .Call(fleet_package_environments, or_else(roots, list()), list(), MOST_PLACES, LONGEST_LIST),
    told_first = read_told(name),                         # what its C code was told (told-packages.R)
    told = character())                                   # what a warning has named
  .fleet$packages[[name]] <- noted
}

# Variables that were first used since
note_fresh <- function(noted, name) {
  if (name %in% STAYING_STATE) return(invisible())
  roots <- .Call(fleet_package_variables, noted$space, FALSE)
  fresh <- roots[setdiff(names(roots), noted$roots)]
  if (!length(fresh)) return(invisible())
  noted$roots <- c(noted$roots, names(fresh))
  first <- as_installed(name, noted$space, setdiff(names(fresh), names(noted$direct)))
  there <- lapply(noted$environments, function(one) one$env)
  now <- .Call(fleet_package_environments, fresh[names(first)], there, MOST_PLACES, LONGEST_LIST)
  then <- .Call(fleet_package_environments, first, list(), MOST_PLACES, LONGEST_LIST)
  paths <- lapply(list(now, then), function(all) vapply(all, function(one) paste(one$path, collapse = "\n"), ""))
  same <- match(paths[[1]], paths[[2]])
  for (k in which(!is.na(same))) now[[k]][c("names", "held")] <- then[[same[k]]][c("names", "held")]
  noted$environments <- c(noted$environments, now[!is.na(same)])
}

# Variables of a package as its file has them
as_installed <- function(name, space, variables) {
  found <- list()
  for (file in file.path(getNamespaceInfo(space, "path"), "R", c(name, "sysdata"))) {
    if (!length(variables) || !file.exists(paste0(file, ".rdx"))) next
    lazyLoadDBexec(file, function(db) {
      at <- match(variables, db$vars)
      for (k in which(!is.na(at))) {
        found[variables[k]] <<- list(lazyLoadDBfetch(db$vals[[at[k]]], db$datafile, db$compressed, db$envhook))
      }
    })
  }
  found
}

# --- what differs, when a loop begins

# Each: package, path to an environment (none: the package's own variables; "attached": those on the search path), name.
# Then the value, a list of one (whose name is NA when the variable is gone), or the elements of a list that differ.
# What cannot travel is warned of.
package_changes <- function() {
  begin_noting()
  found <- list()
  for (name in sort_names(names(.fleet$packages))) {
    noted <- .fleet$packages[[name]]
    note_fresh(noted, name)
    here <- c(replaced_variables(noted, name), changed_environments(noted), told_change(name, noted))
    travels <- vapply(here, function(change) may_travel(change, noted), NA)
    warn_of(here[!travels], noted, name)
    found <- c(found, lapply(here[travels], function(change) c(list(package = name), change)))
  }
  found
}

replaced_variables <- function(noted, name) {
  changed <- function(now, before, path) {
    if (.Call(fleet_same_values, now, before)) return(NULL)
    names <- names(now)[!mapply(identical, now, before[names(now)])]
    # others R itself sets
    if (name == "base") names <- setdiff(names[vapply(now[names], is.function, NA)], NEVER_CARRIED)
    lapply(names, function(one) list(path = path, name = one, value = now[one]))
  }
  found <- changed(.Call(fleet_package_variables, noted$space, TRUE), noted$direct, character())
  attached <- match(paste0("package:", name), search())
  if (name == "base" || is.na(attached)) return(found)
  exported <- .Call(fleet_package_variables, as.environment(attached), TRUE)
  exported <- exported[names(exported) %in% ls(noted$space, all.names = TRUE, sorted = FALSE)]
  c(found, changed(exported, noted$direct, "attached"))
}

changed_environments <- function(noted) {
  found <- list()
  for (k in .Call(fleet_changed_environments, noted$environments)) {
    one <- noted$environments[[k]]
    now <- .Call(fleet_values_to_keep, one$env, ls(one$env, all.names = TRUE))
    names <- union(names(now), names(one$held))
    same <- vapply(names, function(name) is_unchanged(one$held[name], now[name]), NA)
    held <- intersect(names[same], names(now))
    noted$environments[[k]]$held[held] <- now[held] # the next look compares addresses
    differ <- function(name) changed_variable(one$path, name, one$held[name], now[name])
    found <- c(found, lapply(names[!same], differ))
  }
  Filter(function(change) !is_cache(change, noted), found)
}

# Of a list with names only the elements that differ: others may hold what cannot travel.
changed_variable <- function(path, name, before, now) {
  is_named <- function(value) is.list(value) && !is.object(value) && length(names(value)) > 0L
  if (is_named(before[[1]]) && is_named(now[[1]]) && !anyDuplicated(names(now[[1]]))) {
    here <- now[[1]]
    is_same <- vapply(names(here), function(one) same_shape(before[[1]][[one]], here[[one]]), NA)
    kept <- setdiff(names(before[[1]]), names(here))
    if (!length(kept)) return(list(path = path, name = name, elements = here[!is_same]))
  }
  list(path = path, name = name, value = now)
}

# Of lists of at most one. What it leads to is compared by itself.
is_unchanged <- function(before, now) {
  if (is.na(names(before)) || is.na(names(now))) return(is.null(c(before, now)[[1L + is.na(names(before))]]))
  same_shape(before[[1]], now[[1]])
}

same_shape <- function(a, b) {
  if (is.environment(a) && is.environment(b)) return(TRUE)
  if (identical(a, b, ignore.environment = TRUE, ignore.srcref = TRUE)) return(TRUE)
  if (!is.list(a) || !is.list(b) || length(a) != length(b) || !identical(names(a), names(b))) return(FALSE)
  all(mapply(same_shape, unclass(a), unclass(b)))
}

is_cache <- function(change, noted) {
  names <- sub("^[$@]", "", c(change$path, change$name))
  is_cache_name(names) ||
    any(startsWith(paste(c(getNamespaceName(noted$space), names), collapse = " "), STAYING_VARIABLES))
}

# Pure. cacheSize and cache_size are the same.
is_cache_name <- function(names) {
  words <- gsub("([a-z0-9])([A-Z])", "\\1_\\2", names)
  any(grepl(CACHES, words, ignore.case = TRUE)) && !any(grepl(SETTINGS, words, ignore.case = TRUE))
}

may_travel <- function(change, noted) {
  sent <- or_else(change$value, change$elements)
  is_light <- function() .Call(fleet_weight, sent, list(), PACKAGE_VALUE_BYTES) <= PACKAGE_VALUE_BYTES
  is_gone(change) || (.Call(fleet_sendable, sent, noted$environments) && is_light())
}

is_gone <- function(change) !is.null(change$value) && is.na(names(change$value))

# Once for each variable. At once: R would show it when the loop has ended.
warn_of <- function(changes, noted, package) {
  shown <- vapply(changes, function(change) paste(c(change$path, change$name), collapse = " "), "")
  fresh <- !shown %in% noted$told
  noted$told <- c(noted$told, shown[fresh])
  for (change in changes[fresh]) {
    root <- c(change$path[!change$path %in% "attached"], change$name)[1]
    text <- paste("the script has changed %s in package %s (%s:::%s), which cannot be sent to workers: iterations",
                  "find it as the package has it. Call what sets it inside the loop's expression.")
    warning(sprintf(text, change$name, package, package, root), call. = FALSE, immediate. = TRUE)
  }
}
