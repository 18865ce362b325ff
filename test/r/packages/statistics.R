# Methods of one package each, in loops: imputation, permutations, machines, quantiles, forecasts, surveys
suppressPackageStartupMessages({
  library(mice)
  library(vegan)
  library(e1071)
  library(gbm)
  library(ranger)
  library(quantreg)
  library(forecast)
  library(sandwich)
  library(mvtnorm)
  library(survey)
})

answer("mice: imputations, then pooled fits", {
  imputed <- foreach(k = 1:3, .combine = ibind, .packages = "mice") %dopar%
    mice(nhanes, m = 1, maxit = 2, seed = k, printFlag = FALSE)
  pooled <- summary(pool(with(imputed, lm(bmi ~ age))))
  list(complete(imputed, 2), as.list(pooled))
})
answer("vegan: permutation tests", {
  data(dune)
  data(dune.env)
  foreach(term = c("A1", "Management"), .packages = "vegan") %dopar% {
    set.seed(3)
    as.list(adonis2(reformulate(term, "dune"), data = dune.env, permutations = 49))
  }
})
answer("e1071: support vector machines over a grid", {
  grid <- expand.grid(cost = c(1, 10), gamma = c(0.1, 1))
  foreach(g = iterators::iter(grid, by = "row"), .combine = c, .packages = "e1071") %dopar%
    sum(svm(Species ~ ., iris, cost = g$cost, gamma = g$gamma)$nSV)
})
answer("gbm: boosted trees as values", {
  fits <- foreach(depth = 1:2, .packages = "gbm") %dopar% {
    set.seed(1)
    gbm(mpg ~ wt + hp, "gaussian", mtcars, n.trees = 20, interaction.depth = depth, n.minobsinnode = 4)
  }
  lapply(fits, predict, newdata = mtcars[1:3, ], n.trees = 20)
})
answer("ranger: forests with a thread each", {
  fits <- foreach(seed = 1:2) %dopar% ranger::ranger(Species ~ ., iris, num.trees = 20, seed = seed, num.threads = 1)
  lapply(fits, function(fit) list(fit$prediction.error, as.character(predict(fit, iris[c(1, 80), ])$predictions)))
})
answer("quantreg: a fit for each quantile", {
  data(engel)
  foreach(tau = c(0.1, 0.5, 0.9), .combine = cbind) %dopar% coef(rq(foodexp ~ income, tau, data = engel))
})
answer("forecast: models of several series", {
  foreach(series = list(WWWusage, lynx, Nile), .packages = "forecast") %dopar% {
    c(arimaorder(auto.arima(series, max.p = 2, max.q = 2)), forecast(ets(series, "ANN"), 2)$mean)
  }
})
answer("sandwich: covariances of a model of the script", {
  fit <- lm(mpg ~ wt + hp, mtcars)
  foreach(type = c("const", "HC0", "HC3")) %dopar% vcovHC(fit, type = type)
})
answer("mvtnorm: probabilities", {
  corr <- outer(1:3, 1:3, function(i, j) 0.5^abs(i - j))
  foreach(bound = c(0, 1), .combine = c, .packages = "mvtnorm") %dopar% {
    set.seed(1)
    pmvnorm(upper = rep(bound, 3), corr = corr)[1]
  }
})
answer("survey: a design of the script", {
  data(api)
  design <- svydesign(id = ~dnum, weights = ~pw, data = apiclus1, fpc = ~fpc)
  foreach(v = c("api00", "enroll"), .packages = "survey") %dopar% {
    found <- svymean(reformulate(v), design)
    c(coef(found), SE(found))
  }
})
