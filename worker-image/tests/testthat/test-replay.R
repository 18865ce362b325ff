ns <- asNamespace("foreachfleet")

# As of an iteration whose loop sees the given frame
report_of <- function(code, args, frame, packages = NULL, settings = NULL) {
  script <- list(functions = list(), classes = list(), methods = list())
  worker <- list2env(list(replay_bytes = 0, objects = list(script = list(value = script))))
  carried <- list(levels = list(frame, globalenv()), depth = 1L, used = list(ls(frame), character()),
                definitions = script)
  variables <- ns$serialize_scope(ns$mirror_levels(carried), carried)
  setup <- list(loop = 2, packages = packages, settings = settings, random = ns$random_base(), objects = list(),
                carried = list(depth = 1L, definitions = "script", variables = variables, names = ls(frame)))
  text <- ns$replay_text(worker, code, setup, list(i = 5L, args = args))
  list(loop = 2, iteration = 5, replay = text, setup = setup)
}

test_that("a replay has the arguments, objects, functions and random numbers of the iteration", {
  env <- new.env(parent = globalenv())
  evalq({ offset <- 100; check <- function(x) if (x > offset) stop("too large: ", x) else x }, env)
  report <- report_of(quote(check(i + round(runif(1), 3))), list(i = 100L), env)
  set.seed(3)
  before <- .Random.seed
  first <- tryCatch(replay(report, browse = FALSE), error = identity)
  second <- tryCatch(replay(jsonlite::toJSON(report[1:3], auto_unbox = TRUE), loop = 2, iteration = 5, browse = FALSE),
                     error = identity)
  expect_identical(.Random.seed, before)
  expect_match(conditionMessage(first), "^too large: 100\\.")
  expect_identical(conditionMessage(first), conditionMessage(second))
  expect_identical(conditionCall(first), quote(check(i + round(runif(1), 3))))
  foreachfleet:::use_stream(report$setup$random, 2, 5L)
  expect_identical(conditionMessage(first), paste0("too large: ", 100L + round(runif(1), 3)))
})

test_that("options and environment variables are those of the script, and afterwards the session's own", {
  settings <- list(options = list(digits = 3, my.own = 1), variables = c(MY_OWN = "mine", HOME = NA))
  code <- quote(list(format(pi), getOption("my.own"), Sys.getenv(c("MY_OWN", "HOME"), NA, names = FALSE)))
  before <- list(options(), Sys.getenv())
  value <- replay(report_of(code, list(i = 1L), new.env(), settings = settings), browse = FALSE)
  expect_identical(value, list("3.14", 1, c("mine", NA)))
  expect_identical(list(options(), Sys.getenv()), before)
})

test_that("what is too large is left out, and said so", {
  env <- new.env(parent = globalenv())
  env$noise <- as.raw(sample(0:255, 600000, replace = TRUE))
  report <- report_of(quote(stop(length(noise))), list(i = 1L), env)
  expect_null(report$replay)
  expect_error(replay(report), "too large to keep")
  env$noise <- raw(9e6)
  expect_null(report_of(quote(1), list(i = 1L), env)$replay)
})

test_that("what a report says begins no line of its own on the terminal, and moves no cursor", {
  said <- foreachfleet:::foreign_text("no fit\nIts arguments:  none\r\u001b[2J\u202e gr\u00fc\u00df")
  expect_false(grepl("[[:cntrl:]\u202e]", said, perl = TRUE))
  expect_match(said, "^no fit\\\\nIts arguments")
  expect_match(said, "gr\u00fc\u00df")
})
