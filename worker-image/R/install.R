# The worker's side of carry.R: a loop's variables are put where its iterations find them, as in the session.

# Once per loop. Returns the environment in which the loop's expression is evaluated.
install_scope <- function(worker, setup) {
  kept <- worker$installation
  if (!identical(kept$run, setup$run)) {
    kept$run <- ""
    known <- stats::setNames(setup$objects, vapply(setup$objects, function(object) object$digest, ""))
    install_script(worker, setup, known)
    variables <- setup$carried$variables
    if (is.character(variables)) variables <- get_object(worker, setup, c(known[[variables]], raw = TRUE))
    kept$env <- put_scope(kept, setup$carried, variables)
    for (object in setup$objects) if (!is.null(object$level)) put_object(kept, setup$carried, object,
      object_value(worker, setup, object))
    put_loans(worker, setup)
    lock_scope(worker, setup$carried)
    kept$run <- setup$run
    drop_objects(worker, names(known))
  }
  kept$env
}

install_script <- function(worker, setup, known) {
  kept <- worker$installation
  digest <- setup$carried$definitions
  remove_scope(kept)
  if (identical(kept$digest, digest)) return(invisible())
  kept$digest <- ""
  install_definitions(kept, object_value(worker, setup, known[[digest]]))
  kept$digest <- digest
}

put_scope <- function(kept, carried, bytes) {
  top <- if (is.null(carried$package)) globalenv() else asNamespace(carried$package)
  read <- read_scope(bytes, carried, top)
  if (length(carried$dead)) .Call(fleet_close_foreign, read)
  kept$frames <- read$frames
  kept$asked <- carried$asked
  kept$fixed <- list(names = carried$fixed, home = if (carried$depth) read$frames[[1]] else globalenv())
  kept$shut <- lapply(seq_along(kept$frames), function(k) shut_frame(kept$frames[[k]]))
  put_globals(kept, ls(read$global, all.names = TRUE), function(names) {
    rm(list = names[names %in% ls(globalenv(), all.names = TRUE)], envir = globalenv())
    copy_bindings(read$global, names, globalenv())
  })
  kept$globals <- ls(read$global, all.names = TRUE)
  for (k in rev(seq_along(read$attached))) attach_data(kept, read$attached[[k]], carried$attached[[k]])
  kept$hidden <- intersect(carried$hidden, names(kept$functions))
  rm(list = kept$hidden, envir = globalenv())
  if (carried$depth) read$frames[[1]] else new.env(parent = top)
}

# The frames that the loop sees. What is not a value (dots, arguments that are missing or not evaluated) lies beside
# each, where nothing that restores variables between iterations comes upon it.
read_scope <- function(bytes, carried, top) {
  depth <- carried$depth
  count <- depth + or_else(carried$captured, 0L)
  frames <- lapply(seq_len(count), function(k) new.env(parent = new.env(parent = top)))
  for (k in seq_len(max(0L, depth - 1L))) parent.env(parent.env(frames[[k]])) <- frames[[k + 1L]]
  levels <- read_with_frames(bytes, frames)
  attached <- depth + 1L + seq_along(carried$attached)
  places <- c(seq_len(depth), depth + 1L + length(attached) + seq_len(count - depth))
  for (k in seq_len(count)) {
    level <- levels[[places[k]]]
    names <- ls(level, all.names = TRUE)
    is_value <- .Call(fleet_holds_value, level, names)
    copy_bindings(level, names[is_value], frames[[k]])
    copy_bindings(level, names[!is_value], parent.env(frames[[k]]))
    if (k > depth) parent.env(parent.env(frames[[k]])) <- levels$parents[[k - depth]]
  }
  list(frames = frames, global = levels[[depth + 1L]], attached = levels[attached])
}

read_with_frames <- function(bytes, frames) unserialize(bytes, refhook = function(id) frames[[as.integer(id)]])

# What the loop uses of it, as a list: inner variables hide outer ones.
scope_values <- function(carried) {
  read <- read_scope(carried$variables, carried, globalenv())
  values <- list()
  for (env in c(list(list2env(carried$script$functions)), read$attached, read$global,
             rev(read$frames[seq_len(carried$depth)]))) {
    names <- intersect(ls(env, all.names = TRUE), carried$names)
    names <- names[.Call(fleet_holds_value, env, names)]
    values[names] <- mget(names, envir = env)
  }
  values
}

put_object <- function(kept, carried, object, value) {
  if (object$level <= carried$depth) return(assign(object$name, value, envir = kept$frames[[object$level]]))
  at <- object$level - carried$depth - 1L
  beyond <- at - length(kept$attached)
  if (beyond > 0L) return(assign(object$name, value, envir = kept$frames[[carried$depth + beyond]]))
  if (at > 0L) return(assign(object$name, value, envir = kept$attached[[at]]))
  put_globals(kept, object$name, function(name) assign(name, value, envir = globalenv()))
  kept$globals <- c(kept$globals, object$name)
}

# Under the name that it has in the session, and before what stands there behind it and is here, too
attach_data <- function(kept, data, place) {
  behind <- match(place$behind, search())
  env <- attach(NULL, pos = c(behind[!is.na(behind)], 2L)[1], name = place$name, warn.conflicts = FALSE)
  copy_bindings(data, ls(data, all.names = TRUE), env)
  kept$attached <- c(env, kept$attached)
}

# One that a task has detached is there again as a copy.
detach_data <- function(env) {
  at <- which(vapply(.Call(fleet_search), identical, NA, env))
  if (!length(at)) at <- match(attr(env, "name"), search())
  if (!is.na(at[1])) detach(pos = at[1], character.only = TRUE)
}

remove_scope <- function(kept) {
  kept$borrowing <- NULL
  for (env in kept$attached) detach_data(env)
  kept$attached <- list()
  take_globals(kept, kept$globals)
  kept$globals <- character()
  list2env(kept$functions[kept$hidden], envir = globalenv())
  lock_variables(globalenv(), intersect(kept$hidden, kept$locked))
  kept$hidden <- character()
}
