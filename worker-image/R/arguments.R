# Arguments of the function around a loop that the loop's code asks about: missing(x), substitute(x). R looks for them
# nowhere but where the code is evaluated, so an iteration's own environment has them, too.

# By name: NULL for what travels with the loop, DEFAULT for what does and has its default value, else an argument's
# expression, in a list
asked_arguments <- function(code, carried) {
  if (!carried$depth) return(list())
  frame <- carried$levels[[1]]
  names <- intersect(asked_names(code), ls(frame, all.names = TRUE, sorted = FALSE))
  with_default <- names[vapply(names, has_default, NA, frame)]
  names <- setdiff(names, intersect(with_default, asked_names(code, "substitute"))) # missing() of these is an error
  lapply(stats::setNames(nm = names), function(name) {
    if (name %in% with_default) DEFAULT
    else if (name %in% carried$used[[1]]) NULL
    else argument_expression(name, frame)
  })
}

DEFAULT <- "default"

has_default <- function(name, frame) {
  tryCatch(eval(call("missing", as.name(name)), frame), error = function(e) FALSE) && !is_empty(frame, name)
}

argument_expression <- function(name, frame) list(eval(call("substitute", as.name(name)), frame))

# What of it counts for keys: the text of arguments, and which were given
asked_parts <- function(asked, carried) {
  lapply(stats::setNames(nm = names(asked)), function(name) {
    list(identical(asked[[name]], DEFAULT), argument_expression(name, carried$levels[[1]]))
  })
}

is_empty <- function(frame, name) holds_nothing(unname(.Call(fleet_bindings, frame, name)))

# held: one value in a list, for R's sign of a missing argument cannot be passed on by itself
holds_nothing <- function(held) identical(held, list(quote(expr = )))

asked_names <- function(code, by = c("missing", "substitute")) {
  if (is.expression(code)) code <- as.list(code)
  if (!is.call(code) && !is.list(code)) return(character())
  asks <- is.call(code) && is.symbol(code[[1]]) && as.character(code[[1]]) %in% by
  if (asks) return(if (length(code) > 1L) all.names(code[[2]], functions = FALSE))
  unique(unlist(lapply(as.list(code), function(part) if (!missing(part)) asked_names(part, by))))
}

# --- the worker's side

# An iteration's own environment. What a call has left out is so only in the frame of a call that leaves it out.
iteration_frame <- function(kept, parent) {
  defaults <- names(kept$asked)[vapply(kept$asked, identical, NA, DEFAULT)]
  if (!length(defaults)) return(new.env(parent = parent))
  f <- function() environment()
  formals(f) <- lapply(stats::setNames(nm = defaults), function(name) as.call(list(get, name, envir = parent)))
  environment(f) <- parent
  f()
}

put_asked <- function(kept, env) {
  fixed <- setdiff(kept$fixed$names, names(kept$asked)) # locks.R
  if (length(fixed)) copy_bindings(kept$fixed$home, fixed, env)
  if (!length(kept$asked)) return(invisible())
  frame <- kept$frames[[1]]
  travels <- vapply(kept$asked, is.null, NA)
  copy_bindings(parent.env(frame), names(kept$asked)[travels], env)
  copy_bindings(frame, names(kept$asked)[travels], env)
  for (name in names(kept$asked)[vapply(kept$asked, is.list, NA)]) {
    copy_bindings(as_argument_of(name, kept$asked[[name]], frame), name, env)
  }
}

# An environment with an argument of that name: a missing one, or one that nobody has evaluated
as_argument_of <- function(name, expression, frame) {
  env <- new.env(parent = emptyenv())
  if (holds_nothing(expression)) list2env(stats::setNames(expression, name), envir = env)
  else do.call(delayedAssign, list(name, expression[[1]], frame, env))
  env
}
