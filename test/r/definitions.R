# What a script defines (methods, classes, functions, data) is on workers as it is in the session. Run after probe.R,
# with two workers. Definitions stand at top level, as in a script; `here` has some in a sourced file.
library(methods)
library(R6)

# --- S3 methods for generics of any package
summary.trial <- function(object, ...) structure(list(mean = mean(object$x)), class = "summary.trial")
print.summary.trial <- function(x, ...) cat("trial with mean", x$mean, "\n")
format.money <- function(x, ...) paste0("EUR ", unclass(x))
print.money <- function(x, ...) cat(format(x), "\n")
`[.money` <- function(x, i) structure(unclass(x)[i], class = "money")
`[<-.money` <- function(x, i, value) { y <- unclass(x); y[i] <- value * 100; structure(y, class = "money") }
`$.register` <- function(x, name) paste("entry", name)
Ops.money <- function(e1, e2) structure(get(.Generic)(unclass(e1), unclass(e2)) + 0.5, class = "money")
`+.weight` <- function(e1, e2) structure(unclass(e1) + unclass(e2) + 1000, class = "weight")
Math.money <- function(x, ...) "mathematics of money"
Summary.money <- function(..., na.rm) "summary of money"
length.queue <- function(x) 42L
as.character.money <- function(x, ...) "money as text"
t.test2 <- function(x) "not a method of t.test"
mean.trial <- function(x, ...) "mean of a trial"
predict.shift <- function(object, newdata, ...) newdata + object$by
area <- function(shape, ...) UseMethod("area")
area.default <- function(shape, ...) NA
area.square <- function(shape, ...) shape$side^2
area.cube <- function(shape, ...) 6 * NextMethod()
as.data.frame.trial <- function(x, ...) data.frame(only = x$x[1])
hidden_method <- function(object, ...) "registered only"
registerS3method("update", "registered", hidden_method)
.S3method("coef", "dotted", function(object, ...) "registered by .S3method")
registerS3method("nobs", "alias", stats:::residuals.default)
default_label <- "label of the script"
toString.labelled <- function(x, ...) default_label

trial <- structure(list(x = c(1, 2, 6)), class = "trial")
money <- structure(c(1, 2, 3), class = "money")
probe("S3: method of a generic of base", foreach(i = 1:2) %run% unclass(summary(trial)))
probe("S3: print and what it prints", foreach(i = 1:2) %run% capture.output(print(summary(trial))))
probe("S3: format, paste through package code", foreach(i = 1:2) %run% list(format(money),
  capture.output(print(money)), format(list(money))))
probe("S3: subset", foreach(i = 1:3) %run% money[i])
probe("S3: subassignment", foreach(i = 1:3) %run% { m <- money; m[i] <- 5; unclass(m) })
probe("S3: $", foreach(i = 1:2, .combine = c) %run% structure(list(), class = "register")$name)
probe("S3: Ops", foreach(i = 1:2) %run% list(money + money, money == money))
probe("S3: +", foreach(i = 1:2) %run% (structure(i, class = "weight") + structure(1, class = "weight")))
probe("S3: Math and Summary", foreach(i = 1:2) %run% c(exp(money), max(money)))
probe("S3: length", foreach(i = 1:2) %run% length(structure(list(), class = "queue")))
probe("S3: mean, predict, as.character, as.data.frame", foreach(i = 1:2) %run% list(mean(trial),
  predict(structure(list(by = i), class = "shift"), 1:2), as.character(money), as.data.frame(trial)))
probe("S3: own generic, default, NextMethod", foreach(s = list(1, structure(list(side = 2), class = "square"),
  structure(list(side = 2), class = c("cube", "square")))) %run% area(s))
probe("S3: registered under another name", foreach(i = 1:2) %run% update(structure(list(), class = "registered")))
probe("S3: .S3method()", foreach(i = 1:2) %run% coef(structure(list(), class = "dotted")))
probe("S3: a package's function registered", foreach(i = 1:2) %run% nobs(structure(list(residuals = i),
  class = "alias")))
probe("S3: a method that uses data of the script", foreach(i = 1:2) %run% toString(structure(1, class = "labelled")))
probe("S3: methods() and getS3method()", foreach(i = 1:2) %run% list(is.function(getS3method("summary", "trial")),
  exists("print.money")))
probe("S3: objects as arguments", foreach(x = list(trial, trial)) %run% mean(x))
probe("S3: method defined in the function that has the loop", {
  f <- function() { range.local <- function(..., na.rm) "local range";
    foreach(i = 1:2) %run% range(structure(1, class = "local")) }
  f()
})
probe("S3: lapply, sapply, do.call by name", foreach(i = 1:2) %run% list(lapply(list(trial), summary), do.call("mean",
  list(trial)), sapply(list(trial), "mean")))

# --- S4
setClass("Person", representation(name = "character", age = "numeric"),
  validity = function(object) if (length(object@age) == 1 && object@age < 0) "negative age" else TRUE)
setClass("Student", contains = "Person", representation(school = "character"), prototype(school = "none"))
setGeneric("describe", function(x, ...) standardGeneric("describe"))
setMethod("describe", "Person", function(x, ...) paste("person", x@name))
setMethod("describe", "Student", function(x, ...) paste(callNextMethod(), "at", x@school))
setMethod("show", "Person", function(object) cat("<", object@name, ">\n", sep = ""))
setMethod("initialize", "Student", function(.Object, ..., name = "nobody") callNextMethod(.Object, ...,
  name = toupper(name)))
setMethod("length", "Person", function(x) 7L)
setMethod("+", signature("Person", "Person"), function(e1, e2) new("Person", name = paste0(e1@name, e2@name),
  age = e1@age + e2@age))
setMethod("Arith", signature("Person", "numeric"), function(e1, e2) callGeneric(e1@age, e2))
setMethod("summary", "Person", function(object, ...) "summary of a person")
setMethod("[", "Person", function(x, i, ...) substr(x@name, i, i))
setGeneric("age<-", function(x, value) standardGeneric("age<-"))
setReplaceMethod("age", "Person", function(x, value) { x@age <- value; validObject(x); x })
setClassUnion("NumberOrText", c("numeric", "character"))
setClass("Box", representation(content = "NumberOrText"))
setClass("Base", representation("VIRTUAL"))
setClass("Derived", contains = "Base", representation(v = "numeric"))
setMethod("describe", "Base", function(x, ...) "some derived")
setMethod("describe", "numeric", function(x, ...) "number")
setOldClass("oldie")
setMethod("describe", "oldie", function(x, ...) "old class")
setClass("HoldsOld", representation(o = "oldie"))
setAs("Person", "character", function(from) paste("as", from@name))
Point <- setClass("Point", representation(x = "numeric"))
Distances <- setClass("Distances", contains = "numeric", representation(unit = "character"))
setMethod("show", "Distances", function(object) cat(length(object), "distances in", object@unit, "\n"))
scale_of <- 10
setGeneric("scaled", function(x) x * scale_of)
setMethod("scaled", "Point", function(x) x@x * scale_of * 2)

ann <- new("Person", name = "ann", age = 30)
bob <- new("Student", name = "bob", age = 20, school = "mit")
probe("S4: generic of the script, inheritance, callNextMethod", foreach(p = list(ann, bob)) %run% describe(p))
probe("S4: show", foreach(i = 1:2) %run% capture.output(ann, print(bob)))
probe("S4: new with initialize", foreach(i = 1:2) %run% new("Student", name = "eve", age = i)@name)
probe("S4: validity", foreach(i = 1:2) %run% tryCatch(new("Person", name = "x", age = -i), error = conditionMessage))
probe("S4: prototype", foreach(i = 1:2) %run% new("Student", name = "eve")@school)
probe("S4: length, +, Arith", foreach(i = 1:2) %run% list(length(ann), (ann + bob)@age, ann * 2))
probe("S4: method on an S3 generic of base", foreach(i = 1:2) %run% c(summary(ann), summary(bob)))
probe("S4: subset and replacement", foreach(i = 1:2) %run% { a <- ann; age(a) <- 50; list(a[1], a@age,
  tryCatch({ age(a) <- -1 }, error = conditionMessage)) })
probe("S4: class union", foreach(x = list(1, "a")) %run% list(new("Box", content = x)@content, is(x, "NumberOrText"),
  tryCatch(new("Box", content = TRUE), error = function(e) "refused")))
probe("S4: virtual class", foreach(i = 1:2) %run% list(describe(new("Derived", v = i)), describe(3.5),
  is(new("Derived", v = 1), "Base"), tryCatch(new("Base"), error = function(e) "virtual")))
probe("S4: old class", foreach(i = 1:2) %run% list(describe(structure(list(), class = "oldie")), is(new("HoldsOld",
  o = structure(list(), class = "oldie")))))
probe("S4: coercion", foreach(i = 1:2) %run% as(ann, "character"))
probe("S4: generator, isVirtualClass, existsMethod, is, slots",
  foreach(i = 1:2) %run% list(Point(x = i)@x, existsMethod("describe", "Person"), isVirtualClass("Base"),
    is(bob, "Person"), getSlots("Student")))
probe("S4: contains a basic type", foreach(i = 1:2) %run% { d <- Distances(c(1, 2), unit = "km"); list(d@.Data * 2,
  capture.output(d), sum(d)) })
probe("S4: method and default that use data of the script", foreach(i = 1:2) %run% list(scaled(Point(x = i)),
  scaled(i)))
probe("S4: objects made in tasks come back", foreach(i = 1:2) %run% new("Student", name = "z", age = i))
probe("S4: isVirtualClass, show of a generic, showMethods", foreach(i = 1:2) %run% list(isGeneric("describe"),
  length(capture.output(showMethods("describe"))) > 3))

# --- reference classes
Account <- setRefClass("Account", fields = list(balance = "numeric", log = "list"), methods = list(
  deposit = function(x) { balance <<- balance + x + fee(); invisible(.self) },
  initialize = function(...) { initFields(...); if (length(balance) == 0) balance <<- 0; .self },
  show = function() cat("balance", balance, "\n")))
fee <- function() base_fee
base_fee <- 0.25
Savings <- setRefClass("Savings", contains = "Account", fields = list(rate = "numeric"), methods = list(
  deposit = function(x) { callSuper(x); balance <<- balance * (1 + rate); invisible(.self) }))
Account$methods(twice = function() balance * 2)
account <- Account$new(balance = 100)
probe("R5: object of the script", foreach(i = 1:2) %run% { a <- account$copy(); a$deposit(i); list(a$balance,
  a$twice()) })
probe("R5: new object, inheritance, callSuper", foreach(i = 1:2) %run% { s <- Savings$new(balance = 10, rate = 0.1);
  s$deposit(i); s$balance })
probe("R5: show, is, class", foreach(i = 1:2) %run% list(capture.output(account), is(Savings$new(), "Account"),
  class(account)[1]))
probe("R5: new() by name", foreach(i = 1:2) %run% new("Savings", balance = i, rate = 1)$balance)
probe("R5: changed objects do not leak", foreach(i = 1:4) %run% { account$deposit(1); account$balance },
  function(a, b) identical(b, as.list(rep(106.25, 4))))

# --- R6
Counter <- R6Class("Counter", public = list(n = 0, add = function(k) { self$n <- self$n + step_of(k);
  invisible(self) }), active = list(double = function() self$n * 2),
                   private = list(secret = function() default_label))
step_of <- function(k) k * scale_of
Named <- R6Class("Named", inherit = Counter, public = list(name = NULL, initialize = function(name) self$name <- name,
                 add = function(k) { super$add(k + 1); invisible(self) }, tell = function() paste(self$name,
                   private$secret())))
Deeper <- R6Class("Deeper", inherit = Named, public = list(tell = function() paste("deeper", super$tell())))
counter <- Counter$new()
probe("R6: generator, method that calls a global", foreach(i = 1:2) %run% Counter$new()$add(i)$n)
probe("R6: inheritance, active, private", foreach(i = 1:2) %run% { d <- Deeper$new("x"); d$add(i); list(d$n, d$double,
  d$tell()) })
probe("R6: object of the script", foreach(i = 1:2) %run% { k <- counter$clone(); k$add(i); k$n })
probe("R6: objects as arguments", foreach(k = list(Named$new("a"), Deeper$new("b"))) %run% k$clone()$add(1)$tell())
probe("R6: a generator that is only reached through inherit",
  { make <- function() Deeper$new("m"); foreach(i = 1:2) %run% make()$tell() })

# --- a sourced file
file <- tempfile(fileext = ".R")
writeLines(c('plot_title.special <- function(x) paste("special", suffix_of(x))',
  'plot_title <- function(x) UseMethod("plot_title")', 'suffix_of <- function(x) suffix', 'suffix <- "end"',
             'setClass("Sourced", representation(a = "numeric"))',
             'setMethod("describe", "Sourced", function(x, ...) x@a + 1)'),
  file)
source(file)
probe("sourced: S3 and S4", foreach(i = 1:2) %run% list(plot_title(structure(1, class = "special")),
  describe(new("Sourced", a = i))))

# --- a loop at top level, and definitions that change between loops
both <- function(code) {
  set.seed(1)
  list(eval(do.call(substitute, list(code, list(`%run%` = quote(`%do%`)))), globalenv()),
    eval(do.call(substitute, list(code, list(`%run%` = quote(`%dopar%`)))), globalenv()))
}
same <- function(name, code) {
  found <- both(code)
  if (!identical(found[[1]], found[[2]])) {
    cat("DIFFERS:", name, "\n  %do%:    ", deparse(found[[1]], nlines = 3), "\n  %dopar%: ",
      deparse(found[[2]], nlines = 3), "\n")
    differing <<- c(differing, name)
  }
}
same("top level: methods", quote(foreach(i = 1:2) %run% list(mean(trial), describe(bob),
  area(structure(list(side = i), class = "square")), toString(structure(1, class = "labelled")))))
mean.trial <- function(x, ...) "another mean"
setMethod("describe", "Person", function(x, ...) paste("human", x@name))
default_label <- "new label"
same("top level: changed methods and data", quote(foreach(i = 1:2) %run% list(mean(trial), describe(bob),
  toString(structure(1, class = "labelled")))))
rm(mean.trial)
removeMethod("describe", "Student")
same("top level: removed methods", quote(foreach(i = 1:2) %run% list(mean(trial$x), suppressWarnings(mean(trial)),
  describe(bob))))
setClass("Person", representation(name = "character", age = "numeric", extra = "character"),
  prototype(extra = "second version"))
same("top level: a class defined anew", quote(foreach(i = 1:2) %run% new("Person", name = "a")@extra))
setRefClass("Account", fields = list(balance = "numeric"),
  methods = list(deposit = function(x) balance <<- balance - x)) -> Account
same("top level: a reference class defined anew", quote(foreach(i = 1:2) %run% { a <- Account$new(balance = 5);
  a$deposit(i); a$balance }))
same("top level: an object removed", quote(foreach(i = 1:2) %run% exists("trial")))
rm(trial)
same("top level: and it is gone", quote(foreach(i = 1:2) %run% exists("trial")))

finish_probes()
