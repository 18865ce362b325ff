own <- asNamespace("foreachfleet")

test_that("what fails is tried again until it succeeds, and its last problem is told otherwise", {
  tried <- 0
  expect_null(own$with_retries(function() if ((tried <<- tried + 1) < 2) "not yet", 0))
  expect_identical(tried, 2)
  expect_identical(own$with_retries(function() paste("try", tried <<- tried + 1), 0), "try 7")
})

test_that("files are fetched by URL, also empty ones; what cannot be had is absent and told without its URL", {
  dir <- tempfile()
  dir.create(dir)
  writeBin(as.raw(1:9), file.path(dir, "one"))
  file.create(file.path(dir, "none"))
  url <- function(name) paste0("file://", file.path(normalizePath(dir), name))
  pool <- own$new_pool(4L)
  transfers <- lapply(c("one", "none", "missing"), function(name) {
    own$begin_transfer(pool, url(name), file.path(dir, paste0(name, ".got")))
  })
  while (!all(vapply(transfers, function(transfer) transfer$ended, NA))) own$run_transfers(pool, 1)
  expect_identical(readBin(file.path(dir, "one.got"), "raw", 99), as.raw(1:9))
  expect_identical(file.size(file.path(dir, "none.got")), 0)
  expect_false(file.exists(file.path(dir, "missing.got")))
  expect_identical(vapply(transfers, function(transfer) is.null(transfer$problem), NA), c(TRUE, TRUE, FALSE))
  expect_identical(own$without_url("no https://host/file?X-Signature=abc there"), "no (its URL) there")
  own$cancel_transfer(transfers[[1]])
  expect_false(file.exists(file.path(dir, "one.got")))
})
