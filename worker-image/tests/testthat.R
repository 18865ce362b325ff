library(testthat)
library(foreachfleet)
test_check("foreachfleet")
