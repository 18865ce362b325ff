# Members for state.R: methods, classes and functions of packages that a task registers or replaces.
member("an S3 method", {
  found <- c(!is.null(getS3method("print", "mine", optional = TRUE)), format(as.Date("2026-01-02")),
             exists("format.mine"))
  registerS3method("print", "mine", function(x, ...) cat("mine\n"))
  .S3method("format", "mine", function(x, ...) "mine")
  registerS3method("format", "Date", function(x, ...) "a date")
  c(found, format(as.Date("2026-01-02")), format(structure(1, class = "mine")))
})
member("a function of a package", {
  found <- list(sd(c(1, 2)), stats::var(c(1, 3)), Sys.time() > 0, bindingIsLocked("sd", asNamespace("stats")),
                MASS::fractions(0.5), is.function(MASS:::.rat))
  assignInNamespace("fractions", function(x, ...) 42, "MASS")
  assignInNamespace(".rat", "gone", "MASS")
  unlockBinding("sd", as.environment("package:stats"))
  assign("sd", function(x, ...) 43, as.environment("package:stats"))
  trace("var", quote(cat("traced\n")), print = FALSE, where = asNamespace("stats"))
  unlockBinding("Sys.time", baseenv())
  assign("Sys.time", function() -1, baseenv())
  c(found, MASS::fractions(0.5), stats::sd(1:3), sd(1:3), Sys.time())
})
member("S4 classes and methods", {
  found <- list(isClass("P"), isGeneric("area"), existsMethod("length", "P"), is(1, "NumberOrNull"),
                is.primitive(length), isVirtualClass("numeric"), names(getClass("numeric")@subclasses),
                existsMethod("summary", "P"))
  setClass("P", representation(x = "numeric"))
  setClass("N", contains = "numeric")
  setClassUnion("NumberOrNull", c("numeric", "NULL"))
  setMethod("show", "P", function(object) cat("P\n"))
  setMethod("length", "P", function(x) 7L)
  setMethod("+", signature("P", "P"), function(e1, e2) 3)
  setGeneric("area", function(s, ...) standardGeneric("area"))
  setMethod("area", "P", function(s, ...) i > 0)
  setGeneric("summary")
  setMethod("summary", "P", function(object, ...) "mine")
  setAs("P", "character", function(from) "as text")
  p <- new("P", x = 1)
  c(found, length(p), p + p, area(p), summary(p), as(p, "character"), is(1, "NumberOrNull"), new("N", 1) + 1)
})
member("a class with another definition each time", {
  setClass("Changing", representation(x = if (exists("was")) "character" else "numeric"))
  was <<- TRUE
  tryCatch(new("Changing", x = 1)@x, error = function(e) "another")
})
member("reference classes", {
  found <- isClass("Counter")
  Counter <- setRefClass("Counter", fields = list(n = "numeric"), methods = list(add = function() { n <<- n + 1; n }))
  counter <- Counter$new(n = 0)
  c(found, counter$add(), counter$add())
})
member("code from a file", {
  file <- tempfile()
  writeLines(c("helper <- function(x) UseMethod('helper')", "helper.mine <- function(x) 'mine'",
               "helper.default <- function(x) 'default'", "options(from.file = TRUE)",
               "setClass('F', representation(x = 'numeric'))"), file)
  found <- list(exists("helper"), getOption("from.file"), isClass("F"))
  source(file)
  c(found, helper(structure(1, class = "mine")), new("F", x = 1)@x)
})
member("long lists of environments, closures and tables", {
  e <- long[[1500]]
  e$k <- e$k + 1
  list(e$k, nested[[1]][[1200]]$add())
}, long = lapply(1:2000, function(k) list2env(list(k = k))), nested = list(lapply(1:1500, function(k) {
  list(add = local({ n <- k; function() { n <<- n + 1; n } }))
})))
