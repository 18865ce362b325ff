# Calls, caches, conditions and functions of functions, each idiom beside its value under %do%. Run after probe.R.
said <- function(code) tryCatch(code, error = conditionMessage)
# env caches
cache <- new.env()
memo <- function(n) { k <- as.character(n); if (!is.null(cache[[k]])) return(cache[[k]])
  v <- if (n < 2) n else memo(n-1) + memo(n-2); cache[[k]] <- v; v }
probe("env cache", { r <- foreach(n = 10:12, .combine = c) %run% memo(n); rm(list = ls(cache), envir = cache); r })
fib <- local({ mem <- c(1, 1); function(n) { if (n > length(mem) || is.na(mem[n])) mem[n] <<- fib(n-1) + fib(n-2)
  mem[n] } })
probe("local cache", foreach(n = 5:8, .combine = c) %run% fib(n))
probe("Recall", foreach(n = 3:5, .combine = c) %run% (function(n) if (n <= 1) 1 else n * Recall(n-1))(n))
f1 <- function(x, ...) match.call(); f2 <- function(...) sys.call(); f3 <- function(a, b = 2) as.list(match.call())[-1]
probe("match.call", foreach(i = 1:2) %run% list(f1(i, y = 3), f2(i, 2), f3(i), f3(b = i, a = 1)))
probe("sys.call levels", foreach(i = 1:2) %run% { g <- function() h(); h <- function() deparse(sys.call(-1)); g() })
probe("sys.function", foreach(i = 1:2) %run% (function(x) { f <- sys.function(); if (x > 0) f(x-1) else "done" })(i))
probe("match.arg", foreach(t = c("one", "two")) %run% { g <- function(type = c("one", "two", "three")) match.arg(type)
  list(g(t), g(), said(g("four"))) })
probe("do.call names", foreach(i = 1:2) %run% do.call("paste", list("a", i, sep = "-")))
probe("on.exit", foreach(i = 1:2) %run% { log <- character(); g <- function() { on.exit(log <<- c(log, "a"))
  on.exit(log <<- c(log, "b"), add = TRUE); log <<- c(log, "body"); invisible(1) }; g(); log })
probe("on.exit order", foreach(i = 1:2) %run% { log <- character(); g <- function() { on.exit(log <<- c(log, "a"))
  on.exit(log <<- c(log, "b"), add = TRUE, after = FALSE); stop("x") }; try(g(), silent = TRUE); log })
probe("tryCatch finally", foreach(i = 1:2) %run% { l <- NULL; r <- tryCatch({ if (i == 2) stop("e"); "ok" },
  error = function(e) paste("caught", conditionMessage(e)), finally = { l <- "fin" }); c(r, l) })
probe("restarts", foreach(i = 1:3) %run% withCallingHandlers(withRestarts({
  if (i == 2) signalCondition(structure(class = c("mine", "condition"), list(message = "m", call = NULL)))
  if (i == 3) invokeRestart("myR", 5); "normal" }, myR = function(v) v * 2), mine = function(c) invokeRestart("myR",
  21)))
probe("custom cond", foreach(i = 1:2) %run% tryCatch(stop(structure(class = c("http_error", "error", "condition"),
  list(message = "404", call = sys.call(-1), code = 404))), http_error = function(e) c(conditionMessage(e), e$code)))
probe("warning classes", foreach(i = 1:2) %run% tryCatch(warning(structure(class = c("dep", "warning", "condition"),
  list(message = "old", call = NULL))), dep = function(w) class(w)))
probe("warning to value", foreach(i = 1:2) %run% { ws <- character(); v <- withCallingHandlers({ warning("w1")
  warning("w2"); 10 }, warning = function(w) { ws <<- c(ws, conditionMessage(w)); invokeRestart("muffleWarning") })
  list(v, ws) })
probe("simpleCondition", foreach(i = 1:2) %run% withCallingHandlers({ message("hello ", i); "x" },
  message = function(m) invokeRestart("muffleMessage")))
probe("try class", foreach(i = 1:2) %run% class(try(log("a"), silent = TRUE)))
probe("try text", foreach(i = 1:2) %run% as.character(try(log("a"), silent = TRUE)))
probe("geterrmessage", foreach(i = 1:2) %run% { try(stop("boom"), silent = TRUE); geterrmessage() })
probe("stopifnot", foreach(i = 1:2) %run% said(stopifnot("must be three" = i == 3)))
probe("errorCondition", foreach(i = 1:2) %run% tryCatch(stop(errorCondition("msg", class = "k", data = i)),
  k = function(e) e$data))
probe("error objects pass", foreach(i = 1:3, .errorhandling = "pass") %run% if (i == 2) stop(errorCondition("msg",
  class = "k", data = i, call = quote(f(x)))) else i)
probe("error simple pass", foreach(i = 1:3, .errorhandling = "pass") %run% if (i == 2) stop("bad") else i)
probe("error in fn pass", { ff <- function(x) stop("inner ", x); foreach(i = 1:2,
  .errorhandling = "pass") %run% ff(i) })
probe("error builtin pass", foreach(i = 1:2, .errorhandling = "pass") %run% log(-"a"))
probe("error nonexist pass", foreach(i = 1:2, .errorhandling = "pass") %run% nonexistent_thing(i))
probe("error subscript pass", foreach(i = 1:2, .errorhandling = "pass") %run% list(1)[[3]])
probe("error stop", foreach(i = 1:3) %run% if (i > 1) stop("bad ", i) else i)
probe("remove", foreach(i = 1:4, .combine = c, .errorhandling = "remove") %run% if (i%%2) stop("x") else i)
probe("interrupt cond", foreach(i = 1:2) %run% tryCatch(signalCondition("x", "y"), condition = class))
probe("globalCallingHandlers", foreach(i = 1:1) %run% length(globalCallingHandlers()))
probe("Reduce etc", foreach(i = 1:2) %run% list(Reduce(`+`, 1:5, accumulate = TRUE, i), Filter(function(x) x > i, 1:4),
  Map(function(a, b) a * b, 1:3, i), Position(function(x) x > i, 1:5), Find(is.character, list(1, "a"))))
probe("rapply", foreach(i = 1:2) %run% rapply(list(1, "a", list(2, "b")), function(x) x * i, classes = "numeric",
  how = "replace"))
probe("mapply moreargs", foreach(i = 1:2) %run% mapply(function(x, y, z) x + y + z, 1:3, c(a = 1, b = 2, c = 3),
  MoreArgs = list(z = i)))
probe("outer vectorize", foreach(i = 1:2) %run% outer(1:2, 1:3, Vectorize(function(a, b) a * b + i)))
probe("compose", foreach(i = 1:2) %run% { compose <- function(...) { fs <- list(...); function(x) Reduce(function(a,
  f) f(a), fs, x) }; compose(sqrt, Negate(is.na), as.integer)(i) })

with_default <- function(op, n, extra = 5) { `%run%` <- op; foreach(i = 1:n) %run% c(missing(extra), i + extra) }
probe("a default argument", list(with_default(`%run%`, 2), with_default(`%run%`, 2, 7)))
forced <- function(op, a, b = a) { `%run%` <- op; force(b); foreach(i = 1:2) %run% c(missing(a), missing(b), b) }
probe("a default argument that was evaluated", list(forced(`%run%`, 2), forced(`%run%`, 2, 3)))
set_anew <- function(op, a = 1) { `%run%` <- op; a <- a + 1; foreach(i = 1:2) %run% c(missing(a), a) }
probe("a default argument that was set anew", set_anew(`%run%`))
finish_probes()
