# Stable keys: what an iteration's value depends on, as a short text that is the same in every run in which it is the
# same.
#
# A key has six parts, "code-exports-packages-random-settings-arguments", so that a difference says what changed. Values
# read from the job's data files count by their file; package functions by package version; other functions by formals,
# body and the captured variables they use. Methods and classes of the script count always, its functions and data when
# an iteration can reach them.

KEY_PARTS <- c("code", "exported objects", "packages", "random numbers", "settings", "arguments")

hash_value <- function(x, known = list()) .Call(fleet_hash, x, known)

# Of raw bytes, in hexadecimal
sha256 <- function(bytes) .Call(fleet_sum, bytes, "sha256")

short_hash <- function(x, known = list()) substr(hash_value(x, known), 1L, 12L)

# data_hashes: named character, names of objects that come unchanged from data files
loop_key_parts <- function(expr, carried, packages, seed, data_hashes = character()) {
  frames <- carried$levels[seq_len(carried$depth)]
  levels <- lapply(seq_along(carried$levels), function(k) copy_bindings(carried$levels[[k]], carried$used[[k]]))
  definitions <- carried$definitions
  script <- list(names(definitions$methods), names(definitions$classes), definition_functions(definitions))
  data <- data_hashes[order(as.character(names(data_hashes)), method = "radix")]
  versions <- package_versions(packages)
  places <- lapply(carried$attached, function(place) setdiff(place$behind, paste0("package:", ENGINE_PACKAGES)))
  c(code = short_hash(expr, frames),
    exports = short_hash(list(levels, script, names(data), unname(data), carried$present, places), frames),
    packages = short_hash(list(versions, paste(R.version$major, R.version$minor, sep = "."))),
    random = short_hash(seed))
}

# Why two keys differ, in words; the session seed that follows a "~" is not compared.
key_difference <- function(old, new) {
  a <- strsplit(sub("~.*", "", old), "-", fixed = TRUE)[[1]]
  b <- strsplit(sub("~.*", "", new), "-", fixed = TRUE)[[1]]
  if (length(a) != length(KEY_PARTS) || length(b) != length(KEY_PARTS)) return("recorded by another version")
  words <- KEY_PARTS
  words[5] <- settings_difference(a[5], b[5])
  if (any(a != b)) return(paste(words[a != b], collapse = ", "))
  if (grepl("!", old, fixed = TRUE)) "objects looked up by name" else ""
}
