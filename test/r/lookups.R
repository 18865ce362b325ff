# Variables that no code of the loop names: names that it makes, or finds in data. Larger ones are lent by the driver
# when somebody looks. Run after probe.R, with two workers.
v1 <- as.numeric(1:3e5)
v2 <- v1 * 2
Y <- sin(v1)
X1 <- cos(v1)
X2 <- sqrt(v1)
with_columns <- data.frame(y = Y, x = X1)
f1 <- function(x) x + 1
f2 <- function(x) x * sum(v1)
large_closure <- local({ z <- v1; function(i) z[i] })
names_in_data <- c("v1", "v2")
texts <- c("sum(v1)", "sum(v2)")

# --- looked up by name
probe("get(paste0())", foreach(i = 1:2) %run% sum(get(paste0("v", i))))
probe("get0, exists, dynGet", foreach(i = 1:3) %run% list(length(get0(paste0("v", i))), exists(paste0("v", i)),
  length(dynGet(paste0("v", i), ifnotfound = 0))))
probe("mget", foreach(i = 1:2) %run% list(sapply(mget(paste0("v", 1:i), envir = globalenv()), sum),
  sapply(mget(paste0("v", 1:i), inherits = TRUE), sum)))
probe("names in the iterated vector", foreach(n = names_in_data) %run% sum(get(n)))
probe("names in data", foreach(i = 1:2) %run% sum(get(names_in_data[i])))
probe("names that a function makes", foreach(n = c("x1", "x2")) %run% sum(get(toupper(n))))
probe("sapply(names, get)", foreach(i = 1:2) %run% list(sapply(c("f1", "f2"), function(n) get(n)(1)),
  sapply(sapply(names_in_data, get), sum)))
probe("with(list2env())", foreach(i = 1:2) %run% with(list2env(list(q = i)), q + sum(get(paste0("v", q)))))
probe("the global environment by name", foreach(i = 1:2) %run% list(sum(globalenv()[[paste0("v", i)]]),
  sum(.GlobalEnv$v1), ls(globalenv(), pattern = "^v[0-9]$"),
  sapply(mget(ls(globalenv(), pattern = "^v[0-9]$"), globalenv()), sum)))

# --- functions by name
probe("do.call(paste0())", foreach(i = 1:2) %run% do.call(paste0("f", i), list(3)))
probe("a large function by name", foreach(i = 1:2) %run% list(do.call(paste0("large_", "closure"), list(i)),
  get(paste0("large", "_closure"))(i)))
probe("a function by name needs data", foreach(n = 2) %run% sapply(1:2, paste0("f", n)))
probe("match.fun of a name in data", foreach(i = 1:2) %run% match.fun(list(fn = c("f1", "f2"))$fn[i])(2))

# --- formulas and code
probe("as.formula(paste())", foreach(v = c("X1", "X2")) %run% coef(lm(as.formula(paste("Y ~", v)))))
probe("reformulate", foreach(i = 1:2) %run% coef(lm(reformulate(paste0("X", i), "Y"))))
probe("update", foreach(v = c("X1", "X2")) %run% coef(update(lm(Y ~ 1), paste(". ~ . +", v))))
probe("text in data as a formula", foreach(f = c("Y ~ X1", "Y ~ X2")) %run% coef(lm(as.formula(f))))
probe("data = get()", foreach(i = 1:2) %run% coef(lm(y ~ x, data = get(paste0("with_", "columns")))))
probe("parse(text = sprintf())", foreach(i = 1:2) %run% eval(parse(text = sprintf("sum(v%d)", i))))
probe("text in data as code", foreach(s = texts) %run% eval(str2lang(s)))
probe("source()", foreach(s = texts) %run% { from <- textConnection(s); on.exit(close(from));
  source(from, local = TRUE)$value })
probe("symbols", foreach(i = 1:2) %run% list(eval(call("sum", as.name(paste0("v", i)))),
  eval(bquote(sum(.(as.name(paste0("v", i))))))))

# --- variables of functions
probe("large variables of a frame", {
  f <- function() { w1 <- v1 + 1; w2 <- v1 + 2; foreach(i = 1:2) %run% sum(get(paste0("w", i))) }
  f()
})
probe("small variables of a frame", {
  f <- function() { w1 <- 1; w2 <- 2; foreach(i = 1:2) %run% list(get(paste0("w", i)), mget(paste0("w", 1:2),
    inherits = TRUE)) }
  f()
})
probe("functions of a frame that need others of it", {
  f <- function() { fa <- function(x) x; fb <- function(x) x + w; w <- 3; foreach(n = c("a", "b")) %run%
    list(do.call(paste0("f", n), list(1)), sapply(1:2, paste0("f", n))) }
  f()
})
attach(list(attached_by_name = v1), name = "attached by the script")
probe("attached data by name", foreach(i = 1:2) %run% sum(get(paste0("attached_", "by_name"))))
detach("attached by the script")

delayedAssign("later", sum(v1))
probe("a promise by name", foreach(i = 1:2) %run% (get(paste0("la", "ter")) + i))
makeActiveBinding("current", function() v1[2] + 1, globalenv())
probe("an active binding by name", foreach(i = 1:2) %run% (get(paste0("cur", "rent")) + i))
rm(current)
probe("an argument that nobody has evaluated, by name", {
  f <- function(n, extra) foreach(i = 1:n) %run% (get(paste0("ex", "tra")) + i)
  f(2, v1[3])
})
probe("a missing argument, by name", {
  f <- function(n, extra) foreach(i = 1:n) %run% exists(paste0("no_", "extra"))
  f(2)
})

# --- each iteration finds them as the session has them
probe("changed by an iteration", foreach(i = 1:4, .combine = c) %run% { name <- paste0("v", 1)
  before <- sum(get(name))
  assign(name, i, envir = globalenv()); before + get(name) - i }, function(a, b) all(b == sum(v1)))
v1 <- as.numeric(1:3e5)
probe("removed by an iteration", foreach(i = 1:4, .combine = c) %dopar% { there <- exists(paste0("v", 2));
  rm(list = ls(globalenv()), envir = globalenv()); there && !exists(paste0("v", 2)) })
memory <- list2env(list(count = 0, weight = v1))
probe("changed by reference", foreach(i = 1:4, .combine = c) %dopar% { one <- get(paste0("mem", "ory"));
  one$count <- one$count + 1; one$count }, function(a, b) identical(b, c(1, 1, 1, 1)))
fitted_one <- lm(Y ~ X1)
probe("a fitted model by name", foreach(i = 1:2) %run% coef(get(paste0("fitted_", "one"))))
probe("a frame that comes with a function", {
  f <- function() { seen <- 0; add <- local({ weight <- v1; function() { seen <<- seen + 1; seen } });
    foreach(i = 1:3) %run% { get(paste0("a", "dd"))(); seen } }
  f()
}, function(a, b) identical(b, list(1, 1, 1)))

# --- what is not there, and what cannot be had
shared <- list2env(list(count = 0))
twin_1 <- list(at = shared, weight = v1)
told <- tryCatch(foreach(i = 1) %dopar% { get(paste0("tw", "in_", i)); shared$count }, error = conditionMessage)
stopifnot(grepl("twin_1 cannot be sent to workers: it shares an environment .*\\.export = \"twin_1\"", told))
swallowed <- foreach(i = 1, .errorhandling = "pass") %dopar% {
  shared$count
  tryCatch(get(paste0("twin", "_1")), error = function(e) "another value")
}
stopifnot(inherits(swallowed[[1]], "fleetValueError"))
probe("exported", foreach(i = 1, .export = "twin_1") %run% { one <- get(paste0("tw", "in_", i)); shared$count <- 5;
  one$at$count })
shared$count <- 0
kept_away <- v1
gone <- foreach(i = 1, .noexport = "kept_away", .errorhandling = "pass") %dopar% sum(get(paste0("kept", "_away")))
stopifnot(grepl("^object 'kept_away' not found .*is kept away by .noexport", conditionMessage(gone[[1]])))

finish_probes()
