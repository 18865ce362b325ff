# What the script has locked (lockBinding(), lockEnvironment()) is locked for iterations: what they may not set under
# %do%, they may not set on a worker.
#
# R's serialization keeps the locks of environments, and copy_bindings() those of variables. Here is what goes another
# way: large objects and loans, which come by themselves, frames and the global environment.

locked_names <- function(env, names = ls(env, all.names = TRUE, sorted = FALSE)) {
  names[.Call(fleet_is_locked, env, names)]
}

# --- the driver's side

# Locked variables that the loop's code sets where it is evaluated, which is an environment of the iteration on workers
# and that of the loop under %do%
fixed_names <- function(expr, carried, bound) {
  home <- carried$levels[[1]]
  names <- setdiff(locked_names(home), c(bound, NEVER_CARRIED))
  if (!length(names)) return(names)
  names <- intersect(names, codetools::findLocalsList(list(expr)))
  names[.Call(fleet_holds_value, home, names)]
}

# By level: names of what comes by itself, and whether the environment is locked. NULL, nearly always
level_locks <- function(loop) {
  carried <- loop$carried
  locks <- lapply(seq_along(carried$levels), function(k) {
    own <- Filter(function(object) identical(object$level, k), loop$objects)
    names <- c(vapply(own, function(object) object$name, ""), unlist(loop$loans$names[k]))
    list(names = locked_names(carried$levels[[k]], names), closed = is_closed(carried, k))
  })
  if (any(vapply(locks, function(one) length(one$names) > 0L || one$closed, NA))) locks
}

# Attached data and captured frames are not.
is_closed <- function(carried, k) k <= carried$depth + 1L && environmentIsLocked(carried$levels[[k]])

closed_levels <- function(carried) Filter(function(k) is_closed(carried, k), seq_along(carried$levels))

# --- the worker's side

# When all variables are there. The global environment cannot be opened again: the next loop needs another R.
lock_scope <- function(worker, carried) {
  kept <- worker$installation
  for (k in seq_along(carried$locks)) {
    lock <- carried$locks[[k]]
    is_frame <- k <= carried$depth
    place <- if (is_frame) kept$frames[[k]] else loan_place(kept, carried, k)
    lock_variables(place, lock$names)
    if (is_frame) lock_variables(parent.env(place), lock$names)
    if (!lock$closed) next
    if (!is_frame) {
      if (!exists(".Random.seed", envir = place, inherits = FALSE)) set.seed(NULL)
      note_dirt(worker, "the script has locked the global environment")
    }
    lockEnvironment(place)
  }
}

lock_variables <- function(env, names) {
  for (name in names) if (exists(name, envir = env, inherits = FALSE)) lockBinding(name, env)
}

unlock_variables <- function(env, names) for (name in locked_names(env, names)) unlockBinding(name, env)
