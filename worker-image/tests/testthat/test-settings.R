ns <- asNamespace("foreachfleet")

settings <- function(options = list(), variables = character(), timezone = "UTC", locale = "C.UTF-8",
                     packages = character()) {
  list(options = options, variables = variables, timezone = timezone, locale = locale, packages = packages)
}

test_that("settings in keys are names with digits of their values; what is as in the beginning is not there", {
  expect_identical(ns$settings_text(settings()), "none")
  expect_match(ns$settings_text(settings(list(digits = 3))), "^digits:[0-9a-f]{4}$")
  given <- settings(list(`my own-option` = 1), c(TZ = "Asia/Tokyo"), "Asia/Tokyo", packages = c(MASS = "7.3"))
  text <- ns$settings_text(given)
  expect_match(text, "^attached:[0-9a-f]{4}[+]my_own_option:[0-9a-f]{4}[+]TZ:[0-9a-f]{4}$")
  many <- ns$settings_text(settings(stats::setNames(as.list(1:30), paste0("o", 1:30))))
  expect_match(many, "[+]others:[0-9a-f]{4}$")
  expect_lt(nchar(many), 200)
})

test_that("options of R's own that nobody has set are no difference", {
  expect_true(ns$same_value(0, 0L))
  expect_false(ns$same_value("0", 0L))
  expect_identical(ns$inner_options(list(digits = 7, scipen = 3, warn = 1, OutDec = ".")), list(scipen = 3))
})

test_that("what two search paths have in common at their ends stays", {
  expect_identical(ns$same_at_end(c("a", "b", "c"), c("x", "b", "c")), 2)
  expect_identical(ns$same_at_end("a", character()), 0)
})

test_that("a locale that the worker lacks is an error with its name, but for the encoding of the session", {
  before <- Sys.getlocale("LC_COLLATE")
  expect_error(ns$set_locale(c(LC_CTYPE = "C.UTF-8", LC_COLLATE = "xx_XX.UTF-8")),
               "locale LC_COLLATE = xx_XX.UTF-8 is not on the worker", class = "fleetSettingsError")
  expect_identical(Sys.getlocale("LC_COLLATE"), before)
  expect_silent(ns$set_locale(c(LC_CTYPE = "xx_XX", LC_COLLATE = before)))
})

test_that("another version of a package is an error with both versions, however R writes them", {
  own <- as.character(utils::packageVersion("testthat"))
  expect_silent(ns$check_versions(c(testthat = own)))
  expect_silent(ns$check_versions(c(testthat = sub("[.]([0-9]+)$", "-\\1", own))))
  expect_error(ns$check_versions(c(testthat = "0.0.1")), "testthat has version .* on the worker and 0[.]0[.]1 in",
               class = "fleetVersionError")
  expect_silent(ns$check_versions(c(none = "not installed")))
})
