# The driver's own copy of the results of a loop, on its disk: a driver that is started again in the same place reads them from here, and the
# memory it needs does not grow with what the loop returns. Two files: the values, one after another, and an index line for each.

# lasting: every value is written. Otherwise, when nobody will be able to read it later, only what finds no room in the cache.
open_spill <- function(dir, loop, lasting = TRUE) {
  dir.create(dir, recursive = TRUE, showWarnings = FALSE)
  s <- new.env(parent = emptyenv())
  s$lasting <- lasting
  s$data_path <- file.path(dir, sprintf("loop-%s.values", whole(loop)))
  s$index_path <- file.path(dir, sprintf("loop-%s.index", whole(loop)))
  s$entries <- read_index(s)
  s$size <- if (file.exists(s$data_path)) file.size(s$data_path) else 0
  s$data <- file(s$data_path, "ab")
  s$index <- file(s$index_path, "ab")
  if (nrow(s$entries)) cat("\n", file = s$index) # the last line may be torn
  s$input <- NULL
  s
}

NO_KEY <- "-" # in place of the key: what lines before say about this iteration does not count any more
OWN <- "."    # how a line ends: the value came through Redis, which may have lost it since,
REMOTE_COPY <- "r" # or it is a copy of what the bucket has

# The last complete line of an iteration counts; a line is written after its value.
read_index <- function(s) {
  lines <- if (file.exists(s$index_path)) readLines(s$index_path, warn = FALSE) else character()
  columns <- .Call(fleet_columns, lines, "ntnnnt")
  names(columns) <- c("i", "key", "offset", "bytes", "seconds", "origin")
  entries <- structure(columns, class = "data.frame", row.names = .set_row_names(length(columns$i)))
  entries <- entries[entries$origin %in% c(OWN, REMOTE_COPY) & entries$offset + entries$bytes <= or_else(file.size(s$data_path), 0), , drop = FALSE]
  entries[!duplicated(entries$i, fromLast = TRUE), , drop = FALSE]
}

spill_forget <- function(s, i) spill_write(s, i, NO_KEY, list(raw()), 0)

# Appends values (a list of raw vectors); returns their offsets. Nothing is safe before spill_flush().
spill_write <- function(s, i, key, values, seconds, origin = OWN) {
  bytes <- lengths(values)
  offsets <- s$size + cumsum(c(0, bytes[-length(bytes)]))
  writeBin(if (length(values) == 1L) values[[1]] else unlist(values), s$data)
  s$size <- s$size + sum(bytes)
  cat(sprintf("%.0f %s %.0f %.0f %.6g %s\n", i, key, offsets, bytes, seconds, origin), file = s$index, sep = "")
  offsets
}

# Data before index: an index line never points at bytes that are not there.
spill_flush <- function(s) {
  flush(s$data)
  flush(s$index)
}

spill_read <- function(s, offset, bytes) {
  if (is.null(s$input)) s$input <- file(s$data_path, "rb")
  seek(s$input, offset)
  value <- readBin(s$input, "raw", bytes)
  if (length(value) != bytes) stop("the driver's copy of the results on disk is incomplete: ", s$data_path)
  value
}

close_spill <- function(s, remove = FALSE) {
  for (con in list(s$data, s$index, s$input)) if (!is.null(con)) close(con)
  s$data <- s$index <- s$input <- NULL
  if (remove) unlink(c(s$data_path, s$index_path))
}
