# The tests that foreach itself ships, with our backend registered. Argument: folder with the test files. Prints counts;
# fails on any new failure.
library(iterators)
library(testthat)
folder <- commandArgs(TRUE)[1]
sources <- list.files(folder, "^test_.*[.]R$", full.names = TRUE)

run <- function(files, what) {
  counts <- c(passed = 0, failed = 0, skipped = 0)
  failures <- character()
  for (path in files) {
    result <- as.data.frame(suppressWarnings(test_file(path, reporter = "silent", stop_on_failure = FALSE)))
    bad <- result$failed > 0 | result$error
    counts <- counts + c(sum(result$nb) - sum(result$failed), sum(result$failed) + sum(result$error),
                         sum(result$skipped))
    for (one in unlist(result$result[bad], recursive = FALSE)) {
      is_failure <- inherits(one, c("expectation_failure", "expectation_error"))
      if (is_failure) cat("  ", substr(gsub("\\s+", " ", conditionMessage(one)), 1, 300), "\n")
    }
    failures <- c(failures, sprintf("%s: %s", basename(path), result$test[bad]))
  }
  cat(sprintf("%s: passed %d failed %d skipped %d %s\n", what, counts[[1]], counts[[2]], counts[[3]],
              paste(failures, collapse = "; ")))
  failures
}

# copies, because the package's own set-up file beside them would register the sequential backend
copies <- function(name, sources, change) {
  dir.create(file.path(tempdir(), name))
  vapply(sources, function(path) {
    copy <- file.path(tempdir(), name, basename(path))
    writeLines(change(readLines(path, warn = FALSE)), copy)
    copy
  }, "")
}

shipped <- run(copies("shipped", sources, identity), "as shipped")
# three files compare loops of the two kinds, or are about one of them
some <- sources[!grepl("stress|localdopar|loadfactor", sources)]
converted <- run(copies("parallel", some, function(lines) gsub("%do%", "%dopar%", lines, fixed = TRUE)),
                 "every %do% as %dopar%")
# as shipped, one test is about the local scope of the sequential backend
stopifnot(getDoParName() == "doFleet", length(converted) == 0, length(shipped) <= 1)
