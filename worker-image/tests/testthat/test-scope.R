test_that("environments behind variables are put back, whatever leads to them", {
  env <- new.env()
  inner <- new.env()
  inner$n <- 1
  env$deep <- list(list(a = inner))
  env$counter <- local({
    n <- 0
    function() n <<- n + 1
  })
  locked <- new.env()
  locked$n <- 1
  locked$fixed <- "x"
  makeActiveBinding("now", function() stop("must not be asked"), locked)
  lockBinding("fixed", locked)
  lockEnvironment(locked)
  env$locked <- locked
  env$self <- env
  scope <- foreachfleet:::take_scope(env)
  inner$n <- 2
  inner$more <- TRUE
  env$counter()
  locked$n <- 5
  env$other <- 1
  foreachfleet:::restore_scope(scope)
  expect_identical(mget(ls(inner), envir = inner), list(n = 1))
  expect_identical(env$counter(), 1)
  expect_identical(locked$n, 1)
  expect_setequal(ls(env), c("counter", "deep", "locked", "self"))
})

test_that("packages and data are not searched", {
  values <- list(f = stats::lm, big = as.list(1:1e5), fit = stats::lm(dist ~ speed, cars), e = asNamespace("stats"),
                 g = globalenv())
  expect_length(.Call(foreachfleet:::fleet_environments, values, new.env(), 5000, 1000), 0L)
})
