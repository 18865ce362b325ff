# Classes and methods of the script beside those that a task defines: each iteration finds the script's own, as the
# first call in plain R does. Run in a session with the backend registered and one worker.
setClass("P", representation(x = "numeric"))
setGeneric("area", function(s, ...) standardGeneric("area"))
setMethod("area", "P", function(s, ...) s@x * 2)
setMethod("show", "P", function(object) cat("P of", object@x, "\n"))
Acc <- setRefClass("Acc", fields = list(t = "numeric"), methods = list(add = function(v) { t <<- t + v; t }))
summary.trial <- function(object, ...) mean(object$x)
f <- function(i) {
  found <- list(isClass("Q"), existsMethod("area", "Q"), existsMethod("show", "Q"), existsMethod("length", "P"),
                existsMethod("area", "character"), area(new("P", x = 3)), capture.output(show(new("P", x = 1))),
                Acc$new(t = 1)$add(2), summary(structure(list(x = 1:3), class = "trial")))
  setClass("Q", contains = "P")
  setMethod("area", "Q", function(s, ...) -1)
  setMethod("area", "character", function(s, ...) -2)
  setMethod("show", "Q", function(object) cat("Q\n"))
  setMethod("length", "P", function(x) 9L)
  R2 <- setRefClass("R2", contains = "Acc", methods = list(add = function(v) { t <<- t + 10 * v; t }))
  registerS3method("summary", "trial", function(object, ...) "replaced")
  c(found, area(new("Q", x = 3)), area("a"), length(new("P", x = 1)), R2$new(t = 1)$add(1))
}
onWorkers <- foreach(i = 1:4) %dopar% f(i)
inPlainR <- f(1)
if (!all(vapply(onWorkers, identical, NA, inPlainR))) stop(paste(deparse(onWorkers), collapse = "\n"))
