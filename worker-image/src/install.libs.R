# Where `R CMD INSTALL` puts what was built: the library where R would put it without this file, the supervisors' client
# into exec/.
put <- function(files, folder) {
  to <- file.path(R_PACKAGE_DIR, folder)
  dir.create(to, recursive = TRUE, showWarnings = FALSE)
  stopifnot(file.copy(files, to, overwrite = TRUE))
}
put(Sys.glob(paste0("*", SHLIB_EXT)), paste0("libs", R_ARCH))
put("supervisor-client", "exec")
