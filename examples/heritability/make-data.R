# Makes the two data files of this example, the same every time: Rscript make-data.R [folder]
#
#   panel.RData   `panel`: 600 animals x 4,000 markers, 0/1/2 copies of an allele (10 MB), with the relatedness that
#   families bring
#   cohort.RData  `cohort`: one row per animal with sire, dam, sex, age and herd

arguments <- commandArgs(trailingOnly = TRUE)
folder <- if (length(arguments) >= 1) arguments[1] else "."
set.seed(20261123, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")

founders <- 100L
animals <- 600L
markers <- 4000L

frequency <- rbeta(markers, 2, 2)
draw_haplotype <- function() rbinom(markers, 1L, frequency)

# A gamete: the parent's two haplotypes, switched at a few random places.
make_gamete <- function(first, second) {
  switches <- sort(sample.int(markers - 1L, 20L))
  from_first <- (findInterval(seq_len(markers), switches + 1L) + sample.int(2L, 1L)) %% 2L == 0L
  ifelse(from_first, first, second)
}

mother_side <- father_side <- matrix(0L, animals, markers)
sire <- dam <- rep(NA_integer_, animals)
for (animal in seq_len(animals)) {
  if (animal <= founders) {
    mother_side[animal, ] <- draw_haplotype()
    father_side[animal, ] <- draw_haplotype()
  } else {
    # Parents from the 200 animals before: overlapping generations, many half-sibs.
    candidates <- max(1L, animal - 200L):(animal - 1L)
    sire[animal] <- candidates[sample.int(min(length(candidates), 20L), 1L)]
    dam[animal] <- candidates[sample.int(length(candidates), 1L)]
    mother_side[animal, ] <- make_gamete(mother_side[dam[animal], ], father_side[dam[animal], ])
    father_side[animal, ] <- make_gamete(mother_side[sire[animal], ], father_side[sire[animal], ])
  }
}

panel <- mother_side + father_side
dimnames(panel) <- list(sprintf("animal%03d", seq_len(animals)), NULL)
cohort <- data.frame(
  animal = rownames(panel),
  sire = sire,
  dam = dam,
  sex = factor(sample(c("female", "male"), animals, replace = TRUE)),
  age = round(runif(animals, 1, 9), 1),
  herd = factor(sprintf("herd%d", sample.int(6L, animals, replace = TRUE)))
)

save(panel, file = file.path(folder, "panel.RData"), compress = FALSE)
save(cohort, file = file.path(folder, "cohort.RData"))
