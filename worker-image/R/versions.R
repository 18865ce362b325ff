# Versions of packages: what the session has, and whether a worker has the same. Installs and loads nothing.

package_versions <- function(packages) vapply(sort(unique(packages)), package_version_text, "")

package_version_text <- function(package) {
  tryCatch(as.character(utils::packageVersion(package)), error = function(e) "not installed")
}

# Of a package that is loaded already, the version that runs: its files may have been replaced since.
loaded_version_text <- function(package) {
  if (isNamespaceLoaded(package)) getNamespaceVersion(package)[[1]] else package_version_text(package)
}

# Results count under the driver's versions of the loop's packages: a worker with others would store wrong ones. R
# writes one version in two ways (7.3-58.2 and 7.3.58.2), so versions are compared as versions. The message names no
# worker: alike errors are one.
check_versions <- function(wanted) {
  for (package in names(wanted)[wanted != "not installed"]) {
    own <- loaded_version_text(package)
    if (own != "not installed" && utils::compareVersion(own, wanted[[package]]) == 0) next
    text <- sprintf("package %s has version %s on the worker and %s in the script's session", package,
                    gsub("-", ".", own), gsub("-", ".", wanted[[package]]))
    remedy <- "give workers and session the same version of it, then start the workers anew"
    stop(fleet_error(paste0(text, ": ", remedy), "fleetVersionError"))
  }
}
