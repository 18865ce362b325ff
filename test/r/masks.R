# Classes, generics and methods of a script that stand beside or before those of packages. Members for probe.R.
suppressPackageStartupMessages({
  library(Matrix)
  library(stats4)
  library(R6)
})
quietly <- function(code) invisible(suppressMessages(suppressWarnings(code)))
sparse <- Matrix(c(0, 2, 3, 4), 2, sparse = TRUE)
fit <- lm(mpg ~ wt, mtcars)

# --- generics that mask functions of packages
quietly(setGeneric("summary"))
setClass("Trial", representation(x = "numeric"))
setMethod("summary", "Trial", function(object, ...) c("a trial", object@x))
setMethod("summary", "dgCMatrix", function(object, ...) "a sparse matrix of the script")
probe("setGeneric of a package's function", foreach(i = 1:2) %run% list(summary(new("Trial", x = i)), summary(sparse),
  class(summary(fit)), summary(1:4)))
setGeneric("nchar", function(x, ...) standardGeneric("nchar"))
setMethod("nchar", "Trial", function(x, ...) 7L)
setMethod("nchar", "character", function(x, ...) -1L)
probe("a generic with another signature than the function that it masks", foreach(i = 1:2) %run%
  list(nchar(new("Trial", x = i)), nchar("abc"), base::nchar("abc")))
quietly(setGeneric("sd", function(x, na.rm = FALSE) standardGeneric("sd"), useAsDefault = function(x, na.rm) "default"))
setMethod("sd", "Trial", function(x, na.rm) "trial")
probe("a generic with a default of its own", foreach(i = 1:2) %run% list(sd(new("Trial", x = i)), sd(1:3),
  stats::sd(1:3)))
quietly(setGeneric("rowSums"))
setMethod("rowSums", "Trial", function(x, na.rm, dims) x@x)
probe("a generic that another package has too", foreach(i = 1:2) %run% list(rowSums(new("Trial", x = i)),
  rowSums(matrix(1:4, 2)), Matrix::rowSums(sparse)))
quietly(setGeneric("lapply"))
setMethod("lapply", "Trial", function(X, FUN, ...) list(FUN(X@x)))
probe("an implicit generic", foreach(i = 1:2) %run% list(lapply(new("Trial", x = i), function(v) v + 1), lapply(1:2,
  function(v) v)))
mean <- function(x, ...) "mean of the script"
summary.lm <- function(object, ...) "summary.lm of the script"
probe("functions that mask a package's", foreach(i = 1:2) %run% list(mean(1:3), base::mean(1:3), summary(fit),
  stats::summary.lm(fit)$sigma))
rm(mean, summary.lm)

# --- methods of generics and classes of packages
setMethod("show", "dgCMatrix", function(object) cat("sparse,", length(object@x), "\n"))
probe("show of a package's class", foreach(i = 1:2) %run% capture.output(sparse, print(sparse), show(sparse)))
setOldClass("lm")
setMethod("show", "lm", function(object) cat("shown by the script\n"))
probe("S4 methods for an S3 class", foreach(i = 1:2) %run% list(capture.output(show(fit)), is(fit, "oldClass")))
setMethod("+", signature("dgCMatrix", "character"), function(e1, e2) paste("plus", e2))
setMethod("Arith", signature("dgCMatrix", "Trial"), function(e1, e2) list(.Generic, e2@x))
setMethod("length", "Trial", function(x) 99L)
setMethod("[", signature("dgCMatrix", "character", "missing", "missing"), function(x, i, j, ..., drop) paste("cell", i))
probe("operators and primitives of a package's class", foreach(i = 1:2) %run% list(sparse + "a", sparse * new("Trial",
  x = i), length(new("Trial")), sparse["k"], (sparse + 1)[2, 1], sparse[2, 1]))
setMethod("coef", "Trial", function(object, ...) object@x * 2)
setMethod("AIC", "Trial", function(object, ..., k = 2) k)
setMethod("update", "Trial", function(object, ...) initialize(object, ...))
probe("generics of stats4", foreach(i = 1:2) %run% list(coef(new("Trial", x = i)), AIC(new("Trial", x = i)),
  update(new("Trial", x = 1), x = i)@x, length(coef(fit))))
setMethod("initialize", "mle", function(.Object, ...) {
  .Object <- callNextMethod()
  .Object@details <- list("made by the script")
  .Object
})
probe("initialize of a package's class", foreach(i = 1:2) %run% new("mle")@details)
setMethod("print", "Trial", function(x, ...) cat("a printed trial\n"))
setReplaceMethod("names", "Trial", function(x, value) {
  x@x <- base::nchar(value)
  x
})
probe("print() and a replacement function", foreach(i = 1:2) %run% { t <- new("Trial", x = i)
  names(t) <- c("a", "bb")
  list(t@x, capture.output(print(t), t)) })

quietly(removeMethod("initialize", "mle"))

# --- classes beside those of packages
setClass("mle", representation(own = "numeric"), where = globalenv())
probe("a class of a package's name", foreach(i = 1:2) %run% list(new("mle", own = i)@own, isVirtualClass("mle"),
  slotNames("mle")))
quietly(removeClass("mle", where = globalenv()))
probe("and it is gone", foreach(i = 1:2) %run% slotNames("mle"))
setClassUnion("AnyMatrix", c("matrix", "Matrix", "data.frame"))
setGeneric("kind", function(x, ...) standardGeneric("kind"))
setMethod("kind", "AnyMatrix", function(x, ...) paste("any matrix,", nrow(x), "rows"))
setMethod("kind", "ANY", function(x, ...) "something")
setClass("Table", representation(data = "AnyMatrix"))
probe("a union of packages' classes", foreach(i = 1:2) %run% list(kind(sparse), kind(diag(i)), kind(mtcars), kind(i),
  is(sparse, "AnyMatrix"), nrow(new("Table", data = sparse)@data), tryCatch(new("Table", data = "a"),
    error = function(e) "refused"), kind(Diagonal(3))))
setClassUnion("MaybeNumber", c("numeric", "NULL"))
setClass("Holder", representation(v = "MaybeNumber"))
probe("a union with NULL", foreach(i = 1:2) %run% list(new("Holder")@v, new("Holder", v = i)@v, is(NULL,
  "MaybeNumber"), is(i, "MaybeNumber")))
setClass("Labelled", contains = "dgCMatrix", representation(label = "character"))
labelled <- new("Labelled", sparse, label = "L")
probe("a class that extends a package's", foreach(i = 1:2) %run% list(labelled@label, (labelled %*% c(1, i))[, 1],
  is(labelled, "Matrix"), capture.output(show(labelled)), t(labelled)@x, kind(labelled), kind(new("Labelled", sparse,
    label = "M"))))
setClass("Sealed", representation(v = "numeric"), sealed = TRUE)
setMethod("kind", "Sealed", function(x, ...) "sealed", sealed = TRUE)
probe("sealed ones", foreach(i = 1:2) %run% list(kind(new("Sealed", v = i)), tryCatch(setClass("Sealed",
  representation(w = "numeric")), error = function(e) "is sealed")))
setClass("Range", representation(from = "numeric", to = "numeric"))
invisible(setValidity("Range", function(object) if (isTRUE(object@from > object@to)) "from > to" else TRUE))
setMethod("initialize", "Range", function(.Object, ..., width = NULL) {
  .Object <- callNextMethod(.Object, ...)
  if (!is.null(width)) .Object@to <- .Object@from + width
  .Object
})
probe("setValidity() and initialize", foreach(i = 1:2) %run% list(new("Range", from = i, width = 5)@to,
  tryCatch(new("Range", from = 2, to = 1), error = conditionMessage), { r <- new("Range", from = 1, to = 2)
    r@to <- 0
    tryCatch(validObject(r), error = conditionMessage) }))
setAs("Range", "numeric", function(from) c(from@from, from@to))
setAs("numeric", "Range", function(from) new("Range", from = min(from), to = max(from)))
setAs("dgCMatrix", "Range", function(from) new("Range", from = min(from@x), to = max(from@x)))
setAs("Range", "list", function(from) list(from@from), replace = function(from, value) {
  from@from <- value[[1]]
  from
})
probe("setAs()", foreach(i = 1:2) %run% { r <- as(c(i, 5), "Range")
  as(r, "list") <- list(0)
  list(as(r, "numeric"), as(sparse, "Range")@to, as(r, "list"), as(3, "Range")@from) })
setIs("Range", "character", coerce = function(from) "range as text", replace = function(from, value) from)
setMethod("kind", "character", function(x, ...) paste("text", x))
probe("setIs()", foreach(i = 1:2) %run% list(is(new("Range", from = 1, to = 2), "character"), kind(new("Range",
  from = 1, to = 2))))
setOldClass(c("special", "lm"))
setMethod("kind", "lm", function(x, ...) "a linear model")
setMethod("kind", "special", function(x, ...) paste("special:", callNextMethod()))
setClass("HoldsFit", representation(fit = "lm"))
special <- structure(fit, class = c("special", "lm"))
probe("setOldClass()", foreach(i = 1:2) %run% list(kind(special), kind(fit), class(new("HoldsFit", fit = fit)@fit),
  is(special, "lm")))
setClass("Stamp", contains = "numeric", representation(unit = "character"))
setMethod("Arith", signature("Stamp", "Stamp"), function(e1, e2) new("Stamp", callGeneric(e1@.Data, e2@.Data),
  unit = e1@unit))
setMethod("Math", "Stamp", function(x) new("Stamp", callGeneric(x@.Data), unit = paste0("f(", x@unit, ")")))
setMethod("Summary", "Stamp", function(x, ..., na.rm = FALSE) paste(callGeneric(x@.Data), x@unit))
setMethod("Compare", signature("Stamp", "numeric"), function(e1, e2) !callGeneric(e1@.Data, e2))
setMethod("Logic", signature("Stamp", "logical"), function(e1, e2) "logic")
probe("group generics", foreach(i = 1:2) %run% { s <- new("Stamp", c(4, 9), unit = "m")
  list((s * s)@.Data, sqrt(s)@unit, max(s), s > i, s & TRUE, range(s)) })
Sub <- R6Class("Sub", inherit = NULL, public = list(x = 1, kind = function() kind(self$x)))
setOldClass("Sub")
setMethod("kind", "Sub", function(x, ...) paste("R6:", x$x))
probe("an R6 class with S4 methods", foreach(i = 1:2) %run% list(kind(Sub$new()), Sub$new()$kind()))
Shared <- setRefClass("Shared", fields = list(m = "AnyMatrix", n = function(v) if (missing(v)) nrow(m) else stop("no")),
                      methods = list(kind_of = function() kind(m)))
Shared$lock("m")
Shared$methods(twice = function() n * 2)
probe("a reference class with fields of a union, a function, a lock", foreach(i = 1:2) %run% {
  s <- Shared$new(m = sparse)
  list(s$n, s$kind_of(), s$twice(), tryCatch({
    s$m <- diag(2)
    "changed"
  }, error = function(e) "locked"))
})
probe("what tasks ask about all this", foreach(i = 1:2) %run% list(existsMethod("kind", "AnyMatrix"),
  isGeneric("nchar"), extends("dgCMatrix", "AnyMatrix"), names(getClass("AnyMatrix")@subclasses)[1:3],
  isClassUnion("AnyMatrix"),
  is.function(selectMethod("kind", "dgCMatrix")), hasMethod("summary", "dgCMatrix"), is.primitive(`+`),
  class(getGenerics(where = globalenv()))))
probe("objects that tasks make", foreach(i = 1:2) %run% list(new("Labelled", sparse, label = "new"), new("Table",
  data = sparse), new("Stamp", i, unit = "s")))

# --- taken back: the next loop finds what plain R finds
quietly({
  removeMethod("show", "dgCMatrix")
  removeMethod("length", "Trial")
  removeMethod("+", signature("dgCMatrix", "character"))
  removeClass("AnyMatrix")
  removeGeneric("nchar", where = globalenv())
})
probe("taken back", foreach(i = 1:2) %run% list(capture.output(show(sparse))[1], length(new("Trial")), nchar("abc"),
  tryCatch(sparse + "a", error = function(e) "no method"), is(sparse, "AnyMatrix"), kind(i)))

finish_probes()
