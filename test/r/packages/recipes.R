# recipes and rsample: preprocessing prepared in resamples
suppressPackageStartupMessages({
  library(recipes)
  library(rsample)
})

answer("a recipe prepared in each resample", {
  steps <- recipe(mpg ~ ., mtcars) %>% step_normalize(all_numeric_predictors()) %>%
    step_pca(all_predictors(), num_comp = 2)
  set.seed(1)
  splits <- vfold_cv(mtcars, v = 4)$splits
  foreach(split = splits, .combine = c, .packages = c("recipes", "rsample")) %dopar% {
    ready <- prep(steps, training = analysis(split))
    fit <- lm(mpg ~ ., juice(ready))
    sqrt(mean((assessment(split)$mpg - predict(fit, bake(ready, assessment(split))))^2))
  }
})
answer("prepared recipes as values", {
  steps <- recipe(Species ~ ., iris) %>% step_log(all_numeric_predictors()) %>% step_dummy(Species)
  ready <- foreach(k = 1:2, .packages = "recipes") %dopar% prep(steps, iris[seq(k, 150, 2), ])
  lapply(ready, bake, new_data = iris[c(1, 75, 150), ])
})
answer("selectors and a step with an expression of the script", {
  shift <- 5
  foreach(k = 1:2, .packages = "recipes") %dopar% {
    recipe(mpg ~ wt + hp, mtcars) %>% step_mutate(heavy = wt > shift - k) %>% prep() %>% bake(new_data = mtcars[1:17, ])
  }
})
answer("bootstraps() with a function of the script", {
  ratio <- function(split) { d <- analysis(split); mean(d$mpg) / mean(d$wt) }
  set.seed(2)
  foreach(split = bootstraps(mtcars, 5)$splits, .combine = c, .packages = "rsample") %dopar% ratio(split)
})
