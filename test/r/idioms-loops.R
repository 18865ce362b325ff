# Iterators, nested loops and ways to combine, each beside its value under %do%. Run after probe.R.
said <- function(code) tryCatch(code, error = conditionMessage)
library(iterators)
money <- function(x) structure(list(v = x), class = "money"); c.money <- function(...) money(unlist(lapply(list(...),
  function(m) unclass(m)$v)))
probe("combine with a method of the script", foreach(i = 1:3, .combine = c) %run% money(i))
myit <- function(n) { k <- 0; structure(list(nextElem = function() { if (k >= n) stop("StopIteration"); k <<- k + 1
  k }), class = c("myit", "abstractiter", "iter")) }
probe("own iterator list", foreach(x = myit(4), .combine = c) %run% x^2)
nextElem.cnt2 <- function(obj, ...) { obj$e$i <- obj$e$i + 1; if (obj$e$i > 3) stop("StopIteration", call. = FALSE)
  obj$e$i * 100 }
cnt2 <- function() { e <- new.env(); e$i <- 0; structure(list(e = e), class = c("cnt2", "abstractiter", "iter")) }
probe("own nextElem method", foreach(x = cnt2()) %run% x)
iter.mylist <- function(obj, ...) iter(unclass(obj)$items)
probe("own iter method", foreach(x = structure(list(items = letters[1:3]), class = "mylist")) %run% x)
probe("isplit", foreach(s = isplit(1:6, c("x", "y"))) %run% s)
probe("iter by row/col/chunks", list(foreach(r = iter(matrix(1:6, 2), by = "row")) %run% r,
  foreach(cc = iter(matrix(1:6, 2), by = "col", chunksize = 2)) %run% cc, foreach(r = iter(data.frame(a = 1:2,
  b = c("u", "v")), by = "row")) %run% r))
probe("icount, iread, irnorm count", list(foreach(i = icount(3), .combine = c) %run% i, foreach(i = 1:100,
  j = icount(2)) %run% c(i, j), foreach(l = ireadLines(textConnection(c("l1", "l2")))) %run% l,
  foreach(x = iapply(array(1:8, c(2, 2, 2)), 3)) %run% x))
probe("checkFunc iter", foreach(x = iter(1:10, checkFunc = function(v) v%%3 == 0)) %run% x)
probe("recycle iter zip", foreach(x = iter(1:2, recycle = TRUE), y = 1:5, .combine = c) %run% (x * y))
probe("function iterator", { gen <- function() { n <- 0; function() { n <<- n + 1; if (n > 3) stop("StopIteration")
  n } }; foreach(x = iter(gen())) %run% x })
probe("nested", foreach(a = 1:3, .combine = rbind) %:% foreach(b = 1:2, .combine = c) %run% (a * 10 + b))
probe("nested when", foreach(a = 1:4, .combine = c) %:% when(a %% 2 == 0) %:% foreach(b = 1:3,
  .combine = c) %:% when(b != 2) %run% (a * b))
probe("when filter", foreach(x = irnorm(1, count = 4), .combine = c) %:% when(TRUE) %run% 1)
probe("qsort comp", { qs <- function(x) { n <- length(x); if (n == 0) x else { p <- sample(n, 1)
  smaller <- foreach(y = x[-p], .combine = c) %:% when(y <= x[p]) %do% y; larger <- foreach(y = x[-p],
  .combine = c) %:% when(y > x[p]) %do% y; c(qs(smaller), x[p], qs(larger)) } }; foreach(i = 1:2) %run% qs(c(3, 1, 2,
  i)) })
probe("triple nested", foreach(a = 1:2) %:% foreach(b = 1:2) %:% foreach(cc = 1:2, .combine = "+") %run% (a * b * cc))
probe("init/final/max", list(foreach(i = 1:7, .combine = function(...) sum(...), .multicombine = TRUE, .maxcombine = 3,
  .init = 100, .final = function(x) -x) %run% i, foreach(i = 1:3, .combine = list, .init = list("a")) %run% i,
  foreach(i = 1:5, .combine = paste0, .final = nchar) %run% letters[i], foreach(i = 1:150, .combine = list,
  .multicombine = TRUE) %run% i))
probe("inorder false", sort(foreach(i = 1:5, .inorder = FALSE, .combine = c) %run% i))
probe("names of iterated", foreach(x = c(a = 1, b = 2), .combine = c) %run% x)
probe("named list", foreach(x = list(a = 1, b = "z")) %run% x)
probe("final names", foreach(x = c(a = 1, b = 2), .final = function(r) setNames(r, c("a", "b"))) %run% x)
probe("zero iterations", list(foreach(i = integer(0)) %run% i, foreach(i = NULL, .combine = c) %run% i,
  foreach(i = integer(0), .combine = c, .init = 5) %run% i, foreach(i = integer(0), .combine = rbind,
  .final = is.null) %run% i))
probe("NULL results", list(foreach(i = 1:3) %run% NULL, foreach(i = 1:3, .combine = c) %run% if (i == 2) NULL else i,
  foreach(i = 1:3, .combine = rbind) %run% NULL))
probe("invisible & functions", foreach(i = 1:2) %run% invisible(i))
probe("export noexport", { a1 <- 1; a2 <- 2; list(foreach(i = 1:2, .export = "a1") %run% (a1 + i)) })
probe("times", times(3) %run% 7)
probe("append combine", foreach(i = 1:3, .combine = append) %run% list(i))
probe("user combine w/ global", { total <- 0; foreach(i = 1:4, .combine = function(a, b) { a * 2 + b }) %run% i })
probe("combine side effect", { cntt <- 0; r <- foreach(i = 1:4, .combine = function(a, b) { cntt <<- cntt + 1
  a + b }) %run% i; c(r, cntt) })
probe("search order", { foreach(i = 1:1, .packages = c("MASS")) %run% { exists("ginv") } })

finish_probes()
