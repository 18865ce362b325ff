# Rcpp: compiled functions, made by the script and made in the task
library(Rcpp)

source <- "double twice(double x) { return 2 * x; }"

answer("compiled in the task", {
  foreach(i = 1:2, .combine = c, .packages = "Rcpp") %dopar% { cppFunction(source); twice(i) }
})
answer("compiled once for each worker, by a cache that the tasks share", {
  foreach(i = 1:4, .combine = c) %dopar% {
    Rcpp::sourceCpp(code = paste("#include <Rcpp.h>\n// [[Rcpp::export]]\n", sub("twice", "thrice", source)))
    thrice(i)
  }
})
answer("compiled by the script: its value, or an error that names it", {
  cppFunction(source)
  found <- tryCatch(foreach(i = 1:2, .combine = c) %dopar% twice(i), error = conditionMessage)
  identical(found, c(2, 4)) || grepl("twice of the script holds an external pointer", found)
}, loops = FALSE)
answer("evalCpp and vectors", {
  foreach(i = 1:2, .combine = c) %dopar% Rcpp::evalCpp(sprintf("Rcpp::NumericVector::create(%d, 1.5)", i))
})
