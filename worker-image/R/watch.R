# What can only be seen when it happens. A package is loaded: the options that it sets then must stay, for it stays. An
# S3 method is registered. A locked binding (a package's function) is opened to be changed.
#
# In a worker three functions of base note what they are called for while an iteration runs, and then do what they
# always did. A look at all functions and methods after each iteration would cost more than short iterations do.

WATCHED <- c("loadNamespace", "registerS3method", "unlockBinding")

new_watch <- function() {
  new_record(
    on = FALSE,              # an iteration runs
    loading = FALSE,
    options = list(),        # that packages have set when they were loaded, and
    variables = character(), # of the environment
    baselines = list(),      # to which packages that are loaded add their settings
    package_state = new_package_state(), # changes to make in packages that are loaded
    classes = NULL,          # of the loop: those of the packages are added
    undo = list())           # calls that put back what was changed, the last first
}

start_watching <- function() {
  .fleet$watch <- new_watch()
  for (name in WATCHED) rebind(name, watched(name, get(name, envir = baseenv())))
}

stop_watching <- function() {
  .fleet$watch <- NULL
  for (name in WATCHED) if (!is.null(original <- attr(get(name, envir = baseenv()), "original"))) rebind(name, original)
}

rebind <- function(name, value) {
  base <- baseenv()
  open <- or_else(attr(get("unlockBinding", envir = base), "original"), unlockBinding)
  open(name, base)
  assign(name, value, envir = base)
  lockBinding(name, base)
}

# The call is repeated as it was, in the caller's frame, so that errors name the same call. The function's own code is
# there to be read, and nothing else but code: pkgload takes parts of loadNamespace()'s.
watched <- function(name, original) {
  if (!is.null(attr(original, "original"))) return(original)
  wrapper <- eval(bquote(function() {
    call <- sys.call()
    call[[1L]] <- as.name(.watched$name)
    frame <- new.env(parent = parent.frame())
    assign(.watched$name, .watched$original, envir = frame)
    watch <- .watched$package$watch
    if (is.null(watch) || watch$loading) return(eval(call, frame))
    matched <- match.call()
    after <- .watched$note(watch, matched)
    on.exit(after())
    if (FALSE) .(body(original))
    eval(call, frame)
  }))
  formals(wrapper) <- formals(original)
  watched <- list(name = name, original = original, package = .fleet, note = NOTES[[name]])
  environment(wrapper) <- list2env(list(.watched = watched), parent = baseenv())
  attr(wrapper, "original") <- original
  wrapper
}

# By function: what is noted before the call; they return what is to be done after it.
NOTES <- list(
  loadNamespace = function(watch, call) {
    watch$loading <- TRUE
    before <- list(options = names(.Options), variables = .Call(fleet_environment), packages = loadedNamespaces())
    function() {
      watch$loading <- FALSE
      now <- .Call(fleet_options, .Options)
      added <- setdiff(names(now), before$options)
      watch$options[added] <- now[added]
      variables <- variables_of(.Call(fleet_environment))
      added <- setdiff(names(variables), names(variables_of(before$variables)))
      watch$variables[added] <- variables[added]
      packages <- setdiff(loadedNamespaces(), before$packages)
      # the first is the state before any loop
      for (baseline in utils::head(watch$baselines, 1L)) add_packages(baseline, packages)
      meet_packages(watch$package_state, packages)
      for (baseline in watch$baselines[-1]) add_packages(baseline, packages)
      if (!is.null(watch$classes)) accept_classes(watch$classes)
    }
  },
  registerS3method = function(watch, call) {
    if (!watch$on) return(function() NULL)
    argument <- function(value) tryCatch(as.character(eval(value, parent.frame(3L))), error = function(e) "")
    name <- paste(argument(call$genname), argument(call$class), sep = ".")
    tables <- method_tables()
    before <- lapply(tables, function(table) table[[name]])
    function() {
      changed <- which(!mapply(identical, lapply(tables, function(table) table[[name]]), before))
      for (k in changed) undo_binding(watch, tables[[k]], name, before[[k]])
    }
  },
  unlockBinding = function(watch, call) {
    env <- tryCatch(eval(call$env, parent.frame(2L)), error = function(e) NULL)
    name <- tryCatch(as.character(eval(call$sym, parent.frame(2L))), error = function(e) "")
    if (watch$on && is.environment(env) && is_locked(name, env) && !bindingIsActive(name, env)) {
      undo_binding(watch, env, name, get(name, envir = env, inherits = FALSE), lock = TRUE)
    }
    function() NULL
  })

method_tables <- function() {
  packages <- c(list(baseenv()), lapply(setdiff(loadedNamespaces(), "base"), asNamespace))
  Filter(Negate(is.null), lapply(packages, function(package) package[[".__S3MethodsTable__."]]))
}

undo_binding <- function(watch, env, name, value, lock = FALSE) {
  for (now in list(env, name, value, lock)) force(now) # not when it is put back
  watch$undo <- c(list(function() {
    if (is_locked(name, env)) unlockBinding(name, env)
    if (is.null(value) && !lock) rm(list = name, envir = env) else assign(name, value, envir = env)
    if (lock) lockBinding(name, env)
  }), watch$undo)
}

is_locked <- function(name, env) exists(name, envir = env, inherits = FALSE) && bindingIsLocked(name, env)

restore_watched <- function(watch) {
  if (!length(watch$undo)) return(NULL)
  undo <- watch$undo
  watch$undo <- list()
  unlist(lapply(undo, function(put_back) attempt("a package's function or method", put_back())))
}
