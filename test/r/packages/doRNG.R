# doRNG: %dorng% and registerDoRNG, its streams as elsewhere
suppressPackageStartupMessages(library(doRNG))

answer("%dorng% after set.seed", {
  set.seed(11)
  unclass(foreach(i = 1:6) %dorng% rnorm(2))
})
answer("%dorng% with a seed of the loop, and its streams again", {
  first <- foreach(i = 1:4, .options.RNG = 123) %dorng% runif(1)
  again <- foreach(i = 1:4, .options.RNG = first) %dorng% runif(1)
  list(unlist(first), identical(first, again), attr(first, "rng"))
})
answer("registerDoRNG, two loops", {
  registerDoRNG(42)
  found <- lapply(1:2, function(k) foreach(i = 1:3, .combine = c) %dopar% rnorm(1))
  c(found, after = runif(1))
}, loops = FALSE)
answer("a bootstrap", {
  set.seed(4)
  foreach(i = 1:20, .combine = c) %dorng% median(sample(precip, replace = TRUE))
})
