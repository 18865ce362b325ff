# The job of chaos-run.ts: four loops, one of which needs the values of another, two in a function, one with errors.
# Arguments: iterations in all, seconds that one takes on average, file for marks of what runs.
library(foreach)
library(iterators)
arguments <- commandArgs(trailingOnly = TRUE)
total <- as.integer(arguments[1])
seconds <- as.numeric(arguments[2])
marks <- arguments[3]

note <- function(what, loop, i) {
  cat(sprintf("%s %d:%d %.2f\n", what, loop, i, as.numeric(Sys.time())), file = marks, append = TRUE)
}
work <- function(loop, i) {
  note("start", loop, i)
  if (seconds > 0) Sys.sleep(seconds * (0.25 + 1.5 * ((i * 7919L) %% 100L) / 100))
  note("end", loop, i)
}

n <- diff(round(total * c(0, 0.4, 0.7, 0.85, 1)))
first <- runif(1)
a <- foreach(i = seq_len(n[1]), .combine = rbind) %dopar% {
  work(1L, i)
  c(i, rnorm(2), first)
}
b <- foreach(i = seq_len(n[2]), x = iter(a[seq_len(n[2]), ], by = "row"), .errorhandling = "pass") %dopar% {
  work(2L, i)
  if (i %% 75L == 0L) stop("refused ", i)
  list(i, x * runif(1), sample(5))
}
b <- lapply(b, function(value) if (inherits(value, "error")) conditionMessage(value) else value)
weigh <- function(loop, count, weight) foreach(i = seq_len(count), .combine = "+", .inorder = FALSE) %dopar% {
  work(loop, i)
  weight * rexp(1)
}
c <- weigh(3L, n[3], 2)
d <- weigh(4L, n[4], c)
saveRDS(list(a, b, c, d, runif(1)), "result.rds")
