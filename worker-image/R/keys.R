# Stable keys: what an iteration's value depends on, as a short text that is the same in every run in which it is the
# same.
#
# A key has six parts, "code-exports-packages-random-settings-arguments", so that a difference says what changed. Values
# read from the job's data files count by their file; package functions by package version; other functions by formals,
# body and the captured variables they use. Methods and classes of the script count always, its functions and data when
# an iteration can reach them, the arguments of its command line when an iteration may read them.

KEY_PARTS <- c("code", "exported objects", "packages", "random numbers", "settings", "arguments")

hash_value <- function(x, known = list()) .Call(fleet_hash, x, known)

# Of raw bytes, in hexadecimal
sha256 <- function(bytes) .Call(fleet_sum, bytes, "sha256")

MOST_NAMED_OBJECTS <- 6L
MOST_NAMED_BYTES <- 16 * 2^20 # of an object that is named: its digest is made twice

short_hash <- function(x, known = list()) substr(hash_value(x, known), 1L, 12L)

# data_hashes: named character, names of objects that come unchanged from data files
loop_key_parts <- function(expr, carried, packages, seed, data_hashes = character()) {
  frames <- sent_frames(carried)
  levels <- lapply(seq_along(carried$levels), function(k) copy_bindings(carried$levels[[k]], carried$used[[k]]))
  definitions <- carried$definitions
  methods <- definition_functions(definitions)
  script <- list(names(definitions$methods), names(definitions$classes), methods)
  data <- data_hashes[order_of_names(names(data_hashes))]
  versions <- package_versions(packages)
  places <- lapply(carried$attached, function(place) setdiff(place$behind, paste0("package:", ENGINE_PACKAGES)))
  reached <- list(levels, script, names(data), unname(data), carried$present, places)
  rare <- c(if (length(closed <- closed_levels(carried))) list(closed),
            if (length(carried$asked)) list(asked_parts(carried$asked, carried)))
  exports <- short_hash(c(reached, rare), frames)
  named <- c(object_parts(carried), as.list(stats::setNames(data, sprintf("o.%s", names(data)))))
  names(methods) <- definition_names(definitions)
  digests <- c(exports, named_digests(named, MOST_NAMED_OBJECTS, frames),
               named_digests(methods, MOST_NAMED_OBJECTS, frames, "methods"))
  c(code = short_hash(expr, frames),
    exports = paste(digests, collapse = "+"),
    packages = short_hash(list(versions, paste(R.version$major, R.version$minor, sep = "."))),
    random = short_hash(seed))
}

# What the loop uses, one by one: "f.NAME" of functions, "o.NAME" of others. Functions first: they change most.
object_parts <- function(carried) {
  parts <- unlist(lapply(seq_along(carried$levels), function(k) {
    level <- carried$levels[[k]]
    names <- sort_names(carried$used[[k]])
    is_function <- .Call(fleet_holds_function, level, names)
    one <- function(name) {
      part <- copy_bindings(level, name)
      if (.Call(fleet_weight, part, carried$levels, MOST_NAMED_BYTES) < MOST_NAMED_BYTES) part
    }
    stats::setNames(lapply(names, one), paste0(ifelse(is_function, "f.", "o."), names))
  }))
  parts <- parts[!vapply(parts, is.null, NA)]
  parts[order(!startsWith(or_else(names(parts), character()), "f."))]
}

# "m.NAME" of methods and of the tables of generics, "c.NAME" of classes
definition_names <- function(definitions) {
  tables <- sub(":.*", "", sub("^[.]__T__", "m.", names(definitions$classes)))
  c(sub("^[^ ]* ", "m.", names(definitions$methods)), sub("^[.]__C__", "c.", tables))
}

# Each name with four digits of its value's digest; beyond so many, one for all the others
named_digests <- function(parts, most, known = list(), others = "others") {
  rest <- parts[-seq_len(most)]
  if (length(rest)) parts <- c(parts[seq_len(most)], stats::setNames(list(rest), others))
  if (!length(parts)) return(NULL)
  names <- substr(gsub("[^A-Za-z0-9._]", "_", names(parts)), 1L, 40L)
  paste(names, vapply(parts, function(part) substr(hash_value(part, known), 1L, 4L), ""), sep = ":", collapse = "+")
}

# Names of those that differ between two texts of named_digests()
differing_names <- function(old, new) {
  a <- strsplit(old, "+", fixed = TRUE)[[1]]
  b <- strsplit(new, "+", fixed = TRUE)[[1]]
  unique(sub(":.*", "", grep(":", c(setdiff(a, b), setdiff(b, a)), fixed = TRUE, value = TRUE)))
}

KINDS_OF_OBJECTS <- c("^o[.]" = "object ", "^f[.]" = "function ", "^m[.]" = "method ", "^c[.]" = "class ")

objects_difference <- function(old, new) {
  names <- differing_names(old, new)
  words <- names
  for (kind in names(KINDS_OF_OBJECTS)) words <- sub(kind, KINDS_OF_OBJECTS[[kind]], words)
  words[names == "others"] <- "other objects"
  words[names == "methods"] <- "methods or classes"
  if (length(words)) paste(words, collapse = ", ") else KEY_PARTS[2]
}

# Why two keys differ, in words; the session seed that follows a "~" is not compared.
key_difference <- function(old, new) {
  a <- strsplit(sub("~.*", "", old), "-", fixed = TRUE)[[1]]
  b <- strsplit(sub("~.*", "", new), "-", fixed = TRUE)[[1]]
  if (length(a) != length(KEY_PARTS) || length(b) != length(KEY_PARTS)) return("recorded by another version")
  words <- KEY_PARTS
  words[2] <- objects_difference(a[2], b[2])
  words[5] <- settings_difference(a[5], b[5])
  if (any(a != b)) return(paste(words[a != b], collapse = ", "))
  if (grepl("!", old, fixed = TRUE)) "objects looked up by name" else ""
}
