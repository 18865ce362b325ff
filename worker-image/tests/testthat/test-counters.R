ns <- asNamespace("foreachfleet")

test_that("every finished iteration is counted once, whatever became of it", {
  counters <- ns$new_counters()
  ns$count_executed(counters, c(1, 3), c(10L, 20L))
  ns$count_recovered(counters, 1L)
  ns$count_reused(counters, 4L)
  ns$count_reused(counters, -1L)
  ns$count_failed(counters)
  expect_identical(counters$finished, 6L)
  expect_identical(ns$done_count(counters), 5L)
  expect_identical(ns$reused_count(list(durable = FALSE), counters), 4L)
  expect_identical(ns$reused_count(list(durable = TRUE), counters), 3L)
  expect_identical(c(counters$seconds, counters$longest, counters$result_bytes), c(4, 3, 30))
})

test_that("times are those of the executed iterations, with R's own standard deviation", {
  counters <- ns$new_counters()
  expect_identical(ns$measured_times(counters)$count, 0)
  seconds <- c(1.5, 2, 7)
  ns$count_executed(counters, seconds, integer(3))
  expect_equal(ns$measured_times(counters), list(count = 3, mean = mean(seconds), sd = sd(seconds)))
})
