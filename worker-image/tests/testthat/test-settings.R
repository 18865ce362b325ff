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
