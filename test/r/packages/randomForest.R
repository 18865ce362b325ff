# randomForest: forests grown apart and combined, as the vignettes of foreach do it; ranger where its threads are one
suppressPackageStartupMessages(library(randomForest))

forest <- function(fit) list(fit$ntree, fit$votes, fit$importance, fit$forest$bestvar[, 1:3])

answer("combine of forests", {
  fit <- foreach(ntree = rep(10, 4), .combine = randomForest::combine, .packages = "randomForest") %dopar% {
    set.seed(ntree)
    randomForest(iris[1:4], iris$Species, ntree = ntree)
  }
  list(forest(fit), predict(fit, iris[c(1, 60, 120), 1:4]))
})
answer("combine of many at once", {
  fit <- foreach(k = 1:5, .combine = combine, .multicombine = TRUE, .packages = "randomForest") %dopar% {
    set.seed(k)
    randomForest(mpg ~ ., mtcars, ntree = 8, keep.forest = TRUE)
  }
  list(fit$ntree, predict(fit, mtcars[1:4, ]))
})
answer("grow() on a forest of the script", {
  set.seed(1)
  base <- randomForest(Species ~ ., iris, ntree = 5)
  foreach(k = 1:2, .packages = "randomForest") %dopar% { set.seed(k); forest(grow(base, 5)) }
})
answer("permuted responses and their importances", {
  foreach(k = 1:3, .combine = cbind, .packages = "randomForest") %dopar% {
    set.seed(k)
    importance(randomForest(iris[1:4], sample(iris$Species), ntree = 15))
  }
})
answer("tuneRF over samples", {
  foreach(k = 1:2, .packages = "randomForest") %dopar% {
    set.seed(k)
    tuneRF(mtcars[-1], mtcars$mpg, ntreeTry = 10, trace = FALSE, plot = FALSE)
  }
})
