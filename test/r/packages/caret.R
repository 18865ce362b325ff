# caret: everything of it that loops by foreach
suppressPackageStartupMessages(library(caret))

numbers <- function(fit) list(fit$results, fit$bestTune, fit$resample)
data <- iris[c(1:30, 51:80, 101:130), ]
set.seed(3)
folds <- createMultiFolds(data$Species, k = 3, times = 2)

answer("train: k nearest neighbours by repeated cross-validation", {
  numbers(train(Species ~ ., data, "knn", tuneGrid = data.frame(k = c(3, 5)), trControl = trainControl("repeatedcv",
    number = 3, repeats = 2, index = folds)))
})
answer("train: seeds for each resample, a random method", {
  set.seed(5)
  seeds <- c(lapply(1:6, function(i) sample.int(1000, 2)), list(99))
  numbers(train(Species ~ ., data, "rf", ntree = 20, tuneGrid = data.frame(mtry = 1:2),
    trControl = trainControl(method = "cv", index = folds, seeds = seeds)))
})
answer("train: class probabilities, a summary function of the script, saved predictions", {
  mine <- function(data, lev = NULL, model = NULL) c(Right = mean(data$pred == data$obs), P = mean(data[[lev[1]]]))
  control <- trainControl(method = "cv", index = folds, classProbs = TRUE, summaryFunction = mine,
    savePredictions = "final", seeds = NA)
  fit <- train(Species ~ ., data, "rpart", metric = "Right", maximize = TRUE, tuneLength = 3, trControl = control)
  list(numbers(fit), fit$pred)
})
answer("train: preprocessing and bootstrap", {
  set.seed(8)
  boots <- createResample(mtcars$mpg, 4)
  numbers(train(mpg ~ ., mtcars, "lm", preProcess = c("center", "scale", "pca"),
    trControl = trainControl("boot", index = boots)))
})
answer("train: leave one out", {
  numbers(train(mpg ~ wt + hp, mtcars, "lm", trControl = trainControl("LOOCV")))
})
answer("train: a model of the script", {
  constant <- list(type = "Regression", library = NULL, loop = NULL, sort = function(x) x, levels = NULL, prob = NULL,
    parameters = data.frame(parameter = "shift", class = "numeric", label = "shift"),
    grid = function(x, y, len = NULL, search = "grid") data.frame(shift = c(0, 1)),
    fit = function(x, y, wts, param, lev, last, classProbs, ...) list(mean = mean(y) + param$shift),
    predict = function(modelFit, newdata, preProc = NULL, submodels = NULL) rep(modelFit$mean, nrow(newdata)))
  set.seed(1)
  numbers(train(mtcars[-1], mtcars$mpg, constant, trControl = trainControl("cv", index = createFolds(mtcars$mpg, 3))))
})
answer("train with a recipe", {
  steps <- recipes::step_normalize(recipes::recipe(mpg ~ ., mtcars), recipes::all_predictors())
  set.seed(1)
  resamples <- createFolds(mtcars$mpg, 3, returnTrain = TRUE)
  numbers(train(steps, mtcars, "lm", trControl = trainControl("cv", index = resamples)))
})
answer("rfe", {
  set.seed(4)
  resamples <- createFolds(mtcars$mpg, 4, returnTrain = TRUE)
  found <- rfe(mtcars[-1], mtcars$mpg, sizes = 2:4, rfeControl = rfeControl(lmFuncs, method = "cv", index = resamples))
  list(found$results, found$optVariables)
})
answer("sbf", {
  set.seed(4)
  resamples <- createFolds(mtcars$mpg, 4, returnTrain = TRUE)
  found <- sbf(mtcars[-1], mtcars$mpg, sbfControl = sbfControl(lmSBF, method = "cv", index = resamples))
  list(found$results, found$optVariables)
})
answer("nearZeroVar and avNNet", {
  set.seed(6)
  nets <- avNNet(mtcars[2:4], mtcars$mpg, size = 2, repeats = 2, linout = TRUE, trace = FALSE, allowParallel = TRUE)
  list(nearZeroVar(cbind(mtcars, z = 1), foreach = TRUE), length(nets$model), class(nets$model[[1]]))
})
