ns <- asNamespace("foreachfleet")

details <- function(L) {
  shape <- ns$loop_shape(L$it, ns$mirror_scope())
  list(packages = NULL, expr = quote(i), envir = globalenv(), shape = shape, told = FALSE, keys = character(),
       args = list())
}

described <- function(L, d) ns$unpack_combine(ns$description(L, d))

test_that("a loop that is known in full names all its keys", {
  L <- begun(foreach::foreach(i = 1:20))
  ns$draw(list(), L, 10)
  d <- ns$take_down(L$window, details(L))
  combine <- described(L, d)
  expect_identical(combine$keys, ns$key_of(L$window, 1:20))
  expect_true(combine$all)
  expect_identical(ns$unpack_text(ns$description(L, d)$task)$args[["17"]], list(i = 17L))
})

test_that("of a loop that goes on beyond what is known, later results count", {
  L <- begun(foreach::foreach(i = iterators::icount()))
  ns$draw(list(), L, 0)
  combine <- described(L, ns$take_down(L$window, details(L)))
  expect_length(combine$keys, min(L$window$count, 5000))
  expect_false(combine$all)
  entries <- data.frame(loop = 1, iteration = c(1, 9000), attempt = 1, object = "o", part = NA, sha256 = NA,
                        key = c(combine$keys[1], paste0(L$window$prefix, "-later~7")))
  expect_identical(ns$entries_that_count(entries, list(prefix = L$window$prefix), combine)$iteration, c(1, 9000))
})

test_that("keys and arguments that the loop has forgotten are kept from before", {
  L <- begun(foreach::foreach(i = 1:20000))
  ns$draw(list(), L, 0)
  d <- ns$take_down(L$window, details(L))
  first <- d$keys
  ns$set_status(L$window, seq_len(L$window$count), ns$COMBINED)
  ns$drop_args(L$window, seq_len(L$window$count))
  L$counters$finished <- L$window$combined <- L$window$count
  while (!L$window$exhausted) ns$draw(list(), L, 0)
  expect_gt(L$window$base, 0)
  again <- ns$take_down(L$window, d)
  expect_identical(again$keys, first)
  expect_identical(again$args[["3"]], list(i = 3L))
  expect_false(described(L, again)$all)
})

test_that("all turns of an outer loop are known once they are drawn", {
  L <- begun(foreach::`%:%`(foreach::foreach(a = 1:90), foreach::foreach(b = 1:80)))
  ns$draw(list(), L, 0)
  d <- ns$take_down(L$window, details(L))
  while (!L$window$exhausted) ns$draw(list(), L, 0)
  expect_identical(described(L, d)$shape$sizes, rep(80L, 90))
})
