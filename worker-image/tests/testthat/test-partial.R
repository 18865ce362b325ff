# A job's results folder whose loop is described as the driver does it; `done`: the iterations that are finished
described_folder <- function(obj, values, done = seq_along(values), expr = quote(x), keys = NULL) {
  dir <- tempfile("results")
  dir.create(file.path(dir, "attempt-1", "loops"), recursive = TRUE)
  it <- iterators::iter(obj)
  repeat if (is.null(tryCatch(iterators::nextElem(it), error = function(e) NULL))) break
  own <- asNamespace("foreachfleet")
  keys <- if (is.null(keys)) sprintf("a-b-c-d-%d~1", seq_along(values)) else keys
  # what travels is text: nothing of this session goes along
  combine <- own$pack_text(list(version = 1L, keys = keys, all = TRUE, shape = own$loop_shape(it, own$mirror_scope())))
  writeLines(own$to_json(list(loop = 1, attempt = 1, total = length(values), prefix = "a-b-c-d", combine = combine)),
             file.path(dir, "attempt-1/loops/1-0.jsonl"))
  lines <- vapply(done, function(i) {
    object <- sprintf("attempt-1/iteration-%d.rds", i)
    saveRDS(values[[i]], file.path(dir, object), compress = FALSE)
    own$to_json(list(loop = 1, iteration = i, key = sprintf("a-b-c-d-%d~1", i), attempt = 1,
                     object = paste0("job/", object), part = NULL))
  }, "")
  writeLines(lines, file.path(dir, "ledger.jsonl"))
  dir
}

test_that("the partial value uses the loop's own way to combine", {
  offset <- 100
  add <- function(a, b) shift(a + b)
  shift <- function(x) if (x > 1e6) add(x, 1) else x # names a function that names it
  obj <- foreach::foreach(i = 1:4, .combine = add, .init = offset, .final = function(x) c(total = x, offset = offset))
  dir <- described_folder(obj, list(1, 2, 4, 8), done = c(1, 4))
  offset <- 0
  expect_identical(partialValue(dir), c(total = 109, offset = 100))
  rbound <- described_folder(foreach::foreach(i = 1:4, .combine = rbind), list(1, 2, 3, 4), done = c(2, 4))
  expect_identical(partialValue(rbound), rbind(result.2 = 2, result.4 = 4))
  expect_identical(partialValue(described_folder(foreach::foreach(i = 1:3), list("a", NULL, 3:4))),
                   list("a", NULL, 3:4))
})

test_that("once everything is there it is identical to the loop's value, whatever the calls of the combine function", {
  values <- lapply(1:250, function(i) i)
  calls <- function(...) list(...)
  for (obj in list(foreach::foreach(i = 1:250, .combine = calls, .multicombine = TRUE),
                   foreach::foreach(i = 1:250, .combine = calls, .multicombine = TRUE, .maxcombine = 7),
                   foreach::foreach(i = 1:250, .combine = c, .inorder = FALSE),
                   foreach::foreach(i = 1:250, .combine = "+"))) {
    expect_identical(partialValue(described_folder(obj, values)), foreach::`%do%`(obj, i))
  }
})

test_that("nested loops are combined level by level, and a filtered one as well", {
  value <- function(a, b) 10 * a + b
  obj <- foreach::`%:%`(foreach::foreach(a = 1:3, .combine = rbind), foreach::foreach(b = 1:4, .combine = c))
  all <- foreach::`%do%`(obj, value(a, b))
  values <- as.list(as.vector(t(all)))
  expect_identical(partialValue(described_folder(obj, values)), all)
  part <- partialValue(described_folder(obj, values, done = c(1, 2, 11, 12)))
  expect_identical(part, rbind(result.1 = c(11, 12), result.3 = c(33, 34)))
  condition <- foreach::when(b <= a && a != 2)
  both <- foreach::`%:%`(foreach::foreach(a = 1:3, .combine = list, .multicombine = TRUE),
                         foreach::foreach(b = 1:4, .combine = c))
  filtered <- foreach::`%:%`(both, condition)
  expected <- foreach::`%do%`(filtered, value(a, b))
  expect_identical(partialValue(described_folder(filtered, list(11, 31, 32, 33))), expected)
})

test_that("values that are errors count as the loop's .errorhandling says", {
  values <- list(1, simpleError("a value"), 3)
  for (handling in c("pass", "remove")) {
    obj <- foreach::foreach(v = values, .errorhandling = handling)
    expect_identical(partialValue(described_folder(obj, values)), foreach::`%do%`(obj, v))
  }
  expect_identical(partialValue(described_folder(foreach::foreach(v = values, .errorhandling = "pass"), values,
                                                 done = 2:3)), values[2:3])
})

test_that("results of changed code or arguments do not count", {
  obj <- foreach::foreach(i = 1:3, .combine = c)
  expect_identical(partialValue(described_folder(obj, list(1, 2, 3),
                                                 keys = c("a-b-c-d-1~1", "a-b-c-d-changed~1", "a-b-c-d-3~9"))), c(1, 3))
  dir <- described_folder(obj, list(1, 2))
  text <- readLines(file.path(dir, "ledger.jsonl"))
  writeLines(sub("a-b-c-d-2", "z-b-c-d-2", text, fixed = TRUE), file.path(dir, "ledger.jsonl"))
  expect_identical(partialValue(dir), 1)
})

test_that("every loop gets a file, or the reason why not", {
  dir <- described_folder(foreach::foreach(i = 1:3, .combine = function(a, b) if (b > 2) stop("no three") else a + b),
                          list(1, 2, 3), done = 1:2)
  told <- foreachfleet:::write_partial_values(dir)
  expect_identical(readRDS(file.path(dir, "loop-1.partial.rds")), 3)
  expect_identical(told[[1]][c("combined", "total", "file")],
                   list(combined = 2L, total = 3L, file = "loop-1.partial.rds"))
  third <- readLines(file.path(dir, "ledger.jsonl"))[1] |>
    sub(pattern = "\"iteration\":1,", replacement = "\"iteration\":3,", fixed = TRUE) |>
    sub(pattern = "-1~1", replacement = "-3~1", fixed = TRUE) |>
    sub(pattern = "iteration-1.rds", replacement = "iteration-3.rds", fixed = TRUE)
  cat(third, "\n", file = file.path(dir, "ledger.jsonl"), append = TRUE)
  saveRDS(3, file.path(dir, "attempt-1/iteration-3.rds"), compress = FALSE)
  told <- foreachfleet:::write_partial_values(dir)
  expect_false(file.exists(file.path(dir, "loop-1.partial.rds")))
  expect_match(told[[1]]$problem, "no three")
  unlink(file.path(dir, "attempt-1/loops"), recursive = TRUE)
  expect_match(foreachfleet:::write_partial_values(dir)[[1]]$problem, "not recorded")
})

test_that("a combine function takes only what it uses along", {
  make <- function() {
    noise <- runif(2e6)
    weight <- 2
    function(a, b) a + weight * b
  }
  obj <- foreach::foreach(i = 1:3, .combine = make())
  it <- iterators::iter(obj)
  text <- foreachfleet:::pack_text(foreachfleet:::loop_shape(it, foreachfleet:::mirror_scope()))
  expect_lt(nchar(text), 5000)
  expect_identical(partialValue(described_folder(obj, list(1, 2, 3))), 11)
})
