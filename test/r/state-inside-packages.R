# Ordinary use of packages fills their caches and counters: no word of that. What cannot travel is told.
suppressPackageStartupMessages({
  library(ggplot2)
  library(lattice)
})
pdf(NULL)
print(ggplot(mtcars, aes(wt, mpg)) + geom_point() + facet_wrap(~cyl))
print(xyplot(mpg ~ wt, mtcars))
invisible(knitr::kable(mtcars))
x <- foreach(i = 1:2) %dopar% i
cat("ordinary use\n")
knitr::opts_chunk$set(mine = textConnection("text"))
for (k in 1:2) x <- foreach(i = 1:2) %dopar% i
cat("after the loop\n")
