size <- foreachfleet:::choose_task_size
times <- function(mean, sd = 0, count = 1e6) list(count = count, mean = mean, sd = sd)
unmeasured <- list(count = 0, mean = NA_real_, sd = NA_real_)

test_that("the first tasks are single iterations, and a setting is obeyed", {
  expect_identical(size("auto", 1000, 4, unmeasured), 1L)
  expect_identical(size(7L, 1000, 4, times(0.001)), 7L)
})

test_that("short iterations are grouped to tasks of ten seconds, long ones are not grouped", {
  expect_identical(size("auto", 1000, 4, times(60)), 1L)
  expect_identical(size("auto", 1e6, 4, times(0.01)), 980L)
  expect_identical(size("auto", Inf, 4, times(0)), 10000L)
})

test_that("groups grow with what is measured: one fast iteration says little about the rest", {
  expect_identical(size("auto", 1e6, 4, times(0.001, count = 1)), 8L)
  expect_identical(size("auto", 1e6, 4, times(0.001, count = 9)), 72L)
})

test_that("groups shrink towards the end, but not below what a task costs", {
  expect_identical(size("auto", 80, 4, times(0.1)), 10L)
  expect_identical(size("auto", 16, 4, times(0.1)), 2L)
  expect_identical(size("auto", 200, 4, times(0.001)), 84L)
  expect_identical(size("auto", 2, 4, times(0.001)), 2L)
})

test_that("with many workers groups stay so large that the driver can keep up", {
  expect_gte(size("auto", 1e4, 10000, times(0.001)), 8000L)
  expect_identical(size("auto", 1e4, 10000, times(10)), 1L)
})

test_that("groups are smaller when times scatter", {
  expect_lt(size("auto", 100, 8, times(0.1, sd = 0.3)), size("auto", 100, 8, times(0.1)))
})

test_that("bytes and time limits bound the group", {
  none <- list(argument = 0, result = 0)
  expect_identical(size("auto", 1e6, 4, times(0.001), modifyList(none, list(argument = 2^20))), 4L)
  expect_identical(size("auto", 1e6, 4, times(0.001), modifyList(none, list(result = 2^25))), 2L)
  expect_identical(size("auto", 1e6, 4, times(0.1), most_seconds = 1), 9L)
})

# One worker after another takes the next group as soon as it is free; returns the time, the tasks, and the idle time at
# the end.
play <- function(seconds, workers) {
  free <- numeric(workers)
  tasks <- 0
  done <- 0
  while (done < length(seconds)) {
    known <- seconds[seq_len(done)]
    measured <- if (done) list(count = done, mean = mean(known), sd = if (done > 1) sd(known) else 0) else unmeasured
    n <- size("auto", length(seconds) - done, workers, measured)
    w <- which.min(free)
    free[w] <- free[w] + sum(seconds[done + seq_len(n)])
    done <- done + n
    tasks <- tasks + 1
  }
  list(end = max(free), tasks = tasks, idle = max(free) - min(free))
}

test_that("whatever the loop: each iteration goes out once, doRedis costs under 1 %, and workers end together", {
  set.seed(42)
  for (round in 1:200) {
    workers <- sample(c(1:8, 50), 1)
    mean <- 10^runif(1, -4, 1)
    n <- max(1, round(min(1e4, 10^runif(1, 0, 4))))
    seconds <- if (round %% 2) rexp(n, 1 / mean) else rep(mean, n)
    told <- paste(workers, "workers,", n, "iterations of", signif(mean, 3), "s")
    played <- play(seconds, workers)
    ideal <- sum(seconds) / workers
    expect_lte(played$idle, max(seconds) + 0.2 + 0.05 * ideal, label = told)
    if (ideal > 60 && mean < 0.1) expect_lt(played$tasks * 0.1 / workers, 0.02 * ideal, label = told)
  }
})

test_that("the queue is deeper when the driver is away for long, within bounds", {
  depth <- foreachfleet:::queue_depth
  expect_identical(depth(4, NA), 6)
  expect_identical(depth(4, 10), 12L)
  expect_identical(depth(4, 10, absence = 30), 24L)
  expect_identical(depth(4, 0.1, absence = 1e6), 212L)
  expect_identical(depth(4, 10, absence = 30, task_bytes = 64 * 2^20), 4L)
})
