# What an iteration locks is open for the next one; what the script has locked is locked again. Run with one worker.
said <- function(code) tryCatch(code, error = conditionMessage)
alike <- function(values, expected) stopifnot(identical(values, rep(expected, 3)))
x <- 1
place <- list2env(list(a = 1))
alike(foreach(i = 1:3, .combine = c) %dopar% { r <- said({ x <<- 5; x }); lockBinding("x", globalenv()); r }, 5)
alike(foreach(i = 1:3, .combine = c) %dopar% { r <- said({ place$a <- 5; place$a }); lockBinding("a", place); r }, 5)
alike(foreach(i = 1:3, .combine = c) %dopar% { r <- said({ place$a <- 5; place$a }); lockEnvironment(place, TRUE); r },
      5)
alike(foreach(i = 1:3, .combine = c) %dopar% { r <- said({ place$b <- 5; place$b }); lockEnvironment(place); r }, 5)
refused <- "cannot change value of locked binding for '%s'"
y <- 4
lockBinding("x", globalenv())
lockBinding("y", globalenv())
lockBinding("a", place)
alike(foreach(i = 1:3, .combine = c) %dopar% {
  r <- said({ x <<- 5; "set" })
  unlockBinding("x", globalenv())
  x <<- 7
  r
}, sprintf(refused, "x"))
alike(foreach(i = 1:3, .combine = c) %dopar% {
  name <- paste0("", "y")
  r <- said({ assign(name, 5, envir = globalenv()); "set" })
  unlockBinding(name, globalenv())
  assign(name, 8, envir = globalenv())
  r
}, sprintf(refused, "y"))
alike(foreach(i = 1:3, .combine = c) %dopar% {
  r <- said({ place$a <- 5; "set" })
  unlockBinding("a", place)
  place$a <- 7
  r
}, sprintf(refused, "a"))
answers <- 0
lockEnvironment(globalenv())
answers <- foreach(i = 1:3, .combine = c) %dopar% said({ assign("fresh", 1, envir = globalenv()); "set" })
alike(answers, said(assign("fresh", 1, envir = globalenv())))
answers <- foreach(i = 1:3, .combine = c) %dopar% rnorm(1)
stopifnot(!anyDuplicated(answers))
