# plyr's functions with .parallel = TRUE
library(plyr)

answer("llply", llply(1:5, function(x) x^2, .parallel = TRUE))
answer("ldply of a named list", ldply(split(mtcars, mtcars$cyl), colMeans, .parallel = TRUE))
answer("ddply with summarise", ddply(mtcars, .(cyl), summarise, m = mean(mpg), n = length(mpg), .parallel = TRUE))
answer("ddply with transform and two keys", {
  ddply(mtcars, .(cyl, gear), transform, rank = rank(mpg), .parallel = TRUE)
})
answer("ddply with summarise and a variable of the script", {
  threshold <- 20
  ddply(mtcars, .(cyl), summarise, above = sum(mpg > threshold), .parallel = TRUE)
})
answer("ddply inside a function whose arguments are used", {
  by_group <- function(data, probs) ddply(data, .(cyl), function(d) quantile(d$mpg, probs), .parallel = TRUE)
  by_group(mtcars, c(0.1, 0.9))
})
answer("dlply of models, then ldply of them", {
  fits <- dlply(mtcars, .(cyl), function(d) lm(mpg ~ wt, data = d), .parallel = TRUE)
  ldply(fits, coef, .parallel = TRUE)
})
answer("aaply over rows", aaply(as.matrix(head(iris[1:4])), 1, range, .parallel = TRUE))
answer("laply with further arguments", {
  laply(split(iris$Sepal.Length, iris$Species), quantile, probs = 0.3, .parallel = TRUE)
})
answer("mdply over a grid", mdply(expand.grid(n = 2:3, k = 1:2), function(n, k) n^k, .parallel = TRUE))
answer("mlply with arguments by name", mlply(data.frame(a = 1:3, b = 3:1), function(a, b) a - b, .parallel = TRUE))
answer("l_ply for nothing", l_ply(1:3, function(i) i, .parallel = TRUE))
answer(".paropts: exports and packages", {
  offset <- 10
  llply(1:3, function(i) i + offset, .parallel = TRUE, .paropts = list(.export = "offset", .packages = "stats"))
})
answer("d_ply and daply", daply(mtcars, .(cyl, am), nrow, .parallel = TRUE))
answer("failures that are caught", {
  llply(1:3, failwith(NA, function(i) if (i == 2) stop("no") else i, quiet = TRUE), .parallel = TRUE)
})
