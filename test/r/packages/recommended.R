# Packages that come with R: model fits and bootstraps in loops.
library(boot)
library(survival)
library(mgcv)
library(nlme)
library(MASS)

answer("a bootstrap of medians by hand", {
  foreach(i = 1:6, .combine = c) %dopar% { set.seed(i); boot(mtcars$mpg, function(x, k) median(x[k]), R = 20)$t0 }
})
answer("boot() with intervals, one for each statistic", {
  statistics <- list(mean = function(x, k) mean(x[k]), trimmed = function(x, k) mean(x[k], trim = 0.1))
  foreach(statistic = statistics, .combine = rbind, .packages = "boot") %dopar% {
    set.seed(7)
    drawn <- boot(precip, statistic, R = 199)
    boot.ci(drawn, type = "perc")$percent[4:5]
  }
})
answer("Cox models of resampled patients", {
  foreach(i = 1:4, .combine = rbind) %dopar% {
    set.seed(i)
    drawn <- lung[sample(nrow(lung), replace = TRUE), ]
    fit <- coxph(Surv(time, status) ~ age + strata(sex), data = drawn)
    c(coef(fit), summary(fit)$concordance, survfit(fit)$time[1:3])
  }
})
answer("survival curves as values", {
  curves <- foreach(group = split(lung, lung$sex)) %dopar% survfit(Surv(time, status) ~ 1, data = group)
  lapply(curves, function(curve) summary(curve, times = c(100, 300))$surv)
})
answer("smooths of four sizes", {
  set.seed(2)
  d <- gamSim(1, n = 150, verbose = FALSE)
  foreach(k = c(4, 6, 8, 10), .combine = rbind) %dopar% {
    fit <- gam(y ~ s(x1, k = k) + s(x2), data = d, method = "REML")
    c(fit$sp, AIC(fit), predict(fit, d[1:3, ]))
  }
})
answer("mixed models whose formula is made in the task", {
  foreach(response = c("height", "age"), .combine = c) %dopar% {
    fixed <- if (response == "height") height ~ age else age ~ height
    fit <- do.call(lme, list(fixed = fixed, random = ~ 1 | Seed, data = as.data.frame(Loblolly)))
    c(fixef(fit), VarCorr(fit)[, "StdDev"])
  }
})
answer("update() of a model of the script", {
  base <- glm(low ~ age + lwt, family = binomial, data = birthwt)
  foreach(term = c("smoke", "ht", "ui"), .combine = c) %dopar% deviance(update(base, paste(". ~ . +", term)))
})
answer("cross-validation with lm, predict and a function of the script", {
  mse <- function(fit, data) mean((data$medv - predict(fit, data))^2)
  folds <- split(seq_len(nrow(Boston)), rep_len(1:5, nrow(Boston)))
  foreach(fold = folds, .combine = c, .final = mean) %dopar%
    mse(lm(medv ~ ., data = Boston[-fold, ]), Boston[fold, ])
})
answer("stepAIC over responses", {
  foreach(response = c("mpg", "hp", "wt")) %dopar% {
    full <- lm(reformulate(c("cyl", "disp", "drat", "qsec"), response), data = mtcars)
    names(coef(stepAIC(full, trace = FALSE)))
  }
})
answer("the call of a fit", {
  foreach(i = 1:2) %dopar% deparse(lm(dist ~ poly(speed, i), data = cars)$call)
})
