# Rscript install-peers.R LIBRARY NAME ...: what is missing comes from the user's CRAN mirror into a library of its own.
# Prints "NAME VERSION", or "NAME - REASON" for what cannot be installed with this R.
args <- commandArgs(trailingOnly = TRUE)
library_folder <- args[1]
.libPaths(c(library_folder, .libPaths()))

version_of <- function(name) {
  works <- suppressWarnings(suppressPackageStartupMessages(requireNamespace(name, quietly = TRUE)))
  if (works) as.character(utils::packageVersion(name)) else NULL
}

install <- function(name) {
  repos <- getOption("repos")
  unset <- is.null(repos) || any(repos[["CRAN"]] %in% c("@CRAN@", "", NA))
  if (unset) utils::chooseCRANmirror(graphics = FALSE, ind = 1, local.only = TRUE)
  options(timeout = max(300, getOption("timeout")))
  reason <- "its installation failed"
  withCallingHandlers(utils::install.packages(name, lib = library_folder,
                                              INSTALL_opts = c("--no-docs", "--no-multiarch"), quiet = TRUE),
                      warning = function(w) reason <<- gsub("\\s+", " ", conditionMessage(w)))
  if (is.null(version_of(name))) reason
}

for (name in args[-1]) {
  reason <- if (is.null(version_of(name))) tryCatch(install(name), error = conditionMessage)
  cat(name, if (is.null(reason)) version_of(name) else paste("-", reason), "\n")
}
