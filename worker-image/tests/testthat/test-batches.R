size <- foreachfleet:::choose_task_size

test_that("the first tasks are single iterations, and a setting is obeyed", {
  expect_identical(size("auto", NA_real_, 1000, 4), 1L)
  expect_identical(size(7L, 0.001, 1000, 4), 7L)
})

test_that("short iterations are grouped, long ones are not", {
  expect_identical(size("auto", 60, 1000, 4), 1L)
  expect_identical(size("auto", 0.01, 1e6, 4), 1000L)
  expect_identical(size("auto", 0, Inf, 4), 10000L)
})

test_that("groups shrink towards the end, but not below what a task costs", {
  expect_identical(size("auto", 0.1, 80, 4), 10L)
  expect_identical(size("auto", 0.1, 16, 4), 3L)
  expect_identical(size("auto", 0.1, 2, 4), 2L)
})

test_that("large arguments bound the group", {
  expect_identical(size("auto", 0.001, 1e6, 4, argument_bytes = 2^20), 4L)
})
