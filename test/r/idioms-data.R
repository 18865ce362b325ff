# Formulas, operators, dates, factors, encodings and numbers, each beside its value under %do%. Run after probe.R.
said <- function(code) tryCatch(code, error = conditionMessage)
set.seed(1); d <- data.frame(y = rnorm(30), x = runif(30), g = gl(3, 10)); w <- runif(30)
clean <- function(m) { m$call <- NULL; m }
fit <- function(form, data) lm(form, data)
probe("formula env", foreach(i = 1:2) %run% { f <- y ~ x; environmentName(environment(f)) })
probe("lm weights global", foreach(i = 1:2) %run% coef(lm(y ~ poly(x, i), d, weights = w)))
probe("lm local var", foreach(i = 1:2) %run% { z <- d$x^i; coef(lm(y ~ z, d)) })
probe("lm in function, update", foreach(i = 1:2) %run% { m <- fit(y ~ x, d); coef(update(m, . ~ . + g)) })
probe("glm predict", foreach(i = 1:2) %run% predict(glm(I(y > 0) ~ x, binomial, d), data.frame(x = i/3),
  type = "response"))
probe("aggregate/tapply/by", foreach(i = 1:2) %run% list(aggregate(y ~ g, d, mean), tapply(d$y, d$g, sum),
  unclass(by(d, d$g, nrow))))
probe("nls", foreach(i = 1:2) %run% coef(nls(y ~ a + b * x, d, start = list(a = i, b = 0))))
probe("optim closure", foreach(i = 1:2) %run% optim(c(0, 0), function(p) sum((d$y - p[1] - p[2] * d$x)^2))$par)
probe("integrate uniroot", foreach(i = 1:2) %run% list(integrate(function(x) x^i, 0, 1)$value,
  uniroot(function(x) x^2-i, c(0, 3))$root))
probe("formula attr result", foreach(i = 1:2) %run% terms(y ~ x:g + log(x)), compare = function(a, b) {
  s <- function(l) lapply(l, function(t) { attr(t, ".Environment") <- NULL; t }); identical(s(a), s(b)) })
probe("with/within/subset/transform", foreach(i = 1:2) %run% list(with(d, mean(x) * i), within(d, {q <- x * i; rm(y)}),
  subset(d, x > i/3, select = -g), transform(d, n = x + i)))
probe("substitute quote bquote", foreach(i = 1:2) %run% list(substitute(a + b, list(a = i)), bquote(x + .(i)),
  quote(foo(i)), deparse(substitute(i))))
probe("eval parse envir", foreach(i = 1:2) %run% list(eval(parse(text = "i*2")), evalq(x, d[1:2,]), eval(quote(x),
  list(x = i), baseenv())))
probe("promise lazy", foreach(i = 1:2) %run% { f <- function(x, y) { if (x > 1) y else "unused" }; said(f(i,
  stop("forced"))) })
probe("force closures", foreach(i = 1:2) %run% { fs <- list(); for (k in 1:3) { local({ kk <- k
  fs[[kk]] <<- function() kk * i }) }; sapply(fs, function(f) f()) })
probe("adders", foreach(i = 1:2) %run% { ad <- lapply(1:3, function(n) function(x) x + n); sapply(ad,
  function(f) f(i)) })
probe("delayedAssign", foreach(i = 1:2) %run% { n <- 0; delayedAssign("lz", { n <- n + 1; i * 2 }); c(lz, lz, n) })
probe("makeActiveBinding in task", foreach(i = 1:2) %run% { n <- 0; makeActiveBinding("cnt", function() { n <<- n + 1
  n }, environment()); c(cnt, cnt, i) })
probe("regmatches<-", foreach(s = c("a1b22", "c3")) %run% { m <- gregexpr("[0-9]+", s); regmatches(s,
  m) <- lapply(regmatches(s, m), function(x) as.integer(x) * 2L); s })
probe("replacement fns", foreach(i = 1:2) %run% { x <- 1:3; names(x) <- letters[1:3]; levels(f <- factor(c("a",
  "b")))[i] <- "z"; attr(x, "u") <- i; dim(y <- 1:4) <- c(2, 2); body(g <- function(x) x)[[1]] <- NULL; is.na(x) <- i
  substr(s <- "hello", 1, i) <- "XY"; list(x, f, y, s, diag(m <- matrix(0, 2, 2)) <- i) })
`second<-` <- function(x, value) { x[2] <- value; x }; `%+%` <- function(a, b) paste0(a, b); `%between%` <- function(x,
  r) x >= r[1] & x <= r[2]
probe("own ops", foreach(i = 1:3) %run% { x <- 1:3; second(x) <- i * 10; list(x, "a" %+% i, i %between% c(2, 3)) })
money <- function(x) structure(list(v = x), class = "money"); Ops.money <- function(e1, e2) {
  v <- get(.Generic)(unclass(e1)$v, unclass(e2)$v); if (.Generic %in% c("+", "-")) money(v) else v }
Math.money <- function(x, ...) money(get(.Generic)(x$v, ...)); Summary.money <- function(..., na.rm) {
  money(do.call(.Generic, lapply(list(...), `[[`, "v"))) }; format.money <- function(x, ...) paste0("$", x$v)
  print.money <- function(x, ...) cat(format(x), "\n"); length.money <- function(x) length(unclass(x)$v)
  "[.money" <- function(x, i) money(unclass(x)$v[i]); "$.money" <- function(x,
  n) if (n == "cents") unclass(x)$v * 100 else unclass(x)[[n]]; as.character.money <- function(x, ...) format(x)
  c.money <- function(...) money(unlist(lapply(list(...), function(m) unclass(m)$v))); "==.money" <- function(e1,
  e2) "special"
probe("S3 groups", foreach(i = 1:2) %run% { a <- money(i); b <- money(2); list(a + b, a < b, a == b, sqrt(money(4)),
  max(a, b), capture.output(print(a)), capture.output(a), length(money(1:3)), money(1:3)[2], a$cents, paste(a),
  format(a), as.character(a)) })
probe("combine with c.money", foreach(i = 1:3, .combine = c) %run% money(i))
probe("combine with rbind df", foreach(i = 1:3, .combine = rbind) %run% data.frame(i = i, s = letters[i],
  stringsAsFactors = TRUE))
probe("S3 inherits NextMethod", { area2 <- function(x, ...) UseMethod("area2"); foreach(i = 1:2) %run% {
  area2.default <- function(x, ...) "def"; area2.sq <- function(x, ...) c("sq", NextMethod()); area2(structure(i,
  class = c("cb", "sq"))) } })
toString.widget <- function(x, ...) "W"; seq.widget <- function(...) "SEQ"; t.widget <- function(x) "T"
  rev.widget <- function(x) "R"; unique.widget <- function(x, ...) "U"; mean.widget <- function(x, ...) "M"
  as.list.widget <- function(x, ...) list("L"); dim.widget <- function(x) c(7L, 8L)
  levels.widget <- function(x) "lev"; xtfrm.widget <- function(x) -unclass(x); rep.widget <- function(x, ...) "rep"
  cut.widget <- function(x, ...) "cut"; plot.widget <- function(x, ...) "plotted"; predict.widget <- function(object,
  ...) "pred"; update.widget <- function(object, ...) "upd"; head.widget <- function(x, ...) "head"
wdg <- structure(c(3, 1, 2), class = "widget")
probe("S3 of base & stats generics", foreach(i = 1:1) %run% list(toString(wdg), seq(wdg), t(wdg), rev(wdg),
  unique(wdg), mean(wdg), lapply(wdg, identity), nrow(wdg), levels(wdg), order(wdg), rep(wdg, 2), cut(wdg), plot(wdg),
  predict(wdg), update(wdg), head(wdg)))
# dates
probe("Date seq", foreach(i = 1:2) %run% list(seq(as.Date("2020-01-31"), by = "month", length.out = 3),
  format(as.Date("2020-02-29") + i, "%d %b %Y %A"), weekdays(as.Date("2020-01-01") + i),
  months(as.Date("2020-01-01"))))
probe("POSIXct tz", foreach(i = 1:2) %run% { t <- as.POSIXct("2020-03-29 01:30:00", tz = "Europe/Berlin")
  list(t + 3600 * i, format(t + 3600 * i, "%H:%M %Z", tz = "America/New_York"), as.POSIXlt(t)$isdst, attributes(t)) })
Sys.setenv(TZ = "Asia/Kolkata")
Sys.unsetenv("TZ")
probe("difftime", foreach(i = 1:2) %run% list(as.Date("2020-01-10")-as.Date("2020-01-01"),
  difftime(as.POSIXct("2020-01-02", tz = "UTC"), as.POSIXct("2020-01-01", tz = "UTC"), units = "mins"),
  format(as.difftime(i, units = "hours")), units(as.difftime(90, units = "secs"))))
probe("iterate dates", foreach(t = seq(as.Date("2020-01-01"), by = "day", length.out = 3)) %run% t)
probe("iterate POSIXct", foreach(t = as.POSIXct(c(0, 86400), origin = "1970-01-01", tz = "UTC"), .combine = c) %run% t)
probe("iterate factor", foreach(f = factor(c("a", "b"))) %run% f)
probe("iterate difftime", foreach(f = as.difftime(1:2, units = "mins")) %run% f)
probe("combine dates", foreach(i = 1:2, .combine = c) %run% (as.Date("2020-01-01") + i))
probe("factors", foreach(i = 1:2) %run% list(factor(c("lo", "hi"), levels = c("lo", "hi"), ordered = TRUE),
  droplevels(d$g[1:11]), interaction(c("a", "b"), c("x", "y")), cut(1:5, 2), relevel(d$g, "2"), nlevels(d$g),
  as.integer(d$g[i])))
options(stringsAsFactors = FALSE)
probe("data.frame", foreach(i = 1:2) %run% list(str(data.frame(a = "x")), data.frame(a = c("x", "y"), b = 1:2,
  row.names = c("r", "s")), merge(data.frame(k = 1:3, a = 4:6), data.frame(k = 2:4, b = 7:9)), table(c("a", "b", "a")),
  reshape(data.frame(id = 1:2, x1 = 3:4, x2 = 5:6), direction = "long", varying = c("x1", "x2"), v.names = "x",
  idvar = "id")))
# encodings
lat <- "caf\xe9"; Encoding(lat) <- "latin1"; utf <- "caf\u00e9"; byt <- "\xff\xfe"; Encoding(byt) <- "bytes"
probe("encodings", foreach(i = 1:2) %run% list(Encoding(c(lat, utf, byt)), nchar(lat), nchar(lat, "bytes"), lat == utf,
  charToRaw(lat), toupper(utf), enc2utf8(lat), enc2native(utf), iconv(utf, "UTF-8", "latin1"), utf8ToInt(utf),
  rev(strsplit(utf, "")[[1]]), byt, sprintf("%5s|", utf), formatC(utf, width = 6), casefold(utf, upper = TRUE)))
probe("encodings args", foreach(s = c(lat, utf, byt)) %run% list(s, Encoding(s), charToRaw(s)))
probe("encoding names", foreach(i = 1:2) %run% { l <- list(1); names(l) <- lat; list(l, Encoding(names(l))) })
probe("NA types", foreach(i = 1:2) %run% list(NA, NA_integer_, NA_real_, NA_character_, NA_complex_, NaN, Inf, -0,
  1/-0, typeof(c(NA, i)), bitwAnd(5L, i), .Machine$integer.max, said(as.integer(2^31-1) + 0L)))
probe("NA payload", foreach(v = list(NA_real_, NaN, -Inf)) %run% c(is.na(v), is.nan(v)))
probe("big ints", foreach(i = 1:2) %run% list(2^53 + i, 1e15 + 0.3, factorial(20), format(2^60, digits = 22),
  sprintf("%.0f", 2^64), 5 %/% 0.2, -5 %% 3, bitwXor(7L, i), strtoi("777", 8L), as.hexmode(255), as.numeric("0x1Ap3"),
  rev(as.integer(intToBits(5))[1:8])))
probe("complex raw", foreach(i = 1:2) %run% list((1 + 2i)^i, polyroot(c(6, -5, 1)), as.raw(c(1, 255)), xor(as.raw(5),
  as.raw(i)), packBits(intToBits(7L), "integer")))

finish_probes()
