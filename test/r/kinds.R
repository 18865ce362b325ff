# Every generator of R, with kinds of normal and of sample: tasks have what the script chose, and never two alike.
# Prints a digest.
all <- list()
for (kind in c("Wichmann-Hill", "Marsaglia-Multicarry", "Super-Duper", "Mersenne-Twister", "Knuth-TAOCP",
               "Knuth-TAOCP-2002", "L'Ecuyer-CMRG")) {
  normal <- switch(kind, "Wichmann-Hill" = "Box-Muller", "Super-Duper" = "Ahrens-Dieter",
                   "L'Ecuyer-CMRG" = "Kinderman-Ramage", "Inversion")
  for (choice in c("Rounding", "Rejection")) {
    suppressWarnings(RNGkind(kind, normal, choice))
    suppressWarnings(set.seed(3))
    draw <- function() foreach(i = 1:6) %dopar% list(RNGkind(), rnorm(3), sample(1000, 3), rexp(1))
    drawn <- c(draw(), draw())
    stopifnot(identical(RNGkind(), c(kind, normal, choice)), identical(drawn[[1]][[1]], RNGkind()))
    stopifnot(!anyDuplicated(lapply(drawn, `[[`, 2)), !anyDuplicated(lapply(drawn, `[[`, 3)))
    all <- c(all, drawn)
  }
}
RNGkind("default", "default", "default")
cat("digest", foreachfleet:::hash_value(all), "\n")
