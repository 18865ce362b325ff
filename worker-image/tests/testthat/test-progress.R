test_that("a line of progress says what is known", {
  expect_equal(progress_text("1", "foreach(i)", 3, 0, 8L, 2, 75, FALSE),
               "loop 1, foreach(i): 3 of 8 done, 2 running, 1 min 15 s so far")
  expect_equal(progress_text("2", "foreach(i)", 3, 1, NULL, 2, 3, FALSE),
               "loop 2, foreach(i): 3 done, 1 failed, 2 running, 3 s so far")
  expect_equal(progress_text("2", "foreach(i)", 8, 0, 8L, 0, 7325, TRUE),
               "loop 2, foreach(i): 8 of 8 done in 2 h 02 min")
})
