# lme4: mixed models in loops, their formal classes as exports and values
suppressPackageStartupMessages(library(lme4))

answer("models of resampled subjects", {
  foreach(k = 1:4, .combine = rbind, .packages = "lme4") %dopar% {
    set.seed(k)
    kept <- sample(levels(sleepstudy$Subject), 12)
    fit <- lmer(Reaction ~ Days + (Days | Subject), subset(sleepstudy, Subject %in% kept))
    c(fixef(fit), as.data.frame(VarCorr(fit))$sdcor)
  }
})
answer("a model of the script, refitted to simulated responses", {
  base <- lmer(Yield ~ 1 + (1 | Batch), Dyestuff)
  foreach(k = 1:4, .combine = rbind, .packages = "lme4") %dopar% {
    again <- refit(base, simulate(base, seed = k)[[1]])
    c(fixef(again), sigma(again))
  }
})
answer("models as values, used by methods afterwards", {
  fits <- foreach(REML = c(TRUE, FALSE), .packages = "lme4") %dopar%
    lmer(Yield ~ 1 + (1 | Batch), Dyestuff, REML = REML)
  lapply(fits, function(fit) list(class(fit), fixef(fit), logLik(fit)[1], head(predict(fit), 3), deparse(fit@call)))
})
answer("glmer with each optimiser", {
  foreach(optimizer = c("bobyqa", "Nelder_Mead"), .combine = rbind, .packages = "lme4") %dopar% {
    fit <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial,
      control = glmerControl(optimizer = optimizer))
    c(fixef(fit), deviance(fit))
  }
})
answer("a likelihood-ratio test by simulation", {
  small <- lmer(Reaction ~ 1 + (1 | Subject), sleepstudy, REML = FALSE)
  large <- update(small, . ~ . + Days)
  foreach(k = 1:3, .combine = c) %dopar% {
    y <- simulate(small, seed = k)[[1]]
    2 * as.numeric(logLik(refit(large, y)) - logLik(refit(small, y)))
  }
})
answer("bootMer in a task", {
  base <- lmer(Yield ~ 1 + (1 | Batch), Dyestuff)
  foreach(k = 1:2, .packages = "lme4") %dopar% bootMer(base, fixef, nsim = 3, seed = k)$t
})
