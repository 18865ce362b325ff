hash <- function(x, known = list()) foreachfleet:::hash_value(x, known)

test_that("equal values have equal digests, whatever their representation", {
  expect_identical(hash(1:3), hash(c(1L, 2L, 3L)))
  f <- function(x) { y <- x + 1; y * 2 }
  before <- hash(f)
  for (i in 1:5) f(i)
  f <- compiler::cmpfun(f)
  expect_identical(hash(f), before)
  g <- eval(parse(text = "function(x) { y <- x + 1; y * 2 }", keep.source = TRUE))
  h <- eval(parse(text = "function(x) {\n  y <- x + 1\n  y * 2 }", keep.source = FALSE))
  expect_identical(hash(g), hash(h))
})

test_that("different values have different digests", {
  values <- list(1L, 1, "1", TRUE, NULL, NA, NA_character_, "NA", list(1), c(a = 1), quote(a), quote(a + b),
                 factor("a"), as.Date("2024-01-01"), sum, max, function(x) x, function(y) y, 1i, raw(1), raw(2),
                 list(), character(), new.env(), list2env(list(a = 1)))
  expect_false(anyDuplicated(vapply(values, hash, "")) > 0)
})

test_that("captured variables count when the function uses them, also through another function", {
  make <- function(a, b) { g <- function(x) x + b; function(x) g(x) * 2 }
  expect_false(identical(hash(make(1, 2)), hash(make(1, 3))))
  expect_identical(hash(make(1, 2)), hash(make(9, 2)))
  mutual <- function(k) { f <- function(n) if (n) g(n - 1) else k; g <- function(n) f(n); f }
  expect_false(identical(hash(mutual(1)), hash(mutual(2))))
})

test_that("the difference of two keys names what changed", {
  part <- function(code = "a", exports = "b", random = "d", settings = "none", arguments = "e") {
    paste(code, exports, "c", random, settings, arguments, sep = "-")
  }
  expect_identical(foreachfleet:::key_difference(part(), part(code = "x", arguments = "y")), "code, arguments")
  expect_identical(foreachfleet:::key_difference(paste0(part(), "~1"), paste0(part(random = "x"), "~2")),
                   "random numbers")
  expect_identical(foreachfleet:::key_difference(paste0(part(), "~1"), paste0(part(), "~2")), "")
  expect_identical(foreachfleet:::key_difference(paste0(part(), "~1!1.v:0f"), paste0(part(), "~2")),
                   "objects looked up by name")
  expect_identical(foreachfleet:::key_difference(part(settings = "contrasts:1a2b+TZ:0000"), part(settings = "TZ:0000")),
                   "settings (contrasts)")
  expect_identical(foreachfleet:::key_difference(part(settings = "none"), part(settings = "digits:1a2b")),
                   "settings (digits)")
})

test_that("sums of bytes and of files are those that everybody else computes", {
  abc <- charToRaw("abc")
  expect_identical(foreachfleet:::sha256(abc), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  expect_identical(.Call(foreachfleet:::fleet_sum, abc, "md5"), "900150983cd24fb0d6963f7d28e17f72")
  path <- tempfile()
  writeBin(rep(abc, 50000), path)
  expect_identical(.Call(foreachfleet:::fleet_sum_file, path, "sha256"), foreachfleet:::sha256(rep(abc, 50000)))
  expect_error(.Call(foreachfleet:::fleet_sum_file, tempfile(), "sha256"), "cannot read")
})
