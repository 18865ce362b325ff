# Frames of functions that have ended: closures, and formulas, that were made there keep them. Such a frame may hold
# large data that nobody uses any more, and would travel with each task that has the closure. So a frame with large data
# is treated like the frames that the loop sees. It travels once for each worker. Large data that no code names are lent
# instead (lend.R). Closures in tasks name the frame.
#
# And the way back: a result that keeps such a frame, or one that the loop sees, brings a copy. In the script's session
# the frame itself stands in its place, as under %do%.

CAPTURED_BYTES <- 2^20     # of a variable that makes a frame worth it
MOST_CAPTURED <- 200L      # frames
MOST_ELEMENTS <- 2000L     # of what is iterated over, that are looked into

# --- the driver's side

# The levels and, as further ones, captured frames
with_captured <- function(carried, reached, it) {
  used <- lapply(seq_along(carried$levels), function(k) .Call(fleet_bindings, carried$levels[[k]], reached$used[[k]]))
  iterated <- unname(iterated_values(it))
  is_data <- vapply(iterated, function(values) .Call(fleet_plain, values), NA)
  captured <- captured_by(c(used, iterated[!is_data]), carried$levels)
  if (!length(captured)) return(carried)
  carried$captured <- captured
  carried$shared <- captured_by(used, carried$levels)
  carried$elements <- unlist(lapply(iterated[!is_data], as.list), recursive = FALSE)
  carried$levels <- c(carried$levels, carried$captured)
  carried
}

captured_by <- function(values, levels) {
  .Call(fleet_captured_frames, values, levels, CAPTURED_BYTES, MOST_CAPTURED)
}

# What one iteration alone needs goes to one worker with its task.
without_own <- function(carried, reached) {
  count <- length(carried$captured)
  first <- length(carried$levels) - count
  is_among <- function(env, others) any(vapply(others, identical, NA, env))
  found <- lapply(utils::head(carried$elements, MOST_ELEMENTS), function(one) {
    captured_by(list(one), carried$levels[seq_len(first)])
  })
  stays <- vapply(seq_len(count), function(k) {
    env <- carried$captured[[k]]
    is_among(env, carried$shared) || sum(vapply(found, is_among, NA, env = env)) != 1L ||
      !any(.Call(fleet_large_variables, env, reached$used[[first + k]], CAPTURED_BYTES))
  }, NA)
  carried$captured <- carried$captured[stays]
  carried$levels <- c(carried$levels[seq_len(first)], carried$captured)
  carried$elements <- carried$shared <- NULL
  carried
}

# All but large data travels with the frame.
light_names <- function(env) {
  names <- setdiff(ls(env, all.names = TRUE, sorted = FALSE), "...")
  names <- names[.Call(fleet_holds_value, env, names)]
  names[!.Call(fleet_large_variables, env, names, CAPTURED_BYTES)]
}

# Names the frames in a serialization
frame_names <- function(frames) {
  function(env) {
    for (k in seq_along(frames)) if (identical(env, frames[[k]])) return(as.character(k))
    NULL
  }
}

relinked <- function(loop, value) {
  if (!length(loop$known) || .Call(fleet_plain, value)) value else .Call(fleet_relink, value, loop$known)
}

# --- the worker's side

# What stands beside a frame (install.R), but no loans
shut_frame <- function(frame) {
  beside <- parent.env(frame)
  copy_bindings(beside, ls(beside, all.names = TRUE), new.env(parent = parent.env(beside)))
}

# Has no variable of the script changed in this iteration?
has_same_frames <- function(scope) {
  .Call(fleet_holds_same, scope$env, scope$before, NULL) && !length(.Call(fleet_changed_environments, scope$reached))
}

# Evaluates code with the frames as they may leave the worker: without loans, but those that the iteration has used.
# unchanged: whether the frames are as they came; the driver puts its own in their place then.
sealed <- function(kept, unchanged, code) {
  if (!length(kept$frames)) return(code)
  besides <- lapply(kept$frames, parent.env)
  put_back <- list()
  on.exit({
    for (k in seq_along(besides)) parent.env(kept$frames[[k]]) <- besides[[k]]
    for (one in put_back) one()
  })
  for (k in seq_along(besides)) {
    frame <- kept$frames[[k]]
    shut <- kept$shut[[k]]
    attr(shut, "fleet_frame") <- if (unchanged) k
    put_back <- c(put_back, keep_used(kept$borrowing, besides[[k]], shut), keep_used(kept$borrowing, frame, frame))
    parent.env(frame) <- shut
  }
  code
}

# Of the loans that lie in `from`, those that were used lie in `to` as values, and no others. Returns what undoes that.
keep_used <- function(borrowing, from, to) {
  at <- Position(function(place) identical(place$env, from), borrowing$places)
  if (is.na(at)) return(NULL)
  promises <- borrowing$places[[at]]$promises
  values <- used_loans(borrowing, at)
  if (identical(from, to)) {
    is_there <- vapply(seq_along(promises), function(j) .Call(fleet_holds_same, from, promises[j], NULL), NA)
    promises <- promises[is_there] # the iteration may have set others
    values <- values[names(values) %in% names(promises)]
    rm(list = names(promises), envir = from)
  }
  list2env(values, envir = to)
  function() if (identical(from, to)) list2env(promises, envir = from) else rm(list = names(values), envir = to)
}
