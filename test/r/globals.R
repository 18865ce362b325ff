# What functions lead to, arguments that are not evaluated, and large structures. Run after probe.R, with two workers.
library(R6)
compose <- function(f, g) function(x) g(f(x))
helper <- function(x) x + step
step <- 10
make <- function(k) function(x) helper(x) * k
tripled <- make(3)
steps <- list(function(x) helper(x), make(2), sqrt)
tools <- list2env(list(work = function(x) helper(x), deep = list(f = make(4))))
composed <- Reduce(compose, steps)
settings <- c(first = "helper", second = "tripled")
value_of <- 7
by_key <- list(a = 1, b = 2)
partial <- local({ memory <- c(1, 2); function(i) helper(memory[i]) })
Worker <- R6Class("Worker", public = list(run = function(x) helper(x)))
Special <- R6Class("Special", inherit = Worker, public = list(run = function(x) super$run(x) * factor_of))
factor_of <- 2

# --- globals behind functions
probe("a factory's closure", foreach(i = 1:2) %run% tripled(i))
probe("a factory's closure in the function of the loop", { h <- make(5); foreach(i = 1:2) %run% h(i) })
probe("functions in the iterated list", foreach(f = steps) %run% f(4))
probe("functions in a list", foreach(i = 1:3) %run% steps[[i]](9))
probe("functions in an environment", foreach(i = 1:2) %run% list(tools$work(i), tools$deep$f(i)))
probe("composed functions", foreach(i = 1:2) %run% composed(i))
probe("Reduce, Map, Filter in the task", foreach(i = 1:2) %run% list(Reduce(compose, steps)(i), Map(helper, 1:2)))
probe("R6 methods and inherit", foreach(i = 1:2) %run% list(Worker$new()$run(i), Special$new()$run(i)))
probe("do.call with a string", foreach(i = 1:2) %run% do.call("helper", list(i)))
probe("sapply with a string", foreach(i = 1:2) %run% sapply(1:3, "helper"))
probe("match.fun", foreach(i = 1:2) %run% match.fun("tripled")(i))
probe("names in data", foreach(i = 1:2) %run% do.call(settings[[i]], list(i)))
probe("names in the iterated vector", foreach(n = c("helper", "tripled")) %run% do.call(n, list(1)))
probe("get, mget, exists, get0", foreach(i = 1:2) %run% list(get("value_of"), mget(c("value_of", "step"),
  inherits = TRUE),
  exists("value_of"), exists("nothing of that name"), get0("factor_of")))
probe("a name that the task makes", foreach(i = 1:2) %run% get(paste0("value", "_of")))
probe("eval(parse())", foreach(i = 1:2) %run% eval(parse(text = "helper(i) + value_of")))
heights <- c(1, 3, 5, 9)
ages <- c(2, 4, 6, 9)
probe("formulas from text", foreach(i = 1:2) %run% list(coef(lm("heights ~ sqrt(ages)")), coef(lm(reformulate("ages",
  "heights"))), coef(lm(as.formula(paste("heights", "~ ages", if (i > 1) "+ sqrt(ages)"))))))
probe("a name in the iterated vector", foreach(n = c("value_of", "step"), .combine = c) %run% get(n))
probe("local()", foreach(i = 1:2) %run% partial(i))
probe("a global of the same name as the iteration's variable", {
  f <- function() step
  foreach(step = 1:2) %run% c(step, helper(1))
})
probe("a local of the same name as a function's global", {
  g <- function() { step <- 1000; foreach(i = 1:2) %run% c(step, helper(i)) }
  g()
})
probe("set on one way only", { f <- function(i) { if (i > 1) value_of <- 1; value_of }; foreach(i = 1:2) %run% f(i) })
probe("changed before it is set", { f <- function(i) { value_of <- value_of + i; value_of };
  foreach(i = 1:2) %run% f(i) })
`second<-` <- function(x, value) { x[2] <- value * step; x }
probe("a replacement function that uses a global", foreach(i = 1:2) %run% { v <- c(1, 2, 3); second(v) <- i; v })
probe("an operator that uses a global", { `%more%` <- function(a, b) helper(a) + b;
  foreach(i = 1:2) %run% (i %more% 1) })
probe("Recall, sys.function, vapply, outer, Vectorize", foreach(i = 1:2) %run% list(
  vapply(1:2, helper, 0), outer(1:2, 1:2, Vectorize(function(a,
    b) helper(a) + b)), (function(n) if (n) Recall(n - 1) else step)(2)))
probe("three frames, one variable of each", {
  a <- 1
  f <- function() { b <- 2; g <- function() { c <- 3; foreach(i = 1:2) %run% (a + b + c + i) }; g() }
  f()
})
probe("a function of an outer frame changes it", {
  f <- function() { n <- 0; add <- function() { n <<- n + 1; n }; foreach(i = 1:4) %run% add() }
  f()
}, function(a, b) identical(b, list(1, 1, 1, 1)))
attach(list(attached_value = 3, attached_function = function(x) x * attached_value), name = "attached by the script")
probe("attach()ed data", foreach(i = 1:2) %run% attached_function(attached_value + i))
detach("attached by the script")
attach(list(below = 1, sd = function(x, ...) "attached below packages"), name = "below", pos = 6)
attach(list(sd = function(x, ...) "attached above", mean = "no function"), name = "above")
library(stats4)
attach(list(sd = 5, below = 2), name = "on top")
places <- function() grep("foreach|iterators|doRedis|Autoloads|package:(R6|methods)", search(), invert = TRUE,
  value = TRUE)
probe("attached data have the places and names that they have in the session", foreach(i = 1:2) %run% list(sd(1:3), sd,
  below, mean(1:3), places(), get("below", "below"), exists("below", where = "on top"), as.environment("above")$mean))
probe("an iteration changes and detaches attached data", foreach(i = 1:4) %dopar% { below <<- 7; detach("on top");
  sd(1:3) }, function(a, b) identical(b, rep(list("attached above"), 4)))
probe("afterwards", foreach(i = 1:2) %run% list(below, places()))
for (name in c("on top", "above", "below")) detach(name, character.only = TRUE)
attach(mtcars)
probe("an attached data frame", foreach(i = 1:2) %run% mean(mpg[cyl == 4]))
detach(mtcars)
library(splines)
probe("a package attached in the script", foreach(i = 1:2) %run% dim(bs(1:10, df = 3 + i)))
probe("an active binding", {
  makeActiveBinding("current", function() step * 2, environment())
  foreach(i = 1:2) %run% (current + i)
})
probe("a formula and its variables", { w <- c(1, 2, 3, 4); y <- c(2, 4, 6, 9); m <- y ~ w;
  foreach(i = 1:2) %run% coef(lm(m)) })
probe("a fitted model", { fit <- lm(mpg ~ wt, mtcars); foreach(i = 1:2) %run% predict(fit, data.frame(wt = i)) })

# --- dots and promises
lazy <- function(...) foreach(i = 1:2) %run% { f <- function(...) substitute(list(...)); deparse(f(...)) }
probe("dots that nobody evaluates", { environment(lazy) <- environment(); lazy(undefined_column + 1, n = other) })
probe("a missing argument that is not used", {
  f <- function(n, extra) foreach(i = 1:n, .combine = c) %run% { if (i > 99) extra else i }
  f(2)
})
probe("a missing argument that is used", {
  f <- function(n, extra) foreach(i = 1:n, .errorhandling = "pass") %run% extra
  vapply(f(2), conditionMessage, "")
})
probe("defaults that refer to others", { f <- function(n, m = n * 2, o = m + 1) foreach(i = 1:n) %run% (i + o); f(2) })
probe("a promise with an error that is never forced", {
  f <- function(n, bad) foreach(i = 1:n) %run% { if (i > 99) bad else i }
  f(2, stop("never"))
})
probe("a promise with an error that is forced", {
  f <- function(n, bad) foreach(i = 1:n, .errorhandling = "pass") %run% { if (i > 1) bad else i }
  r <- f(2, stop("now"))
  list(r[[1]], conditionMessage(r[[2]]))
})
probe("an argument with random numbers, once", { f <- function(x) foreach(i = 1:3) %run% x;
  length(unique(f(runif(1)))) })
probe("substitute() of an argument", { f <- function(x) { force(x); foreach(i = 1:2) %run% x }; f(step + 1) })
probe("dots with missing ones", { f <- function(...) foreach(i = 1:2) %run% ...length(); f(1, 2, 3) })
probe("dots handed on to a function of the script", {
  g <- function(x, ..., scale = 1) sum(x, ...) * scale
  f <- function(...) foreach(i = 1:2) %run% g(i, ...)
  f(helper(1), scale = step)
})
probe("match.call in the task", {
  f <- function(...) foreach(i = 1:2) %run% { g <- function(...) as.list(match.call(expand.dots = FALSE)$...);
    length(g(...)) }
  f(a + b, c)
})
if (requireNamespace("plyr", quietly = TRUE)) {
  library(plyr)
  sequential <- ddply(mtcars, .(cyl), summarise, m = mean(mpg))
  stopifnot(identical(ddply(mtcars, .(cyl), summarise, m = mean(mpg), .parallel = TRUE), sequential))
  stopifnot(identical(llply(1:3, helper, .parallel = TRUE), lapply(1:3, helper)))
}

# --- large structures
many <- lapply(1:5000, function(k) ecdf(c(k, k + 1)))
probe("5,000 closures", foreach(i = 1:3) %run% many[[i]](2))
crowd <- lapply(1:20000, function(k) list2env(list(v = k)))
probe("20,000 environments", foreach(i = 1:2) %run% crowd[[i + 1]]$v)
chain <- NULL
for (k in 1:1e5) chain <- list2env(list(rest = chain))
told <- tryCatch(foreach(i = 1:2) %dopar% is.environment(chain), error = conditionMessage)
stopifnot(grepl("chain", told), grepl("cannot be sent|too deep", told))
deep <- NULL
for (k in 1:10000) deep <- list(deep)
depth_of <- function(x) { n <- 0L; while (!is.null(x)) { x <- x[[1]]; n <- n + 1L }; n }
probe("10,000 nested lists", foreach(i = 1:2) %run% depth_of(deep))
probe("10,000 nested lists as argument and result", vapply(foreach(x = list(deep, deep)) %run% { depth_of(x); x },
  depth_of, 1L))
cells <- as.pairlist(as.list(1:2e5)) # R itself dies where it reads it again
told <- list(tryCatch(foreach(i = 1:2) %dopar% length(cells), error = conditionMessage),
  tryCatch(foreach(x = list(cells)) %dopar% length(x), error = conditionMessage))
told[[3]] <- tryCatch(foreach(n = "cells") %dopar% length(get(n)), error = conditionMessage)
stopifnot(grepl("object cells .*nested more than", told[c(1, 3)]), grepl("nested more than", told[[2]]))

# --- what cannot be carried, and what is missing
pointer <- list(at = getNativeSymbolInfo("fleet_hash", "foreachfleet")$address, data = 1:3)
probe("a pointer that nobody touches", foreach(i = 1:3, .combine = c) %run% pointer$data[i])
probe("a pointer in an argument", foreach(x = list(pointer, pointer)) %run% sum(x$data))
booster <- list(handle = pointer$at, raw = as.raw(1:3))
probe("a pointer beside its bytes is a result", foreach(i = 1:2) %run% booster, function(a, b) identical(b[[2]]$raw,
  a[[2]]$raw))
Renewing <- setRefClass("Renewing", fields = list(at = "ANY"))
renewed <- Renewing$new(at = pointer$at) # as models of lme4 are: their package makes the pointer again
attr(renewed, "class") <- structure("Renewing", package = "renewing")
stopifnot(unlist(foreach(i = 1:2) %dopar% is.environment(renewed)))
input <- file(tempfile(), "w")
sides <- list(input = input, data = 7)
probe("a connection that nobody touches", foreach(i = 1:2) %run% list(sides$data, inherits(input, "connection")))
touched <- function(loop) tryCatch(loop, error = conditionMessage)
told <- list(touched(foreach(i = 1:2) %dopar% cat(i, file = input)), touched(foreach(i = 1:2) %dopar% cat(i,
  file = sides$input)), touched(foreach(con = list(input)) %dopar% { isOpen(con); 1 }),
  touched(foreach(n = "input") %dopar% isOpen(get(n))))
stopifnot(grepl("invalid connection", told), !length(readLines(summary(input)$description)))
stopifnot(grepl("\\((input|sides|con) of the script holds an external pointer or a connection", told[1:3]))
close(input)
kept_away <- 3
gone <- foreach(i = 1, .noexport = "kept_away", .errorhandling = "pass") %dopar% kept_away
stopifnot(grepl("^object 'kept_away' not found .*is kept away by .noexport", conditionMessage(gone[[1]])))
stopifnot(foreach(i = 1:2, .noexport = "kept_away", .export = "kept_away", .combine = c) %dopar% kept_away == 3)
missing_one <- foreach(i = 1, .errorhandling = "pass") %dopar% not_there_either
stopifnot(identical(conditionMessage(missing_one[[1]]), "object 'not_there_either' not found"))

if (requireNamespace("xml2", quietly = TRUE)) {
  page <- list(document = xml2::read_xml("<a><b/></a>"), data = 4)
  probe("a document that nobody touches", foreach(i = 1:2) %run% (page$data + i))
  told <- touched(foreach(i = 1:2) %dopar% xml2::xml_name(page$document))
  stopifnot(grepl("external pointer is not valid \\(page of the script holds an external pointer", told))
}
if (requireNamespace("RSQLite", quietly = TRUE)) {
  base <- list(con = DBI::dbConnect(RSQLite::SQLite(), ":memory:"), data = 5)
  probe("a database that nobody touches", foreach(i = 1:2) %run% (base$data + i))
  told <- touched(foreach(i = 1:2) %dopar% DBI::dbListTables(base$con))
  stopifnot(grepl("base of the script holds an external pointer", told))
  DBI::dbDisconnect(base$con)
}

finish_probes()
