ns <- asNamespace("foreachfleet")

new_loop_of <- function(obj) {
  loop <- begun(obj)
  loop$window$prefix <- "a-b-c-d"
  loop$known <- list()
  loop
}

all_arguments <- function(obj, by_block) {
  loop <- new_loop_of(obj)
  if (!by_block) loop$plain <- FALSE
  while (!loop$window$exhausted) ns$draw(list(), loop, 0)
  ns$args_of(loop$window, seq_len(loop$window$count))
}

test_that("blocks of arguments are what nextElem() gives, one by one", {
  loops <- list(
    foreach::foreach(i = 1:5000, s = rep(c("a", NA), 2500)),
    foreach::foreach(i = c(a = 1, b = 2), l = list(NULL, 3)),
    foreach::foreach(i = iterators::icount(7), x = c(TRUE, NA, FALSE, TRUE)),
    foreach::foreach(3, i = 1:2),
    foreach::foreach(i = integer()),
    foreach::foreach(z = c(1i, 2i), r = as.raw(1:9)),
    foreach::foreach(d = as.Date("2024-01-01") + 0:3),
    foreach::foreach(f = factor(c("u", "v"))),
    foreach::foreach(i = iterators::iter(1:3, recycle = TRUE), j = 1:7),
    foreach::foreach(i = iterators::iter(1:9, checkFunc = function(x) x %% 2 == 0)),
    foreach::foreach(m = iterators::iter(matrix(1:6, 2), by = "row")))
  for (loop in loops) expect_identical(all_arguments(loop, TRUE), all_arguments(loop, FALSE))
})

test_that("an iterator that was begun goes on where it was, and is left where the loop ended", {
  it <- iterators::iter(1:10)
  iterators::nextElem(it)
  loop <- new_loop_of(foreach::foreach(i = it, j = 1:3))
  ns$draw(list(), loop, 1)
  expect_identical(unlist(lapply(ns$args_of(loop$window, 1:3), `[[`, "i")), 2:4)
})

test_that("keys are the same one by one and in blocks, and are recognized without their seed", {
  loop <- new_loop_of(foreach::foreach(i = 1:3))
  ns$draw(list(), loop, 1)
  expected <- vapply(1:3, function(i) paste0("a-b-c-d-", substr(ns$hash_value(list(i = i)), 1, 16), "~7"), "")
  expect_identical(ns$key_of(loop$window, 1:3), expected)
  expect_identical(ns$has_key(loop$window, 1:3, sub("~7", "~8", expected)), c(TRUE, TRUE, TRUE))
  expect_identical(ns$has_key(loop$window, c(1L, 2L, 3L), c(expected[2:3], "x")), c(FALSE, FALSE, FALSE))
})

test_that("the table of a loop without end does not grow: what is combined is forgotten", {
  loop <- new_loop_of(foreach::foreach(i = iterators::icount()))
  largest <- 0
  for (round in 1:100) {
    ns$draw(list(), loop, 0)
    items <- (loop$window$combined + 1L):loop$window$count
    ns$set_status(loop$window, items, ns$STORED)
    ns$drop_args(loop$window, items)
    loop$counters$finished <- loop$window$combined <- loop$window$count
    largest <- max(largest, length(loop$window$status))
  }
  expect_gte(loop$window$count, 100000L)
  expect_lte(largest, 16384L)
  expect_identical(loop$window$pending, 0L)
  expect_identical(loop$window$args_bytes, 0)
  expect_identical(ns$status_of(loop$window, c(1L, loop$window$count)), c(ns$COMBINED, ns$STORED))
})

test_that("what is drawn ahead is bounded in number and in bytes, and goes on when results come", {
  big <- numeric(2^20)
  made <- structure(list(nextElem = function() big), class = c("abstractiter", "iter"))
  loop <- new_loop_of(foreach::foreach(x = made))
  for (round in 1:50) ns$draw(list(), loop, 0.5)
  expect_lte(loop$window$args_bytes, ns$LOOK_AHEAD_BYTES + object.size(big) + 1000)
  before <- loop$window$count
  ns$set_status(loop$window, 1:10, ns$STORED)
  ns$drop_args(loop$window, 1:10)
  loop$counters$finished <- 10L
  ns$draw(list(), loop, 0.5)
  expect_gt(loop$window$count, before)
})

test_that("an iterator that fails ends the loop with the error of %do%", {
  k <- 0
  failing <- structure(list(nextElem = function() if ((k <<- k + 1) > 2) stop("no more paper") else k),
                       class = c("abstractiter", "iter"))
  loop <- new_loop_of(foreach::foreach(x = failing))
  ns$draw(list(), loop, 1)
  expect_identical(loop$window$count, 2L)
  expect_true(loop$window$exhausted)
  expect_identical(conditionMessage(loop$stop_error), "no more paper")
})
