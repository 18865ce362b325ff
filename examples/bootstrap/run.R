# Two loops in one script: the second one uses what the first one found.
# Bootstrap of a regression on R's own data set `quakes`: first the coefficients, then the error of a prediction far
# from the data. Rscript run.R [resamples of each loop]
library(foreach)

arguments <- commandArgs(trailingOnly = TRUE)
resamples <- if (length(arguments) >= 1) as.integer(arguments[1]) else 40L
# Every task draws this many samples, so that a task is worth sending to another machine.
draws_per_task <- 25L

resample <- function(seed) {
  set.seed(seed, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
  lapply(seq_len(draws_per_task), function(draw) quakes[sample.int(nrow(quakes), replace = TRUE), ])
}

# Loop 1: how much do the coefficients vary?
coefficients <- foreach(task = seq_len(resamples), .combine = rbind) %dopar% {
  t(vapply(resample(task), function(rows) coef(lm(mag ~ log(stations) + depth, data = rows)), numeric(3)))
}
bounds <- t(apply(coefficients, 2, quantile, probs = c(0.025, 0.5, 0.975)))
write.csv(bounds, "coefficients.csv")

# Loop 2: how wrong is the prediction for quakes felt by many stations? Its samples differ from those of loop 1, and the
# weight of each is taken from the first loop's result.
centre <- bounds[, "50%"]
errors <- foreach(task = seq_len(resamples), .combine = c) %dopar% {
  vapply(resample(100000L + task), function(rows) {
    kept <- rows[rows$stations <= 60, ]
    far <- quakes[quakes$stations > 60, ]
    fitted <- predict(lm(mag ~ log(stations) + depth, data = kept), far)
    usual <- centre[1] + centre[2] * log(far$stations) + centre[3] * far$depth
    sqrt(mean((fitted - far$mag)^2)) - sqrt(mean((usual - far$mag)^2))
  }, 0)
}
write.csv(data.frame(mean = mean(errors), sd = sd(errors), samples = length(errors)), "prediction.csv",
          row.names = FALSE)
message(length(errors), " samples in each loop; extrapolating costs ", format(mean(errors), digits = 3), " magnitudes")
