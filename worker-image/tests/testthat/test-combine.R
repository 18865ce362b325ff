ns <- asNamespace("foreachfleet")

# foreach's accumulator, and ours where it stands in for it
combined <- function(obj, values, ours) {
  L <- new.env()
  L$it <- iterators::iter(obj)
  L$error_handling <- obj$errorHandling
  L$combiner <- if (ours) ns$new_combiner(L$it)
  if (ours) expect_false(is.null(L$combiner))
  repeat if (is.null(tryCatch(iterators::nextElem(L$it), error = function(e) NULL))) break
  for (i in seq_along(values)) ns$accept_result(L, values[[i]], i)
  ns$finish_combining(L)
  list(foreach::getResult(L$it), foreach::getErrorValue(L$it), foreach::getErrorIndex(L$it))
}

test_that("built-in functions and lists are combined as foreach does it", {
  n <- 250
  numbers <- lapply(seq_len(n), function(i) i / 3)
  mixed <- rep_len(list(NULL, quote(x), quote(f(y)), list(1), c(a = 1), simpleError("e"), sum), n)
  broken <- replace(numbers, c(1, 2, 77), list(simpleError("one"), simpleError("two"), simpleError("three")))
  check <- function(obj, values) expect_identical(combined(obj, values, TRUE), combined(obj, values, FALSE))
  check(foreach::foreach(i = 1:n), numbers)
  check(foreach::foreach(i = 1:n, .errorhandling = "pass"), mixed)
  check(foreach::foreach(i = 1:n, .errorhandling = "remove"), mixed)
  check(foreach::foreach(i = 1:n, .combine = c), numbers)
  check(foreach::foreach(i = 1:n, .combine = "c", .errorhandling = "pass"), mixed)
  check(foreach::foreach(i = 1:n, .combine = "+"), numbers)
  check(foreach::foreach(i = 1:n, .combine = "+", .init = 5), numbers)
  check(foreach::foreach(i = 1:n, .combine = "+", .errorhandling = "remove"), broken)
  check(foreach::foreach(i = 1:n, .combine = list, .multicombine = TRUE, .maxcombine = 7), numbers)
  check(foreach::foreach(i = 1:n, .combine = list), numbers[1:5])
  check(foreach::foreach(i = 1:n, .combine = max, .multicombine = TRUE), numbers)
  check(foreach::foreach(i = 1:n, .errorhandling = "stop"), broken)
  check(foreach::foreach(i = 1:n, .final = length), numbers)
  check(foreach::foreach(i = 1:n, .inorder = FALSE), numbers)
})

test_that("built-in functions find the methods that they find when foreach calls them", {
  env <- globalenv()
  assign("c.combined", function(...) "the script's", envir = env)
  on.exit(rm("c.combined", envir = env))
  values <- lapply(1:3, structure, class = "combined")
  dates <- as.list(as.Date("2020-01-01") + 1:3)
  for (some in list(values, dates)) {
    obj <- foreach::foreach(i = 1:3, .combine = c)
    expect_identical(combined(obj, some, TRUE), combined(obj, some, FALSE))
  }
})

test_that("functions that may look at the names of results get them from foreach", {
  for (fun in list(rbind, function(a, b) a + b)) {
    expect_null(ns$new_combiner(iterators::iter(foreach::foreach(i = 1, .combine = fun))))
  }
})
