ns <- asNamespace("foreachfleet")

test_that("what is reused is told with the reasons of the rest", {
  reuse <- ns$new_reuse()
  expect_null(ns$reuse_text(0L, 9L, reuse$reasons))
  for (reason in c("changed: code", "not finished before", "changed: code")) ns$note_reason(reuse, reason)
  expect_identical(ns$reuse_text(6L, 9L, reuse$reasons),
                   "6 of 9 iterations reused; not reused: changed: code: 2; not finished before: 1")
  expect_identical(ns$reuse_text(9L, 9L, list()), "9 of 9 iterations reused")
  expect_identical(ns$reuse_text(4L, 9L, list(), 5L),
                   "4 of 9 iterations reused; finished before the driver began again: 5")
})

test_that("what busy workers of this loop hold is left to them", {
  reuse <- ns$new_reuse()
  workers <- list(
    a = list(state = "busy", loop = 2, iterations = list(3, 4)),
    b = list(state = "busy", loop = 2, iterations = list(10), count = 3, last = 12),
    c = list(state = "busy", loop = 1, iterations = list(1)),
    d = list(state = "idle", loop = 2, iterations = list(7)))
  ns$leave_running(reuse, workers, 2)
  expect_identical(reuse$left_running, c(3L, 4L, 10L, 11L, 12L))
})

test_that("Redis' bits are read in its order", {
  expect_identical(which(ns$bit_flags(as.raw(c(0x80, 0x01)))), c(1L, 16L))
})
