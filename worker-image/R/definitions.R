# What a script defines for generics: S3 methods that it has registered, S4 classes, generics and methods, reference
# classes; and the functions of its global environment. All of it travels with every loop, since nothing in the code
# need name a method: without it a task would silently run another one.
#
# S4 keeps classes as `.__C__name` and methods as `.__T__generic:package` in the environment where they were defined.
# Put into the worker's global environment they take effect when methods::cacheMetaData() is told, as when a package is
# attached.

# list(functions, classes, methods), each a named list, and names of functions that are locked
current_definitions <- function() {
  env <- globalenv()
  names <- setdiff(ls(env, all.names = TRUE, sorted = TRUE), NEVER_CARRIED)
  metadata <- grep(CLASS_METADATA, names, value = TRUE)
  functions <- setdiff(names[.Call(fleet_holds_function, env, names)], metadata)
  functions <- mget(functions[!vapply(functions, bindingIsActive, NA, env)], envir = env)
  own <- vapply(functions, function(f) identical(environment(f), env) || (isS4(f) && length(metadata) > 0L), NA)
  list(functions = functions[own], classes = mget(metadata, envir = env), methods = registered_methods(),
       locked = locked_names(env, names(functions[own])))
}

# Methods that the script has registered, in the tables of all packages: "package generic.class" -> function
registered_methods <- function() {
  found <- list()
  for (home in c(loadedNamespaces(), ".GlobalEnv")) {
    table <- method_table(home)
    if (is.null(table)) next
    foreign <- .Call(fleet_foreign_methods, table)
    foreign <- foreign[foreign > 0L]
    for (name in names(foreign)) {
      method <- get(name, envir = table)
      if (foreign[[name]] == 1L || !is_declared(name, home, method)) found[[paste(home, name)]] <- method
    }
  }
  found
}

method_table <- function(home) {
  env <- if (home == ".GlobalEnv") globalenv() else if (home == "base") .BaseNamespaceEnv else asNamespace(home)
  get0(".__S3MethodsTable__.", envir = env, inherits = FALSE)
}

# Does a package's NAMESPACE file register this function under this name?
is_declared <- function(name, home, method) {
  packages <- unique(c(home, environment_package(environment(method))))
  any(vapply(setdiff(packages, c("base", ".GlobalEnv")), function(package) {
    declared <- getNamespaceInfo(package, "S3methods")
    name %in% paste(declared[, 1], declared[, 2], sep = ".")
  }, NA))
}

# Their functions, and what else tells one class from another: for keys, and to see what they use. R changes classes and
# tables of methods as they are used, so they are not looked at whole.
definition_functions <- function(definitions) {
  parts <- lapply(definitions$classes, function(one) if (is.environment(one)) table_parts(one) else class_parts(one))
  c(unname(definitions$methods), parts)
}

table_parts <- function(table) {
  methods <- as.list(table, all.names = TRUE, sorted = TRUE)
  lapply(methods, function(method) {
    method <- if (isS4(method)) method@.Data else method
    attributes(method) <- NULL
    method
  })
}

class_parts <- function(class) {
  parts <- list(name = as.character(class@className), slots = lapply(class@slots, as.character),
                virtual = class@virtual, validity = class@validity, parents = names(class@contains))
  if (methods::is(class, "ClassUnionRepresentation")) parts$members <- sort(names(class@subclasses))
  if (!methods::is(class, "refClassRepresentation")) return(c(parts, list(prototype = attributes(class@prototype))))
  methods <- as.list(class@refMethods, all.names = TRUE, sorted = TRUE)
  is_own <- function(method) methods::is(method, "refMethodDef") && identical(method@refClassName, parts$name)
  own <- lapply(Filter(is_own, methods), function(method) method@.Data)
  c(parts, list(fields = as.list(class@fieldClasses), methods = own))
}

# --- the worker's side

# kept: what is installed now, and what to put back (a record of new_installation()).
new_installation <- function() {
  new_record(run = "", env = NULL, digest = "", functions = list(), classes = character(), methods = list(),
             displaced = list(), globals = character(), hidden = character(), attached = list(), frames = list(),
             asked = list(), shut = list(), locked = character(), fixed = NULL,
             borrowing = NULL)
}

install_definitions <- function(kept, definitions) {
  remove_definitions(kept)
  put_globals(kept, names(definitions$functions), function(names) list2env(definitions$functions[names],
    envir = globalenv()))
  kept$functions <- definitions$functions
  lock_variables(globalenv(), definitions$locked)
  kept$locked <- definitions$locked
  list2env(definitions$classes, envir = globalenv())
  kept$classes <- names(definitions$classes)
  tell_methods(kept, TRUE)
  for (id in names(definitions$methods)) {
    place <- method_place(id)
    if (is.null(place)) next
    kept$methods[[id]] <- list(get0(place$name, envir = place$table, inherits = FALSE))
    assign(place$name, definitions$methods[[id]], envir = place$table)
  }
}

remove_definitions <- function(kept) {
  for (id in names(kept$methods)) {
    place <- method_place(id)
    before <- kept$methods[[id]][[1]]
    if (is.null(before)) rm(list = place$name, envir = place$table) else assign(place$name, before, envir = place$table)
  }
  kept$methods <- list()
  tell_methods(kept, FALSE)
  take_globals(kept, kept$classes)
  kept$classes <- character()
  take_globals(kept, names(kept$functions))
  kept$functions <- list()
}

method_place <- function(id) {
  home <- sub(" .*", "", id)
  if (home != ".GlobalEnv" && !requireNamespace(home, quietly = TRUE)) return(NULL)
  if (home == ".GlobalEnv" && is.null(method_table(home))) assign(".__S3MethodsTable__.", new.env(parent = baseenv()),
    envir = globalenv())
  list(table = method_table(home), name = sub("^[^ ]* ", "", id))
}

tell_methods <- function(kept, present) {
  if (length(kept$classes)) suppressMessages(methods::cacheMetaData(globalenv(), present, searchWhere = globalenv()))
}

# Variables of the global environment that were there before are put back afterwards.
put_globals <- function(kept, names, put) {
  for (name in setdiff(names, c(kept$globals, names(kept$functions)))) {
    if (exists(name, envir = globalenv(), inherits = FALSE)) kept$displaced[[name]] <- list(get(name,
      envir = globalenv()))
  }
  put(names)
}

take_globals <- function(kept, names) {
  present <- names[names %in% ls(globalenv(), all.names = TRUE, sorted = FALSE)]
  if (length(present)) rm(list = present, envir = globalenv())
  for (name in intersect(names, names(kept$displaced))) {
    assign(name, kept$displaced[[name]][[1]], envir = globalenv())
    kept$displaced[[name]] <- NULL
  }
}
