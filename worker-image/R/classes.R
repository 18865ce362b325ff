# S4 classes, generics and methods that an iteration defines (reference classes are such) are taken back after it.
#
# R keeps them in three places. Where they were defined, which is the global environment, they are `.__C__class` and
# `.__T__generic:package`. They are also in two tables of the package methods, and in the tables of the generics.
# methods::cacheMetaData() takes what an environment has out of the latter two, as when a package is detached.

CLASS_METADATA <- "^\\.__[CT]__"

class_table <- function(name) get(name, envir = asNamespace("methods"))

take_classes <- function() {
  names <- grep(CLASS_METADATA, ls(globalenv(), all.names = TRUE, sorted = FALSE), value = TRUE)
  new_record(
    table = class_table(".classTable"),
    classes = snapshot(class_table(".classTable")),
    generics = snapshot(class_table(".genericTable")),
    script = mget(names, envir = globalenv()), # what the script has defined
    methods = lapply(mget(grep("^\\.__T__", names, value = TRUE), envir = globalenv()), as.list, all.names = TRUE))
}

# The tables grow when packages are loaded, and when a class is first asked for.
accept_classes <- function(before) {
  now <- snapshot(class_table(".classTable"))
  added <- now[setdiff(names(now), names(before$classes))]
  before$classes <- c(before$classes, added[!vapply(added, is_of_script, NA)])
}

is_of_script <- function(definition) identical(as.character(definition@package), ".GlobalEnv")

# Before variables are put back. Reasons why R is dirty; none, nearly always
restore_classes <- function(before, variables) {
  table <- before$table
  same <- length(globalenv()) <= length(variables) + 1L && length(table) == length(before$classes)
  if (same && !length(before$script)) return(NULL)
  left <- left_definitions(before)
  if (length(table) != length(before$classes)) accept_classes(before)
  if (!length(left) && length(table) == length(before$classes)) return(NULL)
  attempt("classes and methods", {
    methods::cacheMetaData(list2env(left, parent = globalenv()), FALSE, searchWhere = globalenv())
    restore_variables(table, before$classes)
    restore_variables(class_table(".genericTable"), before$generics)
    if (takes_away(before)) stop("a class or method of the script was taken away")
  })
}

# What the global environment has now and had not: classes, tables of methods, and of tables that it had the new methods
left_definitions <- function(before) {
  env <- globalenv()
  names <- grep(CLASS_METADATA, ls(env, all.names = TRUE, sorted = FALSE), value = TRUE)
  now <- mget(names, envir = env)
  left <- now[!vapply(names, function(name) identical(now[[name]], before$script[[name]]), NA)]
  for (name in intersect(names(before$methods), names)) {
    methods <- as.list(now[[name]], all.names = TRUE)
    old <- before$methods[[name]][names(methods)]
    added <- methods[!mapply(identical, methods, old)]
    if (length(added)) left[[name]] <- list2env(added, parent = emptyenv())
  }
  left
}

takes_away <- function(before) {
  gone <- setdiff(names(before$script), ls(globalenv(), all.names = TRUE, sorted = FALSE))
  fewer <- vapply(intersect(names(before$methods), ls(globalenv(), all.names = TRUE)), function(name) {
    table <- get(name, envir = globalenv())
    !all(mapply(identical, before$methods[[name]], as.list(table, all.names = TRUE)[names(before$methods[[name]])]))
  }, NA)
  length(gone) > 0L || any(fewer)
}
