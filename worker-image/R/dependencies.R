# What the iterations of a loop depend on besides their arguments: variables of the frames that the expression sees, of
# the global environment and of attached data. Variables that only functions name belong to it, wherever these are held
# (src/reach.c). All functions of the script and its methods and classes travel anyway (definitions.R); data travel, and
# everything counts for the keys, when an iteration can reach it.

NEVER_CARRIED <- c(".Random.seed", ".Last.value", ".Traceback", ".First", ".Last",
                   ".S3MethodsClasses", ".requireCachedGenerics")
LOOKED_UP_BYTES <- 2^20 # of a variable that travels because code makes names ("get(paste0(...))")
UNUSED_BYTES <- 2^20    # of a function that travels though nothing names it, with what it captured

find_dependencies <- function(fleet, loop, obj, expr, envir) {
  frames <- lexical_frames(envir)
  carried <- list(levels = c(frames, globalenv(), attached_data()), depth = length(frames),
                package = environment_package(envir), attached = attached_places())
  carried$fixed <- fixed_names(expr, carried, obj$argnames)
  definitions <- current_definitions()
  reached <- reach(loop, obj, expr, envir, carried, definitions)
  carried <- with_captured(carried, reached, loop$it)
  if (length(carried$captured)) {
    look <- function(carried) reach(loop, obj, expr, envir, carried, definitions)
    carried <- without_own(carried, look(carried))
    reached <- look(carried)
  }
  hidden <- setdiff(obj$noexport, exported_names(obj))
  used <- lapply(reached$used, setdiff, c(NEVER_CARRIED, hidden))
  global <- used[[carried$depth + 1L]]
  from_data <- global[vapply(global, function(name) is_unchanged_data(fleet, name), NA)]
  used[[carried$depth + 1L]] <- setdiff(global, from_data)
  loop$carried <- c(carried, list(used = used, from_data = from_data, hidden = hidden, definitions = definitions,
                                   dead = setdiff(reached$dead, hidden)))
  loop$reads_arguments <- reached$reads_arguments
  loop$carried$asked <- asked_arguments(expr, loop$carried)
  loop$carried$unused <- lapply(seq_along(used), function(k) unused_functions(loop$carried, k))
  loop$loans <- new_loans(loop$carried)
  if (reached$makes_names) loop$carried$present <- lapply(loop$loans$names, sort_names)
  loop$window$same_loans <- function(mark) same_loans(loop, mark)
  loop$known <- sent_frames(loop$carried)
  packages <- c(obj$packages, carried$package)
  loop$versions <- package_versions(packages)
  parts <- named_errors(loop$carried, function() {
    loop_key_parts(expr, loop$carried, packages, loop$random, fleet$data_hashes[from_data])
  })
  loop$window$prefix <- paste(parts, collapse = "-")
  loop$window$suffix <- fleet$key_suffix
}

environment_package <- function(envir) {
  env <- topenv(envir)
  if (isNamespace(env)) getNamespaceName(env) else NULL
}

# Data that every worker loaded from the same file need not travel, as long as the script has not changed it.
is_unchanged_data <- function(fleet, name) {
  !is.null(fleet$data[[name]]) && identical(globalenv()[[name]], fleet$data[[name]])
}

# From the inside, without the global environment and what belongs to packages
lexical_frames <- function(envir) {
  frames <- list()
  while (!is_top(envir)) {
    frames <- c(frames, envir)
    envir <- parent.env(envir)
  }
  frames
}

is_top <- function(env) {
  identical(env, globalenv()) || identical(env, emptyenv()) || identical(env, baseenv()) || belongs_to_package(env)
}

# What attach() put on the search path
attached_data <- function() lapply(attached_positions(), as.environment)

attached_positions <- function() grep("^(\\.GlobalEnv|package:|Autoloads|tools:|org:)", search(), invert = TRUE)

# Of each its name, and what stands behind it on the search path
attached_places <- function() {
  lapply(attached_positions(), function(at) list(name = search()[at], behind = search()[-seq_len(at)]))
}

# Arguments that are used are evaluated now, once for all iterations, as %do% does in the first. Where that fails, it
# may be that nobody evaluates them (substitute(), a branch that is not taken): these travel unevaluated.
reach <- function(loop, obj, expr, envir, carried, definitions) {
  named <- c(lapply(carried$levels[seq_len(length(carried$levels) - length(carried$captured))], method_names),
             lapply(carried$captured, light_names))
  values <- c(definition_functions(definitions), iterated_values(loop$it))
  named[[1]] <- c(named[[1]], carried$fixed)
  for (name in exported_names(obj)) named <- name_exported(named, name, envir, carried)
  look <- function() {
    reached <- .Call(fleet_reach, expr, values, carried$levels, named, envir, obj$argnames)
    stats::setNames(reached, c("used", "makes_names", "dead", "reads_arguments"))
  }
  reached <- look()
  if (reached$makes_names) {
    named <- add_looked_up(named, carried)
    reached <- look()
  }
  evaluated <- character()
  repeat {
    fresh <- setdiff(used_arguments(carried, reached), evaluated)
    if (!length(fresh)) return(reached)
    for (id in fresh) evaluate_argument(carried$levels[[as.integer(sub(" .*", "", id))]], sub("^[0-9]+ ", "", id))
    evaluated <- c(evaluated, fresh)
    reached <- look()
  }
}

# "level name" of those among the variables that are used
used_arguments <- function(carried, reached) {
  unlist(lapply(seq_along(carried$levels), function(k) {
    level <- carried$levels[[k]]
    names <- reached$used[[k]]
    names <- names[!.Call(fleet_holds_value, level, names)]
    if (length(names)) paste(k, names[names == "..." | !vapply(names, bindingIsActive, NA, level)])
  }))
}

evaluate_argument <- function(env, name) {
  if (name != "...") return(evaluate_quietly(as.name(name), env))
  count <- tryCatch(eval(quote(...length()), env), error = function(e) 0L)
  for (k in seq_len(count)) evaluate_quietly(call("...elt", k), env)
}

# What it warns of is the script's only if it succeeds.
evaluate_quietly <- function(code, env) {
  warnings <- list()
  done <- tryCatch(withCallingHandlers({
    eval(code, env)
    TRUE
  }, warning = function(w) {
    warnings[[length(warnings) + 1L]] <<- w
    tryInvokeRestart("muffleWarning")
  }), error = function(e) FALSE)
  if (done) for (w in warnings) warning(w)
}

# Those of the loop, and of bare doRedis' setExport()
exported_names <- function(obj) unique(c(obj$export, get(".doRedisGlobals", envir = asNamespace("doRedis"))$export))

name_exported <- function(named, name, envir, carried) {
  home <- defining_frame(name, envir)
  k <- if (!is.null(home)) Position(function(level) identical(level, home), carried$levels)
  if (!is.null(k) && !is.na(k)) named[[k]] <- c(named[[k]], name)
  named
}

defining_frame <- function(name, envir) {
  env <- envir
  repeat {
    if (identical(env, emptyenv()) || identical(env, baseenv()) || isNamespace(env)) return(NULL)
    if (exists(name, envir = env, inherits = FALSE)) return(env)
    env <- parent.env(env)
  }
}

# Functions that are methods by their name are called by generics that no code of the script need name.
method_names <- function(env) {
  names <- grep("[^.].*\\.", ls(env, all.names = TRUE, sorted = FALSE), value = TRUE)
  names <- names[.Call(fleet_holds_function, env, names)]
  names[vapply(names, function(name) is_method_name(name, env), NA)]
}

is_method_name <- function(name, env) {
  dots <- gregexpr(".", name, fixed = TRUE)[[1]]
  dots <- dots[dots > 1L & dots < nchar(name)]
  any(vapply(dots, function(at) exists(substr(name, 1L, at - 1L), envir = env, mode = "function"), NA))
}

# Variables of the script that code could mean which makes names, and that lead to environments: by themselves (lend.R)
# they could not share these with others.
add_looked_up <- function(named, carried) {
  k <- carried$depth + 1L
  names <- setdiff(ls(globalenv(), all.names = TRUE), NEVER_CARRIED)
  active <- names[vapply(names, bindingIsActive, NA, globalenv())]
  names <- names[.Call(fleet_holds_value, globalenv(), names)]
  names <- names[!vapply(names, function(name) .Call(fleet_plain, globalenv()[[name]]), NA)]
  weights <- vapply(names, function(name) {
    .Call(fleet_weight, globalenv()[[name]], list(globalenv()), LOOKED_UP_BYTES)
  }, 0)
  named[[k]] <- union(named[[k]], c(active, names[weights < LOOKED_UP_BYTES]))
  named
}

# What is known of the iterations before they are drawn: the vectors and lists that are iterated over. Functions in them
# may need the script's variables, and text may name its functions.
iterated_values <- function(it) {
  if (!is.list(it) && !is.environment(it)) return(NULL)
  inner <- c(lapply(c("it", "it1", "ie1", "ie2"), function(part) it[[part]]), it$state$ie2)
  values <- lapply(it$iargs, function(one) tryCatch(one$state$obj, error = function(e) NULL))
  values <- values[lengths(values) < 1000L | !vapply(values, function(value) .Call(fleet_plain, value), NA)]
  c(values, unlist(lapply(Filter(function(part) inherits(part, "iter"), inner), iterated_values), recursive = FALSE))
}
