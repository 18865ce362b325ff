record <- function(ok, failed) c(ok = ok, failed = failed)
judge <- foreachfleet:::judge_worker

test_that("a worker is suspected only when it fails much more often than the others", {
  expect_identical(judge(record(0, 3), record(3, 0), FALSE), "worker")
  expect_identical(judge(record(1, 5), record(40, 2), FALSE), "worker")
  expect_identical(judge(record(0, 2), record(30, 0), FALSE), "undecided")
  expect_identical(judge(record(0, 9), record(2, 0), FALSE), "undecided")
  expect_identical(judge(record(0, 1), record(30, 0), FALSE, suspect_after = 1L), "worker")
})

test_that("errors that everybody has are the iterations' own", {
  expect_identical(judge(record(0, 3), record(0, 3), FALSE), "iteration")
  expect_identical(judge(record(5, 1), record(0, 0), FALSE), "iteration")
  expect_identical(judge(record(1, 1), record(1, 0), TRUE), "iteration")
})

test_that("errors stop a job when count, rate and sample are all reached", {
  reason <- foreachfleet:::error_limit_reason
  limits <- list(count = 5L, rate = 0.5, sample = 10L)
  expect_null(reason(limits, 4, 40, "loop 1"))
  expect_null(reason(limits, 5, 9, "loop 1"))
  expect_null(reason(limits, 5, 11, "loop 1"))
  expect_match(reason(limits, 5, 10, "loop 1"),
               "too many errors: 5 of 10 finished iterations of loop 1 failed (limits: 5 errors, 50 %, after",
               fixed = TRUE)
  expect_match(reason(list(count = 2), 2, 1000, "the job"), "2 of 1000")
  expect_null(reason(NULL, 100, 100, "the job"))
})

test_that("a resumed loop that runs again just what had failed is not given up for that", {
  loop_of <- function(reused, executed, failed) {
    loop <- begun(foreach::foreach(i = 1:2, .errorhandling = "remove"))
    numbers <- list(executed = executed, reused = reused, failed = failed, finished = reused + executed + failed)
    list2env(numbers, envir = loop$counters)
    loop
  }
  fleet <- list2env(list(error_limits = list(count = 30, rate = 0.9, sample = 30)))
  expect_false(foreachfleet:::too_many_errors(fleet, loop_of(reused = 960, executed = 0, failed = 40)))
  loop <- loop_of(reused = 2, executed = 1, failed = 40)
  expect_true(foreachfleet:::too_many_errors(fleet, loop))
  expect_match(conditionMessage(loop$stop_error), "40 of 43 finished iterations of loop 1")
})

test_that("iterations that were given up do not make their worker a suspect", {
  ns <- asNamespace("foreachfleet")
  fleet <- list2env(list(workers = list(w1 = list(state = "busy"), w2 = list(state = "busy"))))
  loop <- begun(foreach::foreach(i = 1:9, .errorhandling = "pass"))
  ns$draw(list(), loop, 0)
  ns$note_outcome(loop$suspicion, "w2", TRUE)
  death <- list(tries = 3, cause = "killed segmentation fault", loading = "")
  for (i in 1:2) ns$weigh_error(fleet, loop, i, ns$lost_error(c(list(i = i), death)), "w1", 0)
  ns$weigh_error(fleet, loop, 3, simpleError("its own"), "w1", 0)
  expect_identical(loop$suspicion$records$w1, record(0, 1))
  expect_identical(ns$status_of(loop$window, 1:3), c(ns$FAILED, ns$FAILED, ns$HELD))
})

test_that("an error that waits for an answer has a worker that is asked about it", {
  ns <- asNamespace("foreachfleet")
  suspicion <- ns$new_suspicion()
  ns$hold_error(suspicion, "4", simpleError("e"), "w1#2")
  suspicion$asked[["4"]] <- suspicion$held[["4"]]
  expect_error(ns$validate_suspicion(suspicion), "iterations 4")
  ns$doubt_error(suspicion, "4")
  expect_null(ns$validate_suspicion(suspicion))
  expect_identical(ns$doubted_pods(suspicion, 4:5), "w1")
  expect_false(ns$is_confirmed(suspicion, "4", "w1#3"))
  expect_true(ns$is_confirmed(suspicion, "4", "w2"))
})
