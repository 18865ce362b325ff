# S4 and reference classes of a script, each idiom beside its value under %do%. Run after probe.R.
said <- function(code) tryCatch(code, error = conditionMessage)
# S4
setClass("Shape", representation("VIRTUAL", name = "character"))
setClass("Circle", contains = "Shape", representation(r = "numeric"), prototype(name = "circle"),
  validity = function(object) if (length(object@r) != 1 || object@r < 0) "bad r" else TRUE)
setClass("Square", contains = "Shape", representation(a = "numeric"))
setGeneric("area", function(s, ...) standardGeneric("area"), valueClass = "numeric")
setMethod("area", "Circle", function(s, ...) pi * s@r^2)
setMethod("area", "Square", function(s, ...) s@a^2)
setMethod("show", "Circle", function(object) cat("<circle ", object@r, ">\n", sep = ""))
setMethod("+", signature("Circle", "Circle"), function(e1, e2) new("Circle", r = e1@r + e2@r))
setMethod("Arith", signature("Square", "numeric"), function(e1, e2) new("Square", a = callGeneric(e1@a, e2)))
setMethod("Math", "Square", function(x) new("Square", a = callGeneric(x@a)))
setMethod("Compare", signature("Shape", "Shape"), function(e1, e2) callGeneric(area(e1), area(e2)))
setMethod("Summary", "Square", function(x, ..., na.rm = FALSE) callGeneric(x@a, ..., na.rm = na.rm))
setMethod("length", "Square", function(x) 99L)
setMethod("[", "Square", function(x, i, ...) x@a[i])
setReplaceMethod("[", "Square", function(x, i, ..., value) { x@a[i] <- value; x })
setGeneric("a<-", function(x, value) standardGeneric("a<-")); setReplaceMethod("a", "Square", function(x, value) {
  x@a <- value; validObject(x); x })
setMethod("initialize", "Square", function(.Object, ..., side) { .Object <- callNextMethod(.Object, ...)
  if (!missing(side)) .Object@a <- side; .Object })
setAs("Circle", "Square", function(from) new("Square", a = from@r))
setClassUnion("NumOrNull", c("numeric", "NULL")); setClass("H", representation(x = "NumOrNull"))
probe("S4 area", foreach(i = 1:3, .combine = c) %run% area(new("Circle", r = i)))
probe("S4 show", foreach(i = 1:2) %run% capture.output(new("Circle", r = i), print(new("Circle", r = i))))
probe("S4 validity", foreach(i = c(-1, 1)) %run% said(new("Circle", r = i)))
probe("S4 plus", foreach(i = 1:2) %run% (new("Circle", r = i) + new("Circle", r = 1)))
probe("S4 groups", foreach(i = 1:2) %run% list(new("Square", a = 4) * i, sqrt(new("Square", a = 4)), new("Square",
  a = i) < new("Circle", r = 1), range(new("Square", a = 1:3 + 0))))
probe("S4 length,[", foreach(i = 1:2) %run% { s <- new("Square", side = c(1, 2, 3)); s[2] <- i; a(s) <- s@a * 2
  list(length(s), s[1:2], s) })
probe("S4 as", foreach(i = 1:2) %run% list(as(new("Circle", r = i), "Square"), is(new("Circle", r = i), "Shape"),
  existsMethod("area", "Circle"), isVirtualClass("Shape")))
probe("S4 union", foreach(i = 1:2) %run% list(new("H", x = NULL), new("H", x = i + 0)))
probe("S4 showMethods", foreach(i = 1:1) %run% capture.output(showMethods("area")))
probe("S4 getMethod", foreach(i = 1:1) %run% body(getMethod("area", "Circle")))
probe("S4 callNextMethod in task", foreach(i = 1:2) %run% { setClass("Sub", contains = "Circle"); setMethod("area",
  "Sub", function(s, ...) callNextMethod() * 2); r <- area(new("Sub", r = i)); removeMethod("area", "Sub")
  removeClass("Sub"); r })
probe("S4 slotNames str", foreach(i = 1:1) %run% list(slotNames("Circle"), capture.output(str(new("Circle", r = 1))),
  isVirtualClass("Shape"), is.object(new("Circle", r = 1))))
probe("S4 generics implicit", { setGeneric("summary"); setMethod("summary", "Square", function(object, ...) "sq")
  foreach(i = 1:2) %run% list(summary(new("Square", a = 1)), summary(1:3)) })
# RC
Stack <- setRefClass("Stack", fields = list(items = "list", size = function(v) {
  if (missing(v)) length(items) else stop("ro") }), methods = list(push = function(x) {
  items[[length(items) + 1]] <<- x; invisible(.self) }, pop = function() { v <- items[[length(items)]]
  items[[length(items)]] <<- NULL; v }, show = function() cat("<Stack", length(items), ">\n")))
Sub <- setRefClass("Sub2", contains = "Stack", methods = list(push = function(x) callSuper(x * 10),
  initialize = function(...) { initFields(...); items <<- list(0); .self }, finalize = function() NULL))
probe("RC fields as functions", foreach(i = 1:2) %run% { s <- Stack$new(); s$push(i)$push(2); c(s$size, s$pop(),
  s$size) })
probe("RC sub", foreach(i = 1:2) %run% { s <- Sub$new(); s$push(i); list(s$items, capture.output(s),
  capture.output(print(s)), class(s), is(s, "Stack")) })
st <- Stack$new(); st$push(5)
probe("RC copy", foreach(i = 1:2) %run% { c <- st$copy(); c$push(i); list(c$size, st$size) })
probe("RC methods list", foreach(i = 1:1) %run% list(Stack$className, sort(names(Stack$fields())),
  head(Stack$methods(), 3)))
probe("RC result", lapply(foreach(i = 1:2) %run% { s <- Stack$new(); s$push(i); s }, function(s) { s$push(7)
  list(s$size, s$pop()) }))
finish_probes()
