# Every iteration starts from the same variables, whatever ran on this worker before: neither `<<-` nor a reference
# object that remembers (an environment, R6, a reference class, a closure with a counter) must make results depend on
# the schedule.

MOST_VISITED <- 5000L  # objects looked at for environments, once per task
LONGEST_LIST <- 1000L  # longer lists are data

take_scope <- function(env, args = list()) {
  scope <- new_record(
    env = env, before = snapshot(env), global = snapshot(globalenv()), directory = getwd(),
    reached = list(),    # environments that these lead to
    references = list(), # variables that can be changed by reference
    classes = NULL,      # of S4
    baseline = NULL)     # what R and the process are told
  if (.Call(fleet_plain, args)) args <- NULL # nearly always, and there may be thousands of them
  attached <- .Call(fleet_search)[-1] # data that the script has attached
  scope$reached <- reached_environments(Filter(leads_on, c(scope$before, scope$global, args, attached)), env)
  scope
}

snapshot <- function(env) {
  names <- setdiff(ls(env, all.names = TRUE, sorted = FALSE), c("...", ".Random.seed"))
  mget(names, envir = env)
}

# Reasons why R is dirty; none, nearly always
restore_scope <- function(scope) {
  failed <- c(restore_references(scope), if (!is.null(scope$classes)) restore_classes(scope$classes, scope$global))
  locked <- tryCatch(put_back_variables(scope), error = function(e) {
    for (env in list(scope$env, globalenv())) unlock_bindings(env)
    attempt("variables", put_back_variables(scope))
  })
  folder <- if (!identical(getwd(), scope$directory)) attempt("folder", setwd(scope$directory))
  c(failed, locked, folder)
}

# A task may have locked variables that others set.
unlock_bindings <- function(env) {
  for (name in ls(env, all.names = TRUE, sorted = FALSE)) if (bindingIsLocked(name, env)) unlockBinding(name, env)
}

put_back_variables <- function(scope) {
  for (reached in scope$reached) restore_bindings(reached)
  restore_variables(scope$env, scope$before)
  restore_variables(globalenv(), scope$global)
  NULL
}

restore_variables <- function(env, before) {
  list2env(before, envir = env)
  # all that was there is there now: only if there are more than these, something was added, nearly always the state of
  # the generator
  more <- length(env) - length(before)
  if (more == 0L || (more == 1L && exists(".Random.seed", envir = env, inherits = FALSE))) return(invisible())
  names <- ls(env, all.names = TRUE, sorted = FALSE)
  added <- is.na(match(names, c(names(before), "...", ".Random.seed")))
  if (any(added)) rm(list = names[added], envir = env)
}

# The environments that values lead to, each with what it holds now. Values in them are copied by R when they are
# changed, so keeping them is free.
reached_environments <- function(values, own) {
  seen <- utils::hashtab("address")
  for (env in list(own, globalenv(), baseenv(), emptyenv())) utils::sethash(seen, env, TRUE)
  found <- list()
  todo <- values
  visited <- 0L
  while (length(todo) && visited < MOST_VISITED) {
    value <- todo[[length(todo)]]
    todo[[length(todo)]] <- NULL
    visited <- visited + 1L
    env <- if (is.environment(value)) as.environment(value) else if (is.function(value)) environment(value)
    if (is.null(env)) {
      todo <- c(todo, Filter(leads_on, if (is.list(value)) unclass(value) else attributes(value)))
    } else if (is.null(utils::gethash(seen, env)) && !belongs_to_package(env)) {
      utils::sethash(seen, env, TRUE)
      held <- bindings(env)
      found[[length(found) + 1L]] <- list(env = env, names = ls(env, all.names = TRUE, sorted = FALSE), held = held)
      todo <- c(todo, Filter(leads_on, held), list(parent.env(env)))
    }
  }
  found
}

leads_on <- function(value) {
  if (is.environment(value)) return(TRUE)
  if (is.function(value)) return(!is.primitive(value))
  (is.list(value) || isS4(value)) && length(value) <= LONGEST_LIST && !.Call(fleet_plain, value)
}

belongs_to_package <- function(env) isNamespace(env) || grepl("^(package|imports|Autoloads)", environmentName(env)) || !is.null(attr(env, "path"))

# What can be put back: neither active bindings, which are code, nor locked ones, which nobody changes
bindings <- function(env) {
  names <- ls(env, all.names = TRUE, sorted = FALSE)
  names <- names[!vapply(names, function(name) name == "..." || bindingIsLocked(name, env) || bindingIsActive(name, env), NA)]
  held <- lapply(stats::setNames(nm = names), function(name) tryCatch(list(get(name, envir = env, inherits = FALSE)), error = function(e) NULL))
  lapply(held[lengths(held) > 0L], `[[`, 1L)
}

restore_bindings <- function(reached) {
  env <- reached$env
  if (!environmentIsLocked(env)) {
    added <- setdiff(ls(env, all.names = TRUE, sorted = FALSE), reached$names)
    if (length(added)) rm(list = added, envir = env)
    list2env(reached$held, envir = env)
    return(invisible())
  }
  for (name in names(reached$held)) if (exists(name, envir = env, inherits = FALSE) && !bindingIsLocked(name, env)) assign(name, reached$held[[name]], envir = env)
}
