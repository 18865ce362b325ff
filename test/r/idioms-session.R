# Random numbers, connections, environments, options and locale, each beside its value under %do%. Run after probe.R.
said <- function(code) tryCatch(code, error = conditionMessage)
probe("set.seed in task", foreach(i = 1:3) %run% { set.seed(i); list(rnorm(2), sample(10, 3), runif(1), rexp(1)) })
probe("RNGkind in task", foreach(i = 1:2) %run% { RNGkind("Wichmann-Hill"); set.seed(i); r <- runif(2)
  RNGkind("default"); r })
probe("L'Ecuyer nextRNGStream", foreach(i = 1:2) %run% { RNGkind("L'Ecuyer-CMRG"); set.seed(i)
  s <- parallel::nextRNGStream(.Random.seed); RNGkind("default"); s })
probe("local seed withr", foreach(i = 1:2) %run% { if (requireNamespace("withr", quietly = TRUE)) withr::with_seed(i,
  rnorm(1)) })
# connections
probe("textConnection", foreach(i = 1:2) %run% { tc <- textConnection("a 1\nb 2"); r <- read.table(tc); close(tc)
  o <- textConnection("out", "w", local = TRUE); writeLines(c("x", i), o); close(o); list(r, out) })
probe("rawConnection", foreach(i = 1:2) %run% { rc <- rawConnection(raw(0), "r+"); writeBin(1:3, rc)
  r <- rawConnectionValue(rc); close(rc); r })
probe("files", foreach(i = 1:2) %run% { f <- tempfile(fileext = ".csv"); write.csv(data.frame(a = 1:2, b = c("x",
  "y")), f, row.names = FALSE); r <- read.csv(f); s <- file.exists(f); unlink(f); list(r, s,
  basename(dirname(f)) != "", nchar(tempfile()) > 0) })
probe("gz/rds", foreach(i = 1:2) %run% { f <- tempfile(); saveRDS(list(i), f); r <- readRDS(f); con <- gzfile(f, "w")
  cat("hi\n", file = con); close(con); l <- readLines(f); save(r, file = f); e <- new.env(); load(f, e); list(r, l,
  ls(e)) })
probe("sink capture", foreach(i = 1:2) %run% { capture.output({ print(i); cat("x\n"); message("m"); invisible(3) }) })
probe("sink to file", foreach(i = 1:2) %run% { f <- tempfile(); sink(f); print("sunk"); sink(); readLines(f) })
probe("tempdir same kind", foreach(i = 1:2) %run% dir.exists(tempdir()))
probe("environmentName", foreach(i = 1:2) %run% list(environmentName(globalenv()), environmentName(topenv()),
  environmentName(parent.env(globalenv())) == environmentName(parent.env(globalenv())),
  environmentName(environment(sd)), search()))
probe("local() & assign pos", foreach(i = 1:2) %run% { local({ y <- i; assign("zz", y * 2,
  envir = parent.env(environment())) }); assign("qq", i, pos = 1); r <- list(zz, get("qq", pos = 1), exists("qq",
  inherits = FALSE)); rm("qq", pos = 1); r })
gl1 <- 10
gl1 <- 10
probe("get/mget/exists envir", foreach(i = 1:2) %run% list(get("gl1"), mget("gl1", envir = globalenv()), exists("gl1",
  envir = globalenv()), exists("nope"), get0("nope", ifnotfound = "d"), "gl1" %in% ls(globalenv()), dynGet("i",
  "none")))
probe("sys.frames parent.frame", foreach(i = 1:2) %run% { g <- function() parent.frame(); identical(g(),
  environment()) })
probe("nargs missing", foreach(i = 1:2) %run% { g <- function(a, b = 3, ...) c(nargs(), missing(a), missing(b),
  ...length()); g(1, , i) })
probe("nargs", foreach(i = 1:2) %run% { g <- function(a, b = 3, ...) c(nargs(), missing(a), missing(b), ...length())
  list(g(), g(1, 2, 3, 4), g(b = 1)) })
probe("switch fallthrough, repeat, while, next, break", foreach(i = 1:3) %run% { r <- switch(letters[i], a = ,
  b = "AB", "other"); k <- 0; repeat { k <- k + 1; if (k == 2) next; if (k > 3) break }; c(r, k) })
probe("vapply err", foreach(i = 1:2) %run% said(vapply(1:2, function(x) if (x == 1) "a" else 2, "")))
probe("Negate identity Compose", foreach(i = 1:2) %run% (Negate(is.null))(i))
probe("formals body args arity", foreach(i = 1:2) %run% { f <- function(x, y = x + 1) x * y
  formals(f)$y <- quote(x + 10); body(f) <- quote(x-y); list(f(i), args(f), arity = length(formals(f)),
  deparse(args(sum))) }, compare = function(a, b) isTRUE(all.equal(a, b)))
op <- options(digits = 3, scipen = -2, OutDec = ",", width = 40)
probe("options print", foreach(i = 1:2) %run% list(format(pi * 1000), as.character(1e5), paste(0.1),
  capture.output(print(1:30/7)), format(1234567.891, big.mark = "."), formatC(pi), prettyNum(123456, big.mark = ",")))
options(op)
op <- options(encoding = "latin1", deparse.max.lines = 2, warnPartialMatchDollar = TRUE, na.action = "na.exclude",
  contrasts = c("contr.sum", "contr.poly"), ts.eps = 1e-3, max.print = 5, nwarnings = 60, expressions = 600,
  keep.source = TRUE, my.opt = list(1, "a"))
set.seed(1); d <- data.frame(y = c(NA, rnorm(9)), g = gl(2, 5))
probe("options more", foreach(i = 1:2) %run% list(residuals(lm(y~g, d)), capture.output(print(1:20)),
  getOption("my.opt"), getOption("encoding"), tryCatch(list(abc = 1)$a, warning = conditionMessage), getOption("nope",
  3)))
options(op)
probe("locale collation", foreach(i = 1:2) %run% list(sort(c("b", "A", "a", "B", "_", "1")), order(c("B", "a")),
  "a" < "B", toupper("i"), rev(sort(c("\u00e9", "e", "f"))), sort(c("b", "A"), method = "radix"),
  Sys.getlocale("LC_COLLATE"), format(1e6, big.mark = ","), month.abb[i], strftime(as.Date("2020-01-05"), "%B %A")))
invisible(Sys.setlocale("LC_COLLATE", "C"))
probe("collate C", foreach(i = 1:2) %run% list(sort(c("b", "A", "a", "B")), Sys.getlocale("LC_COLLATE")))
Sys.setenv(MY_VAR = "x1"); probe("env var", foreach(i = 1:2) %run% c(Sys.getenv("MY_VAR"), Sys.getenv("NOT_THERE",
  "dflt")))
library(compiler)
probe("cmpfun", foreach(i = 1:2) %run% { f <- cmpfun(function(x) { s <- 0; for (k in 1:x) s <- s + k; s })
  f(i * 10) })
hot <- function(x) { s <- 0; for (k in seq_len(x)) s <- s + k; s }; for (k in 1:5) hot(10)
probe("JITed fn", foreach(i = 1:2) %run% list(hot(i), deparse(hot), is.function(hot)))
fg <- function(x, ...) UseMethod("fg"); fg.default <- function(x, ...) "default"; fg.a <- function(x, ...) paste("a",
  NextMethod())
probe("UseMethod global", foreach(i = 1:2) %run% list(fg(structure(1, class = c("a", "b"))), fg(1), inherits(1,
  "numeric"), class(matrix(1)), as.character(methods(fg))))
probe("regex", foreach(i = 1:2) %run% list(gsub("(\\w+)@(\\w+)", "\\2", "me@home"), regmatches("a1b2",
  gregexpr("[0-9]", "a1b2")), sub("(?<x>a)", "\\U\\1", "abc", perl = TRUE), strsplit("a,b;c", "[,;]"),
  sprintf("%05.2f|%-5s|%+d", pi, "x", i), grepl("^\\s*$", c("", "x")), basename("/a/b.txt"), tools::file_ext("b.txt"),
  rev(utf8ToInt("ab")), chartr("abc", "xyz", "aabbcc"), trimws("  a "), startsWith("abc", "a"), sprintf("%s", list("a",
  1, TRUE)), format(Sys.Date(), "%Y") > "2000", toupper(letters[i]), shQuote("a b"), dQuote("a", FALSE), noquote("a"),
  encodeString("a\n"), make.names(c("a b", "1")), make.unique(c("a", "a")), abbreviate("international"), formatC(c(1,
  10), width = 5, flag = "0"), rawToChar(as.raw(65:67)), rev(strtoi(c("11", "77"), 2))))
probe("apply family", foreach(i = 1:2) %run% list(apply(matrix(1:4, 2), 1, sum), sapply(list(a = 1:3, b = 4:6), range),
  vapply(1:3, function(k) k * i, 0), tapply(1:4, c("a", "b", "a", "b"), sum), outer(1:2, 1:2), sweep(matrix(1:4, 2), 2,
  1:2), array(1:8, c(2, 2, 2))[,, i], aperm(array(1:8, c(2, 2, 2)))[i,,], do.call(rbind, list(1:2, 3:4)), Reduce(`%*%`,
  list(diag(2), matrix(1:4, 2))), crossprod(1:3), det(matrix(c(2, 1, 1, 3), 2)), svd(matrix(1:4, 2))$d,
  qr.R(qr(matrix(c(2, 1, 1, 3), 2)))))
probe("ts/decomp", foreach(i = 1:2) %run% list(ts(1:10, start = c(2000, i), frequency = 4), window(AirPassengers,
  1960)[1:3], HoltWinters(AirPassengers, gamma = FALSE)$SSE, acf(1:10, plot = FALSE)$acf[2], filter(1:5, rep(1/3, 3))))
probe("plots", foreach(i = 1:2) %run% { pdf(NULL); plot(1:3); h <- hist(c(1, 2, 2, 3), plot = FALSE); d <- dev.off()
  list(h$counts, names(d)) })
probe("proc/system", foreach(i = 1:2) %run% list(system("echo hi", intern = TRUE), nchar(Sys.getpid()) > 0))
probe("Sys.setenv in task later", foreach(i = 1:2) %run% Sys.getenv("LEAK_ME"))
probe("utils", foreach(i = 1:2) %run% list(head(letters, i), tail(1:10, -8), combn(4, 2)[, i],
  capture.output(str(list(a = 1, b = "x"))), object.size(1:10), modifyList(list(a = 1, b = 2), list(b = i)),
  stack(list(a = 1:2, b = 3)), utils::compareVersion("1.2", "1.10"), packageVersion("stats"), as.roman(i),
  glob2rx("*.txt"), type.convert(c("1", "2"), as.is = TRUE), hsearch <- NULL, txt <- capture.output(sessionInfo())[1]))
probe("bitwise/sets", foreach(i = 1:2) %run% list(union(1:3, 2:5), setdiff(1:5, i), is.element(i, 1:3), rle(c(1, 1,
  2)), inverse.rle(rle(c(1, 1, 2))), cumall <- cumsum(1:4), diff(c(1, 4, 9)), rev(list(1, "a")), mapply(rep, 1:3, 3:1),
  expand.grid(a = 1:2, b = c("x", "y")), embed(1:4, 2), findInterval(c(1.5, 3), 1:4), cut(1:3, c(0, 1, 3)),
  quantile(1:9, .3), rank(c(3, 1, 2)), max.col(matrix(c(1, 3, 2, 4), 2)), which(c(FALSE, TRUE)), nchar(c("a", "bb")),
  rowsum(c(1, 2, 3), c("a", "b", "a")), prettyNum(1234567, ","), rapply(list(1, "a"), toupper, classes = "character",
  how = "unlist")))

make <- function(mark, unused = stop("evaluated")) function(x) paste(x, mark)
options(my.functions = list(plus = function(x) x + 1, mark = make("!"), n = 3), my.function = make("?"))
probe("options that hold functions", foreach(i = 1:2) %run% list(getOption("my.functions")$plus(i),
  getOption("my.functions")$mark(i), getOption("my.function")(i)))
setHook("before.plot.new", function(...) hooked <<- hooked + 1)
hooked <- 0
probe("hooks of the script", foreach(i = 1:2) %run% { hooked <<- 0; pdf(NULL); plot(1); dev.off(); hooked })
probe("command line", foreach(i = 1:2) %run% list(commandArgs(), commandArgs(trailingOnly = TRUE)))
invisible(suppressWarnings(Sys.timezone()))
Sys.setenv(TZ = "Asia/Kolkata")
probe("a time zone that R has found before", foreach(i = 1:2) %run% list(Sys.timezone(), format(as.POSIXct(0))))
finish_probes()
