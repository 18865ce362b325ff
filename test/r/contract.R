# The corners of foreach's contract: arguments together, iterators of every kind, scopes. Run after probe.R, with two
# workers.

# --- combining
probe("combine by name", foreach(i = 1:4, .combine = "c") %run% i)
probe("combine by name of a function here",
      { plus <- function(a, b) a + b; foreach(i = 1:4, .combine = "plus") %run% i })
probe("combine of a package", foreach(i = 1:4, .combine = base::rbind) %run% c(i, i))
probe("combine list, many", foreach(i = 1:4, .combine = "list", .multicombine = TRUE) %run% i)
probe("combine list, by two", foreach(i = 1:4, .combine = "list") %run% i)
probe("init and maxcombine", foreach(i = 1:11, .combine = function(...) list(...), .init = "first",
                                     .multicombine = TRUE, .maxcombine = 3) %run% i)
probe("init, nothing to do", foreach(i = integer(), .combine = c, .init = 7) %run% i)
probe("init NULL", foreach(i = 1:3, .combine = c, .init = NULL) %run% i)
probe("final, nothing to do", foreach(i = integer(), .final = function(x) list("none", x)) %run% i)
probe("final of what is left",
      foreach(i = 1:5, .combine = c, .errorhandling = "remove", .final = sum) %run% if (i == 2) stop("x") else i)
probe("failing final", foreach(i = 1:3, .final = function(x) stop("final failed")) %run% i)
probe("remove, by many", {
  in_brackets <- function(...) paste0("(", paste(..., sep = ","), ")")
  foreach(i = 1:9, .combine = in_brackets, .multicombine = TRUE, .maxcombine = 3,
          .errorhandling = "remove") %run% if (i %in% c(1, 5, 9)) stop("x") else i
})
probe("remove all", foreach(i = 1:3, .combine = c, .errorhandling = "remove") %run% stop("x"))
probe("pass into c", length(foreach(i = 1:3, .combine = c, .errorhandling = "pass") %run% if (i == 2) stop("x") else i))
probe("not in order, by many", sum(foreach(i = 1:20, .combine = function(...) sum(...), .multicombine = TRUE,
                                           .maxcombine = 4, .inorder = FALSE) %run% i))
probe("not in order, list", sort(unlist(foreach(i = 1:9, .inorder = FALSE) %run% i)))
probe("an error that is returned, stop", foreach(i = 1:3) %run% if (i == 2) simpleError("given back") else i)
probe("an error that is returned, remove",
      foreach(i = 1:3, .errorhandling = "remove") %run% if (i == 2) simpleError("given back") else i)
probe("classes of an error that is passed", {
  mine <- structure(class = c("mine", "error", "condition"), list(message = "m", call = NULL, n = 3))
  class(foreach(i = 1, .errorhandling = "pass") %run% stop(mine))
})
probe("an error that is passed, whole",
      foreach(i = 1, .errorhandling = "pass") %run% { f <- function(x) stop("in f: ", x); f(i) })
probe("an error that the task handles",
      foreach(i = 1:2) %run% tryCatch(stop("inner ", i), error = conditionMessage, finally = NULL))
probe("try() in a task", foreach(i = 1:2, .combine = c) %run% inherits(try(stop("quiet"), silent = TRUE), "try-error"))
probe("warnings handled in a task",
      foreach(i = 1:2, .combine = c) %run% tryCatch(as.integer("x"), warning = function(w) -i))

# --- iterators
probe("first iterator ends the loop",
      foreach(i = 1:3, j = icount(), k = iter(letters), .combine = paste0) %run% paste0(i, j, k))
probe("second iterator ends the loop", foreach(i = icount(), j = 1:2, .combine = c) %run% (i * j))
probe("list, data frame, function and array at once",
      foreach(a = list(1, "b"), d = iter(data.frame(x = 1:2, y = 3:4), by = "column"),
              m = iter(matrix(1:4, 2), by = "col"), f = iter(function() 5)) %run% list(a, d, m, f))
probe("rows of a data frame",
      foreach(r = iter(data.frame(x = 1:3, y = letters[1:3]), by = "row"), .combine = rbind) %run% r)
probe("chunks of columns",
      foreach(m = iter(matrix(1:20, 2), by = "column", chunksize = 4), .combine = cbind) %run% (m + 1L))
probe("pieces of an array", foreach(a = iapply(array(1:12, c(2, 3, 2)), 3)) %run% dim(a))
probe("idiv", foreach(n = idiv(10, chunks = 3), .combine = c) %run% n)
probe("checkFunc", foreach(i = iter(1:10, checkFunc = function(i) i %% 3 == 0), .combine = c) %run% i)
probe("recycled", foreach(i = iter(1:2, recycle = TRUE), j = 1:5, .combine = c) %run% (10 * i + j))
probe("icountn", foreach(i = icountn(c(2, 3))) %run% i)
probe("isplit of a data frame", {
  groups <- list(mtcars$cyl, mtcars$am)
  foreach(x = isplit(mtcars$mpg, groups), .combine = rbind) %run%
    data.frame(key = paste(x$key, collapse = "-"), mean = mean(x$value))
})
probe("lines of a connection, which cannot be rewound", {
  con <- textConnection(sprintf("line %d", 1:7))
  r <- foreach(l = ireadLines(con, n = 2), i = icount()) %run% list(i, l)
  close(con)
  r
})
probe("an iterator that is used up by two loops", {
  it <- iter(1:10)
  a <- foreach(i = it, j = 1:4, .combine = c) %run% i
  list(a, foreach(i = it, .combine = c) %run% i)
})
probe("random numbers of an iterator", foreach(x = irnorm(2, count = 3)) %run% x)
probe("an iterator with its own class", {
  nextElem.countdown <- function(obj, ...) {
  if (obj$state$n == 0) stop("StopIteration", call. = FALSE)
  obj$state$n <- obj$state$n - 1
  obj$state$n
}
  registerS3method("nextElem", "countdown", nextElem.countdown, envir = asNamespace("iterators"))
  it <- structure(list(state = list2env(list(n = 4))), class = c("countdown", "iter"))
  foreach(i = it, .combine = c) %run% i
})
probe("an iterator that fails", foreach(i = iter(function() stop("no more rows")), .combine = c) %run% i)
probe("elements that are NULL, functions, environments",
      foreach(x = list(NULL, sum, list2env(list(a = 1))), .combine = c) %run%
        if (is.function(x)) x(1, 2) else if (is.environment(x)) x$a else is.null(x))
probe("names of the results",
      foreach(i = c(x = 1, y = 2, z = 3), .errorhandling = "remove") %run% if (i == 2) stop("") else i)
probe("one element", foreach(i = 5) %run% i)

# --- nesting
probe("nested, init and final on both levels",
      foreach(i = 1:3, .combine = rbind, .final = as.data.frame) %:%
        foreach(j = 1:2, .combine = c, .init = 0, .final = rev) %run% (i * j))
probe("nested, remove",
      foreach(i = 1:3) %:%
        foreach(j = 1:3, .combine = c, .errorhandling = "remove") %run% if (i == j) stop("d") else i * j)
probe("nested, pass outside",
      foreach(i = 1:2, .errorhandling = "pass") %:%
        foreach(j = 1:2, .errorhandling = "pass") %run% if (i == j) simpleError("same") else i * j)
# %do% names the inner iteration only ("task 2"); with us the number is that of the error's report
probe("nested, stop", foreach(i = 1:2) %:% foreach(j = 1:2) %run% if (i * j == 4) stop("both two") else i,
      function(a, b) identical(sub("[0-9]+", "", a), sub("[0-9]+", "", b)) && grepl("task 4 ", b))
probe("inner length depends on outer",
      foreach(i = 1:4, .combine = c) %:% foreach(j = seq_len(i), .combine = `+`) %run% j)
probe("inner of unknown length",
      foreach(i = 1:3) %:% foreach(x = isplit(1:6, rep(1:2, 3)), .combine = c) %run% (i * sum(x$value)))
probe("inner empty", foreach(i = 1:3) %:% foreach(j = integer(), .combine = c) %run% j)
probe("when over both",
      foreach(i = 1:5, .combine = c) %:% foreach(j = 1:5, .combine = c) %:% when((i + j) %% 3 == 0) %run% (i * 10 + j))
probe("when with a local function",
      { even <- function(x) x %% 2 == 0; foreach(i = 1:6, .combine = c) %:% when(even(i)) %run% i })
probe("packages and exports on both levels", {
  k <- 4
  foreach(i = 1:2, .packages = "tools", .export = "k") %:%
    foreach(s = c("a b", "c d"), .packages = "stats") %run% paste(toTitleCase(s), median(c(i, k)))
})

# --- scopes
probe("dots through two functions", {
  f <- function(...) g(...)
  g <- function(first, ...) foreach(i = 1:2, .combine = c) %run% sum(i, first, ...)
  f(1, 10, 100)
})
probe("..1 and ...length()",
      { f <- function(...) foreach(i = 1:2, .combine = c) %run% (..2 + ...length()); f(1, 10, 100) })
probe("named dots", { f <- function(...) foreach(i = 1:2) %run% names(list(...)); f(a = 1, b = 2) })
probe("promises, defaults, missing()",
      { f <- function(x, y = x * 2, z) { m <- missing(z); foreach(i = 1:2) %run% list(x, y, m) }; f(3) })
probe("a variable of the caller's caller", {
  outer <- function() {
    deep <- 7
    inner <- function() foreach(i = 1:2, .combine = c) %run% (i + deep)
    inner()
  }
  outer()
})
probe("a local hides a global",
      { f <- function() { letters <- 5; foreach(i = 1:2, .combine = c) %run% (letters + i) }; f() })
probe("strange names",
      { `my var` <- 3; `f!` <- function(x) x + `my var`; foreach(`i j` = 1:2, .combine = c) %run% `f!`(`i j`) })
probe("replacement functions",
      { `second<-` <- function(x, value) { x[2] <- value; x }; foreach(i = 1:2) %run% { v <- 1:3; second(v) <- i; v } })
probe("operators made here", { `%plus%` <- function(a, b) a + b; foreach(i = 1:2, .combine = c) %run% (i %plus% 1) })
probe("recursion",
      { fib <- function(n) if (n < 2) n else fib(n - 1) + fib(n - 2); foreach(i = 1:8, .combine = c) %run% fib(i) })
probe("closures with state of their own", {
  counter <- function() { n <- 0; function() { n <<- n + 1; n } }
  k <- counter()
  k()
  foreach(i = 1:2, .combine = c) %run% k()[1] * 0 + 1
})
probe("a function that makes a loop, called in a task",
      { f <- function(n) foreach(j = seq_len(n), .combine = c) %dopar% (j * 2); foreach(i = 1:3) %run% f(i) })
probe("%dopar% in a task",
      foreach(i = 1:3, .combine = c) %run% sum(foreach(j = 1:3, .combine = c, .export = "i") %dopar% (i * j)))
probe("%:% in a task", foreach(i = 1:2) %run% (foreach(a = 1:2) %:% foreach(b = 1:2, .combine = c) %dopar% (i * a * b)))
probe("backend as the task sees it", { r <- foreach(i = 1:2) %run% c(getDoParRegistered(), getDoParWorkers() >= 1); r })
probe("lapply, Map, Reduce, do.call over own functions", {
  f <- function(x) x + 1
  g <- function(a, b) a * b
  foreach(i = 1:3) %run% list(lapply(1:2, f), Map(g, 1:2, 3:4), Reduce(g, 1:i), do.call("f", list(i)))
})
probe("formulas and fits", foreach(v = c("wt", "hp")) %run% coef(lm(reformulate(v, "mpg"), data = mtcars)))
probe("S4 objects and methods of packages",
      foreach(i = 1:2, .packages = "stats4") %run% round(coef(mle(function(m = 0) (m - i)^2, method = "BFGS")), 3))
probe("data of a package", foreach(i = 1:2, .combine = c) %run% nrow(iris))
probe("sys.function and match.arg",
      { f <- function(kind = c("one", "two")) match.arg(kind); foreach(k = c("one", "two"), .combine = c) %run% f(k) })
probe("bquote, substitute, quote",
      foreach(i = 1:2) %run% list(quote(a + b), substitute(x + y, list(x = i)), bquote(f(.(i)))))
probe("results with attributes and classes", foreach(i = 1:2) %run% structure(list(i), class = "mine", note = "kept"))
probe("results: NA, Inf, raw, complex, bytes, long text",
      foreach(x = list(NA_character_, -Inf, as.raw(0:255), 1i, "\xff", strrep("x", 1e5), NaN, -0)) %run% x)
probe("results: calls, symbols, expressions, POSIXct, difftime",
      foreach(x = list(quote(f(x)), as.name("n"), expression(a, b), as.POSIXct(0, tz = "UTC"),
                       as.difftime(3, units = "mins"))) %run% list(x))
probe("results: functions with what they captured", foreach(i = 1:3) %run% local({ k <- i^2; function() k }),
      function(a, b) identical(lapply(a, do.call, list()), lapply(b, do.call, list())))
probe("results: environments and R5 objects", foreach(i = 1:2) %run% list2env(list(a = i, b = "x")),
      function(a, b) isTRUE(all.equal(a, b)))
probe("working directory, options and locale",
      foreach(i = 1:2) %run% list(getOption("OutDec"), getOption("digits"), getOption("stringsAsFactors")))
probe("attached packages and their functions",
      foreach(i = 1:2, .packages = c("splines", "stats4")) %run% c("package:splines", "package:stats4") %in% search())
probe("export of several, also functions that use each other", {
  a1 <- 2
  f1 <- function(x) x * a1
  f2 <- function(x) f1(x) + 1
  foreach(i = 1:2, .combine = c, .export = c("a1", "f1", "f2")) %run% get("f2")(i)
})

# --- what %do% cannot show
# %do% never ends
endless <- tryCatch(foreach(i = icount()) %dopar% if (i == 5) stop("enough at ", i) else i, error = conditionMessage)
stopifnot(identical(endless, 'task 5 failed - "enough at 5"'))
gone <- 3
without <- foreach(i = 1:2, .noexport = "gone", .errorhandling = "pass") %dopar% (i + gone)
stopifnot(grepl("object 'gone' not found", conditionMessage(without[[1]])))
stopifnot(identical(foreach(i = 1:2, .noexport = "i", .combine = c) %dopar% i, 1:2))
spoken <- capture.output(foreach(i = 1:2, .verbose = TRUE, .export = "gone", .packages = "tools") %dopar% (i + gone))
stopifnot(any(grepl("gone", spoken)))
for (made in list(quote(textConnection("x")), quote(list(1, list(stdout()))))) {
  pointer <- eval(bquote(foreach(i = 1, .errorhandling = "pass") %dopar% .(made)))
  stopifnot(inherits(pointer[[1]], "fleetValueError"),
            grepl("external pointer or a connection", conditionMessage(pointer[[1]])))
}
pointer <- foreach(i = 1, .errorhandling = "pass") %dopar% {
  setClass("pointing", representation(at = "ANY"))
  list(ok = new("pointing", at = getNativeSymbolInfo("fleet_hash", "foreachfleet")$address))
}
stopifnot(inherits(pointer[[1]], "fleetValueError"))
table <- foreach(i = 1) %dopar% structure(list(a = 1), class = "data.frame", row.names = 1L,
                                          .internal.selfref = getNativeSymbolInfo("fleet_hash", "foreachfleet")$address)
stopifnot(identical(table[[1]]$a, 1)) # data.table marks its tables so

finish_probes()
