# glmnet: cv.glmnet(parallel = TRUE) of several families, and loops over its penalties
library(glmnet)
set.seed(1)
x <- matrix(rnorm(60 * 8), 60)
y <- x[, 1] - 2 * x[, 2] + rnorm(60)
foldid <- rep_len(1:5, 60)
essence <- function(fit) list(fit$lambda.min, fit$lambda.1se, fit$cvm, as.matrix(coef(fit, s = "lambda.min")))

answer("gaussian", essence(cv.glmnet(x, y, foldid = foldid, parallel = TRUE)))
answer("gaussian with folds drawn by set.seed", {
  set.seed(9)
  essence(cv.glmnet(x, y, nfolds = 4, parallel = TRUE))
})
answer("binomial by deviance and class", {
  found <- lapply(c("deviance", "class", "auc"), function(type) {
    essence(cv.glmnet(x, as.integer(y > 0), family = "binomial", type.measure = type, foldid = foldid, parallel = TRUE))
  })
  found
})
answer("multinomial", {
  group <- cut(y, 3, labels = c("a", "b", "c"))
  fit <- cv.glmnet(x, group, family = "multinomial", foldid = foldid, parallel = TRUE)
  c(fit$lambda.min, fit$cvm)
})
answer("cox with a sparse matrix", {
  times <- survival::Surv(exp(y / 3), rep(c(1, 1, 0), 20))
  essence(cv.glmnet(Matrix::Matrix(x, sparse = TRUE), times, family = "cox", foldid = foldid, parallel = TRUE))
})
answer("a family of stats, with keep = TRUE", {
  fit <- cv.glmnet(x, rep(0:3, 15), family = poisson(), foldid = foldid, keep = TRUE, parallel = TRUE)
  list(fit$cvm, fit$fit.preval[1:3, 1:3])
})
answer("a loop over alpha around it", {
  foreach(alpha = c(0, 0.5, 1), .combine = rbind, .packages = "glmnet") %dopar% {
    fit <- cv.glmnet(x, y, alpha = alpha, foldid = foldid)
    c(fit$lambda.min, min(fit$cvm))
  }
})
answer("relaxed", {
  fit <- cv.glmnet(x, y, relax = TRUE, foldid = foldid, parallel = TRUE)
  list(fit$relaxed$lambda.min, fit$relaxed$gamma.min)
})
