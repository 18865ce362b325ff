# The smallest useful job: 24 independent pieces of work of about a second each, and one file as the result.
library(foreach)

pi_estimates <- foreach(i = 1:24, .combine = rbind) %dopar% {
  set.seed(i)
  inside <- 0
  for (round in 1:12) {
    x <- runif(1e6)
    y <- runif(1e6)
    inside <- inside + sum(x * x + y * y <= 1)
  }
  data.frame(piece = i, estimate = 4 * inside / 12e6)
}

write.csv(pi_estimates, "pi.csv", row.names = FALSE)
message("pi is about ", format(mean(pi_estimates$estimate), digits = 7))
