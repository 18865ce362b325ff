# More packages that come with R: trees, nets, clusters, sparse matrices, splines, lattice plots, its own classes.
library(rpart)
library(nnet)
library(Matrix)
library(cluster)
library(splines)
library(lattice)
library(stats4)

answer("trees pruned by cross-validation", {
  foreach(cp = c(0.01, 0.02, 0.05), .combine = c) %dopar% {
    set.seed(1)
    fit <- rpart(Kyphosis ~ Age + Number + Start, data = kyphosis, cp = cp)
    c(nrow(fit$frame), fit$cptable[, "xerror"])
  }
})
answer("nets from several starts", {
  foreach(i = 1:3, .combine = c) %dopar% { set.seed(i); nnet(Species ~ ., iris, size = 2, trace = FALSE)$value }
})
answer("sparse matrices as arguments and values", {
  pieces <- lapply(1:3, function(k) sparseMatrix(i = 1:4, j = c(1, 2, 4, 3), x = k * (1:4)))
  foreach(m = pieces, .combine = "+") %dopar% crossprod(m)
})
answer("clusterings compared by silhouette", {
  foreach(k = 2:5, .combine = c) %dopar% pam(ruspini, k)$silinfo$avg.width
})
answer("distances computed once and used by all", {
  distances <- dist(scale(USArrests))
  foreach(method = c("average", "complete", "single")) %dopar% cutree(hclust(distances, method), 4)
})
answer("spline bases", {
  foreach(df = 4:6, .combine = c) %dopar% deviance(lm(weight ~ bs(height, df = df), data = women))
})
answer("trellis objects as values", {
  plots <- foreach(g = split(iris, iris$Species)) %dopar% xyplot(Sepal.Length ~ Sepal.Width, data = g)
  lapply(plots, function(p) c(class(p), p$xlab, format(p$x.limits)))
})
answer("maximum likelihood with a formal class", {
  fits <- foreach(shift = 1:3) %dopar% {
    x <- c(26, 17, 13, 12, 20, 5, 9, 8, 5, 4, 8) + shift
    mle(function(lambda = 1) -sum(dpois(x, lambda, log = TRUE)), method = "BFGS")
  }
  lapply(fits, function(fit) c(coef(fit), stats4::vcov(fit)))
})
answer("a grid over a closure, optimised", {
  objective <- function(data) function(p) sum((data$dist - p[1] - p[2] * data$speed)^2)
  target <- objective(cars)
  starts <- expand.grid(a = c(-10, 0, 10), b = c(0, 5))
  foreach(start = iterators::iter(starts, by = "row"), .combine = rbind) %dopar% optim(unlist(start), target)$par
})
