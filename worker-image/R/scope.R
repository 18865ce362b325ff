# Every iteration starts from the same variables, whatever ran on this worker before. Results must not depend on the
# schedule: not by `<<-`, and not by objects that remember (an environment, R6, a reference class, a closure with a
# counter).

MOST_VISITED <- 1000000L # objects looked at for environments, once per task
LONGEST_LIST <- 1000L    # longer lists are data, if they hold nothing but vectors

take_scope <- function(env, frames = list()) {
  scope <- new_record(
    env = env, before = snapshot(env), global = snapshot(globalenv()), directory = getwd(),
    locked = list(locked_names(env), locked_names(globalenv())),
    is_closed = vapply(list(env, globalenv()), environmentIsLocked, NA),
    reached = list(),    # environments that these lead to
    references = list(), # variables that can be changed by reference
    classes = NULL,      # of S4
    baseline = NULL)     # what R and the process are told
  global <- scope$global[!grepl(CLASS_METADATA, names(scope$global))] # what R keeps of S4 changes as it is used
  outer <- c(list(parent.env(env)), .Call(fleet_search)[-1]) # frames around the loop, and attached data
  scope$reached <- .Call(fleet_environments, c(scope$before, global, frames, outer), env, MOST_VISITED, LONGEST_LIST)
  scope
}

snapshot <- function(env) {
  names <- setdiff(ls(env, all.names = TRUE, sorted = FALSE), c("...", ".Random.seed"))
  .Call(fleet_bindings, env, names) # what is not evaluated stays so
}

# Reasons why R is dirty; none, nearly always
restore_scope <- function(scope) {
  failed <- c(restore_references(scope), if (!is.null(scope$classes)) restore_classes(scope$classes, scope$global))
  put_back <- attempt("variables", put_back_variables(scope))
  folder <- if (!identical(getwd(), scope$directory)) attempt("folder", setwd(scope$directory))
  c(failed, put_back, newly_closed(scope), folder)
}

put_back_variables <- function(scope) {
  for (k in .Call(fleet_changed_environments, scope$reached)) restore_bindings(scope$reached[[k]])
  restore_variables(scope$env, scope$before, scope$locked[[1]])
  restore_variables(globalenv(), scope$global, scope$locked[[2]])
}

# R cannot open an environment again.
newly_closed <- function(scope) {
  now <- c(environmentIsLocked(scope$env), environmentIsLocked(globalenv()))
  if (any(now & !scope$is_closed) || .Call(fleet_newly_closed, scope$reached)) "an environment was locked"
}

# locked: names of those that are; NULL: whether they are does not matter
restore_variables <- function(env, before, locked = NULL) {
  if (!.Call(fleet_holds_same, env, before, locked)) {
    unlock_variables(env, names(before))
    list2env(before, envir = env)
    lock_variables(env, locked)
  }
  # all that was there is there now: only if there are more than these, something was added, nearly always the state of
  # the generator
  more <- length(env) - length(before)
  if (more == 0L || (more == 1L && exists(".Random.seed", envir = env, inherits = FALSE))) return(invisible())
  names <- ls(env, all.names = TRUE, sorted = FALSE)
  added <- is.na(match(names, c(names(before), "...", ".Random.seed")))
  if (any(added)) rm(list = names[added], envir = env)
}

belongs_to_package <- function(env) {
  isNamespace(env) || grepl("^(package|imports|Autoloads)", environmentName(env)) || !is.null(attr(env, "path"))
}

restore_bindings <- function(reached) {
  env <- reached$env
  if (!environmentIsLocked(env)) {
    added <- setdiff(ls(env, all.names = TRUE, sorted = FALSE), reached$names)
    if (length(added)) rm(list = added, envir = env)
    unlock_variables(env, names(reached$held))
    list2env(reached$held, envir = env)
    return(invisible())
  }
  for (name in names(reached$held)) {
    if (!exists(name, envir = env, inherits = FALSE)) next
    if (bindingIsLocked(name, env)) unlockBinding(name, env)
    assign(name, reached$held[[name]], envir = env)
  }
}
