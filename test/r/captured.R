# Functions that keep the frame in which they were made: in variables, in arguments and in results. Run after probe.R,
# with two workers.
make <- function() { big <- numeric(2e6); small <- 3; function(i) i + small }
adds <- make()
small_one <- 1
probe("a closure in a variable", foreach(i = 1:3) %run% adds(i))
probe("closures in arguments", foreach(i = 1:4, fn = list(adds, adds, make(), adds)) %run% fn(i))
probe("data of the frame by a name that is made", foreach(i = 1:2) %run% c(adds(i),
  sum(get(paste0("b", "ig"), environment(adds)))))
probe("the frame as data", foreach(fn = list(adds, adds)) %run% {
  e <- environment(fn)
  list(sort(ls(e)), length(e$big), exists("big", envir = e, inherits = FALSE),
       lengths(mget(c("big", "small"), envir = e)),
       length(as.list(e)$big), length(eapply(e, length)), eval(quote(small + length(big)), e), length(evalq(big, e)))
})
probe("closures over the frame of the loop", {
  run <- function() {
    data <- numeric(1e6) + 1
    unused <- numeric(1e6)
    fs <- lapply(1:6, function(k) function(x) x + k + sum(data))
    foreach(fn = fs, i = 1:6) %run% fn(i)
  }
  run()
})
probe("closures with data of their own", {
  own <- lapply(1:6, function(k) { raw <- numeric(3e5) + k; fit <- mean(raw); function(x) fit + x + length(raw) })
  foreach(fn = own) %run% fn(1)
})
probe("nested factories", {
  outer <- function() { big <- numeric(1e6); function(k) { also <- numeric(1e6); function(x) x + k + length(also) } }
  fs <- lapply(1:4, outer())
  foreach(fn = fs) %run% list(fn(1), length(get("big", environment(fn))))
})
probe("sys.function, match.call and Recall", {
  fact <- (function() {
    big <- numeric(1e6)
    function(n) if (n < 2) list(match.call(), body(sys.function())) else Recall(n - 1)
  })()
  foreach(i = 1:3) %run% fact(i)
})
probe("functions that packages have made", {
  f <- approxfun(1:3e5, (1:3e5)^2)
  g <- ecdf(c(1:2e5, 7))
  foreach(x = c(2.5, 7)) %run% list(f(x), g(x), length(environment(f)$x))
})
probe("formulas and models", {
  fit <- function() {
    junk <- numeric(1e6)
    d <- data.frame(y = c(1, 3, 2, 5), x = 1:4)
    w <- c(1, 2, 1, 2)
    f <- y ~ x
    foreach(i = 1:2) %run% coef(lm(f, d, weights = w))
  }
  fit()
})

# --- arguments of the function around the loop
probe("missing()", {
  run <- function(a, b) foreach(i = 1:2) %run% c(missing(a), missing(b), i)
  list(run(1), run(1, 2), run())
})
probe("substitute()", {
  run <- function(a) foreach(i = 1:2) %run% list(deparse(substitute(a)), a + i, substitute(a + i))
  run(small_one + 7)
}, function(a, b) all(mapply(function(x, y) identical(x[1:2], y[1:2]), a, b)))

# --- results
probe("results that see a frame", {
  run <- function() {
    other <- 2
    named <- 5
    fs <- foreach(i = 1:3) %run% local({ k <- i * named; function(x) x + k })
    sapply(fs, function(f) f(1) + get("other", environment(f)))
  }
  run()
})
results <- function() {
  big <- numeric(1e6)
  here <- environment()
  closures <- foreach(i = 1:2) %dopar% { function() length(big) + i }
  formulas <- foreach(i = 1:2) %dopar% (y ~ x)
  stopifnot(identical(parent.env(environment(closures[[1]])), here), closures[[2]]() == 1e6 + 2,
            identical(parent.env(environment(formulas[[2]])), here))
}
results()
returned <- foreach(fn = list(adds, adds)) %dopar% fn
stopifnot(identical(environment(returned[[2]]), environment(adds)))
failed <- foreach(fn = list(adds), .errorhandling = "pass") %dopar% {
  stop(structure(class = c("mine", "error", "condition"), list(message = "m", call = NULL, fn = fn)))
}
stopifnot(identical(environment(failed[[1]]$fn), environment(adds)))

# what an iteration has changed is in its result, and nowhere else
counter <- (function() { big <- numeric(1e6); n <- 0; list(add = function() n <<- n + 1, get = function() n) })()
stopifnot(identical(foreach(i = 1:6, .combine = c) %dopar% { counter$add(); counter$add(); counter$get() }, rep(2, 6)))
kept <- foreach(i = 1:2) %dopar% { counter$add(); counter$get }
stopifnot(kept[[1]]() == 1, counter$get() == 0)
changed <- function() {
  n <- 0
  big <- numeric(1e6)
  sapply(foreach(i = 1:3) %dopar% { n <<- n + i; function() n }, function(f) f())
}
stopifnot(identical(changed(), c(1, 2, 3)))
gone <- foreach(i = 1:4, .combine = c) %dopar% {
  e <- environment(adds)
  first <- length(e$big)
  rm("big", envir = e)
  e$small <- 100
  c(first, exists("big", envir = e), adds(i))
}
stopifnot(identical(gone, unlist(lapply(1:4, function(i) c(2e6, 0, 100 + i)))))
finish_probes()
