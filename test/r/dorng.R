# doRNG's %dorng% and registerDoRNG() in a session with the backend registered: what they give on doRNG's sequential
# operator. Prints a digest.
suppressPackageStartupMessages(library(doRNG))
fleet <- foreachfleet:::.fleet$driver
on_fleet <- function() setDoPar(foreachfleet:::do_fleet, list(fleet = fleet), foreachfleet:::fleet_info)
program <- function() {
  set.seed(11)
  first <- foreach(i = 1:12) %dorng% { Sys.sleep(pause); c(rnorm(2), sample(5)) }
  second <- foreach(i = 1:5, .combine = rbind) %dorng% runif(3)
  own <- foreach(i = 1:4, .options.RNG = 123) %dorng% rexp(2)
  kinds <- foreach(i = 1:3, .options.RNG = list(5, normal.kind = "Ahrens-Dieter")) %dorng% rnorm(2)
  again <- foreach(i = 1:4, .options.RNG = own) %dorng% rexp(2)
  nested <- foreach(i = 1:3, .options.RNG = 7) %dorng% { foreach(j = 1:2, .combine = c) %do% rnorm(1) }
  after <- runif(1)
  registerDoRNG(42)
  plain <- foreach(i = 1:6, .combine = c) %dopar% rnorm(1)
  more <- foreach(i = 1:6, .combine = c) %dopar% rnorm(1)
  stopifnot(!any(plain %in% more), identical(own, again), !any(unlist(first) %in% second))
  list(first, second, own, kinds, nested, after, plain, more)
}
on_fleet()
here <- program()
if (!exists("skip_sequential")) {
  registerDoSEQ()
  there <- program()
  for (k in seq_along(there)) {
  if (!identical(here[[k]], there[[k]])) stop("part ", k, " differs from doRNG on the sequential backend")
}
}
cat("digest", foreachfleet:::hash_value(here), "reused", sum(fleetLoops()$reused), "\n")
