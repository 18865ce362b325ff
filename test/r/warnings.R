# Warnings of iterations: what handlers and options of the script see must be what they see of %do%.

task <- quote({
  if (i %% 2 == 0) warning("even ", i)
  if (i == 3) as.integer("x")
  if (i == 5) warning(structure(class = c("mine", "warning", "condition"),
                                list(message = "my own", call = quote(f(5)), data = 1:3)))
  if (i == 6) stop("failed after its warning")
  suppressWarnings(warning("never seen"))
  i
})

# list(value, conditions as handlers saw them)
observe <- function(operator, handling = "remove") {
  seen <- list()
  loop <- substitute(run(foreach(i = 1:6, .errorhandling = handling), task), list(run = operator, task = task))
  value <- withCallingHandlers(tryCatch(eval(loop), error = conditionMessage), warning = function(w) {
    seen[[length(seen) + 1L]] <<- w
    tryInvokeRestart("muffleWarning")
  })
  list(value, seen)
}
stopifnot(identical(observe(quote(`%dopar%`)), observe(quote(`%do%`))))
stopifnot(identical(observe(quote(`%dopar%`), "pass")[[2]], observe(quote(`%do%`), "pass")[[2]]))

first <- function(operator) tryCatch(eval(substitute(run(foreach(i = 1:5, .combine = c), task),
                                                     list(run = operator, task = task))), warning = identity)
stopifnot(identical(first(quote(`%dopar%`)), first(quote(`%do%`))), inherits(first(quote(`%dopar%`)), "warning"))

converted <- function(operator) {
  old <- options(warn = 2)
  on.exit(options(old))
  loop <- substitute(run(foreach(i = 1:2, .combine = c), task), list(run = operator, task = task))
  tryCatch(eval(loop), error = conditionMessage)
}
stopifnot(identical(converted(quote(`%dopar%`)), converted(quote(`%do%`))))

# a handler of the script takes a warning before it is an error
strict <- function(operator, around) {
  old <- options(warn = 2)
  on.exit(options(old))
  loop <- substitute(run(foreach(i = 1:3, .combine = c), tryCatch({ warning("w", i); i }, error = function(e) -i)),
                     list(run = operator))
  tryCatch(around(eval(loop)), error = conditionMessage)
}
ways <- list(suppressWarnings, function(code) tryCatch(code, warning = conditionMessage), identity,
             function(code) withCallingHandlers(code, warning = function(w) tryInvokeRestart("muffleWarning")),
             function(code) tryCatch(code, message = identity))
for (around in ways) stopifnot(identical(strict(quote(`%dopar%`), around), strict(quote(`%do%`), around)))
left <- strict(quote(`%dopar%`), function(code) withCallingHandlers(code, warning = function(w) NULL))
stopifnot(identical(left, "task 1 failed - \"(converted from warning) w1\""))

dropped <- function(operator) {
  old <- options(warn = -1)
  on.exit(options(old))
  observe(operator)
}
stopifnot(identical(dropped(quote(`%dopar%`)), dropped(quote(`%do%`))))

many <- suppressWarnings(foreach(i = 1:300) %dopar% warning("many"))
stopifnot(identical(tail(fleetLoops()$warnings, 1), 300))
wide <- suppressWarnings(foreach(i = 1:2) %dopar% for (k in 1:70) warning(k))
stopifnot(identical(tail(fleetLoops()$warnings, 1), 140))
large <- tryCatch(foreach(i = 1) %dopar% {
  warning(structure(class = c("mine", "warning", "condition"),
                    list(message = "large", call = NULL, data = numeric(1e5))))
}, mine = conditionMessage)
stopifnot(identical(large, "large"))
cat("handlers agree\n")

x <- foreach(i = 1:3, .combine = c) %dopar% if (i < 3) as.integer(c("1", "x")[i]) else log(-1)
cat("at once\n", file = stderr())
options(warn = 1)
x <- foreach(i = 1:2, .combine = c) %dopar% sqrt(1 - i)
