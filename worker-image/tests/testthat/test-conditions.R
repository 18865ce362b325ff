test_that("an error is kept with traceback, warnings, messages and the call that %do% would show", {
  texts <- character()
  f <- function(x) { warning("steep"); message("hello"); stop("bad ", x) }
  env <- list2env(list(f = f))
  outcome <- foreachfleet:::evaluate_iteration(quote(f(3)), env, function(text) texts <<- c(texts, text))
  expect_identical(conditionMessage(outcome$error), "bad 3")
  expect_identical(outcome$traceback[1], "f(3)")
  expect_identical(outcome$warning_count, 1L)
  expect_identical(texts, c("Warning: In f(3): steep\n", "hello\n"))
  top <- foreachfleet:::evaluate_iteration(quote(stop("here")), env, identity)
  expect_identical(conditionCall(top$error), quote(eval(xpr, envir = envir)))
})

test_that("the loop's error keeps class and fields of the task's", {
  task <- structure(class = c("badFit", "error", "condition"), list(message = "no", call = quote(f(x)), model = 5))
  cond <- foreachfleet:::loop_error(task, 7, quote(body))
  expect_s3_class(cond, c("fleetTaskError", "badFit", "simpleError", "error", "condition"), exact = TRUE)
  expect_identical(conditionMessage(cond), 'task 7 failed - "no"')
  expect_identical(cond$model, 5)
})

test_that("arguments are printed short", {
  text <- foreachfleet:::argument_text(list(i = 3L, x = as.numeric(1:10000) + 0.5))
  expect_match(text, "^i = 3L, x = c\\(1.5.* <numeric> of length 10000|of length 10000>")
  expect_lt(nchar(text), 200)
})
