test_that("a stream begins with nothing of what was drawn before, whatever the kind of generator", {
  old <- RNGkind()
  on.exit(suppressWarnings(RNGkind(old[1], old[2], old[3])))
  kinds <- c("Mersenne-Twister", "L'Ecuyer-CMRG", "Wichmann-Hill", "Marsaglia-Multicarry")
  for (kind in kinds) for (normal in c("Inversion", "Box-Muller")) {
    suppressWarnings(RNGkind(kind, normal, "Rejection"))
    set.seed(1)
    base <- foreachfleet:::random_base()
    drawn <- function(before) {
      foreachfleet:::use_stream(base, 1, 1)
      rnorm(before)
      foreachfleet:::use_stream(base, 1, 2)
      rnorm(3)
    }
    # Box and Muller's method makes two values at a time, and keeps the second
    expect_identical(drawn(1), drawn(2), label = paste(kind, normal))
  }
})

test_that("a stream has the driver's kinds on a worker that has others, or none yet", {
  old <- RNGkind()
  on.exit(suppressWarnings(RNGkind(old[1], old[2], old[3])))
  for (kind in c("L'Ecuyer-CMRG", "Mersenne-Twister", "Wichmann-Hill")) {
    suppressWarnings(RNGkind(kind, "Inversion", "Rounding"))
    base <- foreachfleet:::random_base()
    foreachfleet:::use_stream(base, 3, 4)
    expected <- c(RNGkind(), sample(1000, 3), rnorm(2))
    suppressWarnings(RNGkind("Marsaglia-Multicarry", "Ahrens-Dieter", "Rejection"))
    foreachfleet:::use_stream(base, 3, 4)
    expect_identical(c(RNGkind(), sample(1000, 3), rnorm(2)), expected)
    rm(".Random.seed", envir = globalenv())
    foreachfleet:::use_stream(base, 3, 4)
    expect_identical(c(RNGkind(), sample(1000, 3), rnorm(2)), expected)
  }
})
