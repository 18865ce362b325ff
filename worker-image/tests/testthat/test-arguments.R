# Arguments whose number a caller prescribes: methods of foreach and R's load hook
prescribed <- c(".onLoad", "accumulate.fleetsource", "getErrorIndex.fleetsource", "getErrorValue.fleetsource",
                "getResult.fleetsource")

test_that("every argument and every variable of a named function is read", {
  found <- character()
  codetools::checkUsageEnv(asNamespace("foreachfleet"), all = TRUE, skipWith = TRUE,
                           report = function(text) found <<- c(found, text))
  found <- sub("\n$", "", found)
  # handlers and hooks get what their caller passes
  unread <- grep("may not be used$", grep("<anonymous>", found, value = TRUE, invert = TRUE), value = TRUE)
  expect_identical(unread[!sub(":.*", "", unread) %in% prescribed], character())
  expect_identical(grep("no visible|possible error", found, value = TRUE), character())
})
