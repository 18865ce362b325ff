# A folder as `foreach-fleet results JOB --to DIR --all` leaves it
results_folder <- function(values, loop = 1L, parts = list()) {
  dir <- tempfile("results")
  dir.create(file.path(dir, "attempt-1", "loop-1"), recursive = TRUE)
  lines <- character()
  line <- function(i, bytes, object, part = NULL, attempt = 1L) {
    entry <- list(loop = loop, iteration = i, key = "k", attempt = attempt, sha256 = foreachfleet:::sha256(bytes),
                  object = paste0("job/", object), part = part)
    lines <<- c(lines, as.character(jsonlite::toJSON(entry, auto_unbox = TRUE, null = "null")))
  }
  for (i in as.integer(names(values))) {
    bytes <- serialize(values[[as.character(i)]], NULL)
    object <- sprintf("attempt-1/loop-1/iteration-%06d.rds", i)
    writeBin(bytes, file.path(dir, object))
    line(i, bytes, object)
  }
  if (length(parts)) {
    packed <- lapply(parts, serialize, NULL)
    object <- "attempt-1/loop-1/part-000001.rds"
    saveRDS(packed, file.path(dir, object))
    for (name in names(parts)) line(as.integer(name), packed[[name]], object, part = name)
  }
  writeLines(lines, file.path(dir, "ledger.jsonl"))
  dir
}

test_that("results come in order, from single files and from parts, NULL included", {
  dir <- results_folder(list(`3` = "c", `1` = "a"), parts = list(`2` = NULL, `7` = 1:3))
  expect_identical(readResults(dir), list(`1` = list(`1` = "a", `2` = NULL, `3` = "c", `7` = 1:3)))
})

test_that("the partial value is what the loop would have returned", {
  dir <- results_folder(list(`4` = 4, `1` = 1, `2` = 2))
  expect_identical(partialValue(dir, .combine = c), c(1, 2, 4))
  expect_identical(partialValue(dir, .combine = `+`, .init = 10), 17)
  expect_identical(partialValue(dir, .combine = function(a, b) paste(a, b), .final = nchar), 5L)
  expect_identical(partialValue(dir), list(1, 2, 4))
  expect_identical(partialValue(dir, .combine = rbind), rbind(result.1 = 1, result.2 = 2, result.3 = 4))
})

test_that("a damaged, missing or torn result is named and the others are read", {
  dir <- results_folder(list(`1` = 1, `2` = 2, `3` = 3))
  writeBin(serialize(99, NULL), file.path(dir, "attempt-1/loop-1/iteration-000002.rds"))
  unlink(file.path(dir, "attempt-1/loop-1/iteration-000003.rds"))
  cat('{"loop":1,"iteration":4,"obj', file = file.path(dir, "ledger.jsonl"), append = TRUE)
  expect_warning(results <- readResults(dir), "2 of 3")
  expect_identical(results[["1"]], list(`1` = 1))
  expect_identical(attr(results, "damaged")$iteration, c(2, 3))
})

test_that("of several attempts the newest counts; the ledger may be in segments", {
  dir <- results_folder(list(`1` = "old"))
  dir.create(file.path(dir, "attempt-2", "loop-1"), recursive = TRUE)
  bytes <- serialize("new", NULL)
  writeBin(bytes, file.path(dir, "attempt-2/loop-1/iteration-000001.rds"))
  for (attempt in 1:2) dir.create(file.path(dir, paste0("attempt-", attempt), "ledger"))
  file.rename(file.path(dir, "ledger.jsonl"), file.path(dir, "attempt-1/ledger/000001.jsonl"))
  writeLines('{"loop":1,"iteration":1,"attempt":2,"object":"job/attempt-2/loop-1/iteration-000001.rds","part":null}',
             file.path(dir, "attempt-2/ledger/000001.jsonl"))
  expect_identical(readResults(dir), list(`1` = list(`1` = "new")))
})
