# How well can heritability be estimated from 400 animals? A simulation with a mixed model:
#
#   y = X b + g + e,   g ~ N(0, h2 K),   e ~ N(0, (1 - h2) I),   K from the animals' markers
#
# Each replicate draws animals, simulates a trait of known heritability for them and estimates it again by REML.
# Rscript run.R [replicates]   writes replicates.csv, heritability.csv and heritability.png
library(foreach)

arguments <- commandArgs(trailingOnly = TRUE)
replicates <- if (length(arguments) >= 1) as.integer(arguments[1]) else 360L
true_values <- c(0.2, 0.4, 0.6, 0.8)

# The big data are loaded once per R process and never travel with a task (.noexport below). On foreach-fleet, job.yaml
# has had them loaded before this line is reached; elsewhere the first replicate of a worker finds them missing and
# loads them.
load_once <- function(name) {
  if (!exists(name, envir = globalenv())) load(paste0(name, ".RData"), envir = globalenv())
}

# Relatedness of some animals from their markers (VanRaden's first method).
relatedness <- function(genotypes) {
  frequency <- colMeans(genotypes) / 2
  centred <- sweep(genotypes, 2, 2 * frequency)
  tcrossprod(centred) / sum(2 * frequency * (1 - frequency))
}

# REML for one variance ratio: with K = U S U', the rotated data are independent, so that the likelihood, profiled over
# everything but h2, is a function of one number.
estimate_h2 <- function(y, X, K) {
  decomposition <- eigen(K, symmetric = TRUE)
  S <- pmax(decomposition$values, 0)
  y_rotated <- crossprod(decomposition$vectors, y)
  X_rotated <- crossprod(decomposition$vectors, X)
  degrees <- nrow(X) - ncol(X)
  log_likelihood <- function(h2) {
    variance <- h2 * S + (1 - h2)
    weighted <- X_rotated / variance
    information <- crossprod(X_rotated, weighted)
    b <- solve(information, crossprod(weighted, y_rotated))
    residual <- y_rotated - X_rotated %*% b
    scale <- sum(residual^2 / variance) / degrees
    log_det <- as.numeric(determinant(information, logarithm = TRUE)$modulus)
    -0.5 * (degrees * log(scale) + sum(log(variance)) + log_det)
  }
  best <- optimise(log_likelihood, c(0.001, 0.999), maximum = TRUE, tol = 1e-6)
  # A likelihood-ratio test against no heritability at all.
  list(h2 = best$maximum, statistic = max(0, 2 * (best$objective - log_likelihood(0.001))))
}

simulate_trait <- function(X, K, h2) {
  root <- chol(K + diag(1e-6, nrow(K)))
  genetic <- drop(crossprod(root, rnorm(nrow(K))))
  drop(X %*% c(10, 1, 0.2)) + sqrt(h2) * genetic + sqrt(1 - h2) * rnorm(nrow(K))
}

estimates <- foreach(
  replicate = seq_len(replicates),
  .combine = rbind, .multicombine = TRUE, .maxcombine = 500,
  .noexport = c("panel", "cohort")
) %dopar% {
  load_once("panel")
  load_once("cohort")
  set.seed(52000 + replicate, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
  true_h2 <- true_values[(replicate - 1) %% length(true_values) + 1]
  chosen <- sort(sample.int(nrow(panel), 400))
  X <- cbind(1, cohort$sex[chosen] == "male", cohort$age[chosen])
  K <- relatedness(panel[chosen, sample.int(ncol(panel), 1200)])
  estimate <- estimate_h2(simulate_trait(X, K, true_h2), X, K)
  data.frame(replicate = replicate, true_h2 = true_h2, h2 = estimate$h2, lr = estimate$statistic)
}

by_value <- split(estimates, estimates$true_h2)
summary_table <- data.frame(
  true_h2 = as.numeric(names(by_value)),
  replicates = vapply(by_value, nrow, 0L),
  mean = vapply(by_value, function(rows) mean(rows$h2), 0),
  bias = vapply(by_value, function(rows) mean(rows$h2 - rows$true_h2), 0),
  rmse = vapply(by_value, function(rows) sqrt(mean((rows$h2 - rows$true_h2)^2)), 0),
  detected = vapply(by_value, function(rows) mean(rows$lr > 2.706), 0),
  row.names = NULL
)
write.csv(estimates, "replicates.csv", row.names = FALSE)
write.csv(summary_table, "heritability.csv", row.names = FALSE)

# Neither device needs a display.
if (capabilities("cairo")) {
  png("heritability.png", width = 900, height = 600, res = 120, type = "cairo")
} else {
  pdf("heritability.pdf", width = 7.5, height = 5)
}
boxplot(h2 ~ true_h2, data = estimates, ylim = c(0, 1), col = "grey90", las = 1,
        xlab = "true heritability", ylab = "estimate", main = paste(nrow(estimates), "replicates, 400 animals each"))
points(seq_along(by_value), summary_table$true_h2, pch = 4, lwd = 2)
invisible(dev.off())

print(summary_table, digits = 3)
