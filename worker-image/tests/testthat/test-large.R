plain <- function(x) .Call(foreachfleet:::fleet_plain, x)

test_that("only data that is the same wherever it is read travels by itself", {
  expect_true(plain(1:3))
  expect_true(plain(NULL))
  expect_true(plain(c(a = "x", b = NA)))
  expect_true(plain(mtcars))
  expect_true(plain(list(1, list(factor("a")), as.Date("2026-01-01"), raw(3), 1i)))
  expect_true(plain(structure(1, note = list(letters))))
  expect_true(plain(matrix(0, 2, 2, dimnames = list(NULL, c("a", "b")))))
  expect_false(plain(globalenv()))
  expect_false(plain(function(x) x))
  expect_false(plain(sum))
  expect_false(plain(list(1, new.env())))
  expect_false(plain(structure(1, env = new.env())))
  expect_false(plain(y ~ x))
  expect_false(plain(quote(x + y)))
  expect_false(plain(stdin()))
  deep <- 1
  for (k in 1:100) deep <- list(deep)
  expect_false(plain(deep))
})

test_that("S4 objects count by their slots", {
  point <- methods::setClass("TestPoint", representation(x = "numeric", more = "ANY"), where = environment())
  expect_true(plain(point(x = 1, more = 2)))
  expect_false(plain(point(x = 1, more = new.env())))
})

test_that("an uploaded result is named by iteration, content and try", {
  sha256 <- strrep("0123456789abcdef", 4)
  expect_identical(foreachfleet:::result_object(3, 7, sha256), "loop-3/iteration-000007-0123456789abcdef.rds")
  expect_identical(foreachfleet:::result_object(3, 1e6, sha256, 2L), "loop-3/iteration-1000000-0123456789abcdef-2.rds")
})

test_that("a signed URL is good until it is about to expire", {
  parse <- foreachfleet:::parse_url_answer
  expect_null(parse(NULL, 1000))
  expect_identical(parse("none", 1000), "none")
  expect_identical(parse("2000 https://host/a b?x=1", 1000), "https://host/a b?x=1")
  expect_null(parse("1100 https://host/a", 1000))
  expect_null(parse("nonsense", 1000))
})

test_that("what Redis says of its memory is read, and no limit is none", {
  parse <- foreachfleet:::parse_memory
  info <- paste0("# Memory\r\nused_memory:1234567\r\nused_memory_human:1.18M\r\nused_memory_peak:99\r\n",
                 "maxmemory:50331648\r\nmaxmemory_human:48.00M\r\n")
  expect_identical(parse(info), list(used = 1234567, limit = 50331648))
  expect_identical(parse("used_memory:10\r\nmaxmemory:0\r\n"), list(used = 10, limit = Inf))
  expect_identical(parse(structure("NOPERM", class = "redis_error"))$limit, Inf)
})

test_that("shares leave room for a task and its result", {
  largest <- foreachfleet:::LARGEST_SHARE
  # what a loop sends, and a task, fit below the driver's limit; a result beside all that is submitted below that of the
  # workers
  expect_lt(2 * largest, foreachfleet:::TASKS_SHARE)
  expect_lt(foreachfleet:::TASKS_SHARE + largest, foreachfleet:::VALUES_SHARE)
  expect_lt(foreachfleet:::VALUES_SHARE, foreachfleet:::FULL_SHARE)
})
