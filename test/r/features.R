# Every probe must give under %dopar% what it gives under %do%. Run after probe.R, with two workers.
probe("list", foreach(i = 1:5) %run% i^2)
probe("names are those of the iterators", foreach(i = c(a = 1, b = 2)) %run% i)
probe("combine c", foreach(i = 1:5, .combine = c) %run% i)
probe("combine +, init", foreach(i = 1:5, .combine = `+`, .init = 100) %run% i)
probe("combine of two arguments", foreach(i = 1:7, .combine = function(a, b) paste0("(", a, b, ")")) %run% i)
probe("multicombine, maxcombine", foreach(i = 1:23, .combine = function(...) paste0("<", ..., ">", collapse = ""),
                                          .multicombine = TRUE, .maxcombine = 4) %run% i)
probe("rbind", foreach(i = 1:4, .combine = rbind) %run% data.frame(i = i, s = letters[i]))
probe("final", foreach(i = 1:4, .combine = c, .final = function(x) rev(x)) %run% i)
probe("failing combine", foreach(i = 1:3, .combine = function(a, b) stop("no")) %run% i)
probe("not in order", sort(foreach(i = 1:6, .combine = c, .inorder = FALSE) %run% i))
probe("remove", foreach(i = 1:6, .errorhandling = "remove") %run% if (i == 3) stop("x") else i)
probe("pass", foreach(i = 1:6, .errorhandling = "pass") %run% if (i %% 2) stop("x", i) else i)
probe("stop", foreach(i = 1:6) %run% if (i == 3) stop("bad value ", i) else i)
probe("error as value", foreach(i = 1:3, .errorhandling = "pass") %run% simpleError("returned"))
probe("NULL results", foreach(i = 1:3) %run% NULL)
probe("none", foreach(i = integer()) %run% i)
probe("none, combined", foreach(i = integer(), .combine = c) %run% i)
probe("unnamed argument", foreach(3, .combine = c) %run% 7)
probe("times", times(3) %run% 7)
probe("several iterators", foreach(i = 1:4, s = list("a", 2, NULL, TRUE), .combine = rbind) %run% list(i, s))
probe("uneven iterators", foreach(i = 1:9, j = 1:3, .combine = c) %run% (i * j))
probe("matrix rows", foreach(r = iter(matrix(1:6, 2), by = "row"), .combine = rbind) %run% (r * 2))
probe("unknown length", foreach(x = isplit(1:9, rep(1:3, 3)), .combine = c) %run% sum(x$value))
probe("infinite beside finite", foreach(i = icount(), j = 1:5, .combine = c) %run% (i + j))
probe("hand-made iterator", {
  k <- 0
  it <- structure(list(nextElem = function() if ((k <<- k + 1) > 4) stop("StopIteration", call. = FALSE) else k),
                  class = c("abstractiter", "iter"))
  foreach(x = it, .combine = c) %run% x
})
probe("nested", foreach(i = 1:3, .combine = cbind) %:% foreach(j = 1:4, .combine = c) %run% (10 * i + j))
probe("nested, when",
      foreach(i = 1:4, .combine = c) %:% foreach(j = 1:4, .combine = c) %:% when(i < j) %run% (10 * i + j))
probe("three levels",
      foreach(i = 1:2) %:% foreach(j = 1:2, .combine = rbind) %:% foreach(k = 1:3, .combine = c) %run% c(i, j, k))
probe("when none", foreach(i = 1:4, .combine = c) %:% when(i > 9) %run% i)
probe("local variables", { y <- 3; f <- function(x) x + y; foreach(i = 1:3, .combine = c) %run% f(i) })
probe("loop in a function", {
  y <- 3
  g <- function(n) {
    z <- 2
    h <- function(x) x * z
    foreach(i = seq_len(n), .combine = c) %run% (h(i) + y)
  }
  g(3)
})
probe("dots", { g <- function(...) foreach(i = 1:2, .combine = c) %run% sum(i, ...); g(10, 20) })
probe("closure", { make <- function(k) function(x) x + k; add <- make(5); foreach(i = 1:2, .combine = c) %run% add(i) })
probe("mutual functions", {
  ev <- function(n) n == 0 || od(n - 1)
  od <- function(n) n != 0 && ev(n - 1)
  foreach(i = 1:4, .combine = c) %run% ev(i)
})
probe("return()", foreach(i = 1:3, .combine = c) %run% { if (i == 2) return(99); i })
probe("packages", foreach(i = 1:2, .combine = c, .packages = "tools") %run% toTitleCase("a b"))
probe("export", { hidden <- 4; foreach(i = 1:2, .combine = c, .export = "hidden") %run% get("hidden")[[1]] })
probe("no state from task to task",
      { counter <- 0; foreach(i = 1:6, .combine = c) %run% { counter <- counter + 1; counter * 0 + 1 } })
probe("results that are functions",
      sapply(foreach(i = 1:3) %run% local({ k <- i; function(x) x + k }), function(f) f(1)))
probe("results that are environments", sapply(foreach(i = 1:3) %run% list2env(list(v = i)), function(e) e$v))
probe("own seeds", foreach(i = 1:3) %run% { set.seed(i); list(rnorm(2), sample(10)) })
probe("inner %dopar%", foreach(i = 1:2, .combine = c) %run% sum(foreach(j = 1:3, .combine = c) %dopar% (i * j)))
probe("inner %do%", foreach(i = 1:2, .combine = c) %run% sum(foreach(j = 1:3, .combine = c) %do% (i * j)))
probe("calls of foreach in a package function", foreach(i = 1:2, .combine = c) %run% foreach::getDoParRegistered())
probe("UTF-8", foreach(s = c("\u00e4", "\u4e2d"), .combine = c) %run% paste0(s, "\u00df"))
probe("dates, factors", foreach(d = list(as.Date("2024-02-29"), factor("b", levels = c("a", "b")))) %run% d)

# what %do% cannot show
stopifnot(getDoParName() == "doFleet", getDoParWorkers() == 2)
leak <- foreach(i = 1:6, .combine = c) %dopar% { if (!exists("leaked")) leaked <<- 0; leaked <<- leaked + 1; leaked }
stopifnot(all(leak == 1))
pointer <- foreach(i = 1, .errorhandling = "pass") %dopar% textConnection("x")
stopifnot(inherits(pointer[[1]], "fleetValueError"))
missing_package <- tryCatch(foreach(i = 1:2, .packages = "noSuchPackage") %dopar% i, error = conditionMessage)
stopifnot(grepl("noSuchPackage", missing_package))
verbose <- capture.output(x <- foreach(i = 1:2, .verbose = TRUE) %dopar% i)
stopifnot(identical(x, list(1L, 2L)), length(verbose) > 0)
with_a_loop <- function(a, b) a + sum(foreach(k = 1:2, .combine = c) %dopar% k) + b
loop_in_combine <- foreach(i = 1:3, .combine = with_a_loop) %dopar% i
stopifnot(loop_in_combine == 12)
big <- foreach(i = 1:3) %dopar% numeric(2e6)
stopifnot(identical(big[[3]], numeric(2e6)))
# a loop inside a task runs in its worker, one iteration after the other
inner <- foreach(i = 1:2) %dopar% c(Sys.getpid(), foreach(j = 1:3, .combine = c) %dopar% Sys.getpid())
stopifnot(vapply(inner, function(pids) length(unique(pids)) == 1L, NA))

finish_probes()
