# Packages that loop by foreach inside, each with its own way of exporting: breakpoints, tours, evolution, thresholds
suppressPackageStartupMessages({
  library(strucchange)
  library(TSP)
  library(DEoptim)
  library(cutpointr)
  library(ade4)
  library(BiocParallel)
})

answer("strucchange: breakpoints(hpc = \"foreach\")", {
  found <- breakpoints(Nile ~ 1, hpc = "foreach")
  list(found$breakpoints, summary(found)$RSS)
})
answer("TSP: repeated tours", {
  set.seed(1)
  cities <- ETSP(cbind(x = c(0, 4, 2, 7, 5, 1, 3), y = c(1, 0, 5, 3, 7, 6, 2)))
  tour_length(solve_TSP(cities, method = "repetitive_nn"))
})
answer("DEoptim: parallelType = \"foreach\"", {
  set.seed(2)
  rosenbrock <- function(p) 100 * (p[2] - p[1]^2)^2 + (1 - p[1])^2
  control <- DEoptim.control(itermax = 4, NP = 20, trace = FALSE, parallelType = 2)
  found <- DEoptim(rosenbrock, c(-2, -2), c(2, 2), control)
  found$optim
})
answer("cutpointr: allowParallel = TRUE", {
  found <- cutpointr(suicide, dsi, suicide, method = maximize_metric, metric = sum_sens_spec, silent = TRUE,
    boot_runs = 0, subgroup = gender)
  as.list(found[c("subgroup", "optimal_cutpoint", "sum_sens_spec")])
}, loops = FALSE)
answer("ade4: loocv(parallel = TRUE)", {
  data(meaudret)
  pca <- dudi.pca(meaudret$env, scannf = FALSE, nf = 4)
  found <- loocv(bca(pca, meaudret$design$site, scannf = FALSE, nf = 2), parallel = TRUE)
  found$XValCoord
})
answer("BiocParallel: DoparParam", {
  offset <- 10
  list(bplapply(1:4, function(i) i + offset, BPPARAM = DoparParam()),
       unlist(bpmapply(function(a, b) a * b, 1:3, 4:6, BPPARAM = DoparParam())))
})
