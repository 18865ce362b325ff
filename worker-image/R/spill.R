# The driver's own copy of the results of a loop, on its disk: a driver that is started again in the same place reads them from here, and the
# memory it needs does not grow with what the loop returns. Two files: the values, one after another, and an index line for each.

open_spill <- function(dir, loop) {
  dir.create(dir, recursive = TRUE, showWarnings = FALSE)
  s <- new.env(parent = emptyenv())
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

# The last complete line of an iteration counts; a line is written after its value.
read_index <- function(s) {
  empty <- data.frame(i = numeric(), key = character(), offset = numeric(), bytes = numeric(), seconds = numeric())
  if (!file.exists(s$index_path)) return(empty)
  lines <- strsplit(readLines(s$index_path, warn = FALSE), " ", fixed = TRUE)
  lines <- lines[vapply(lines, function(parts) length(parts) == 6L && parts[6] == ".", NA)]
  if (!length(lines)) return(empty)
  column <- function(k) vapply(lines, `[[`, "", k)
  entries <- data.frame(i = as.numeric(column(1)), key = column(2), offset = as.numeric(column(3)), bytes = as.numeric(column(4)), seconds = as.numeric(column(5)))
  entries <- entries[entries$offset + entries$bytes <= file.size(s$data_path), , drop = FALSE]
  entries[!duplicated(entries$i, fromLast = TRUE), , drop = FALSE]
}

# Appends values (a list of raw vectors); returns their offsets. Nothing is safe before spill_flush().
spill_write <- function(s, i, key, values, seconds) {
  bytes <- lengths(values)
  offsets <- s$size + cumsum(c(0, bytes[-length(bytes)]))
  for (value in values) writeBin(value, s$data)
  s$size <- s$size + sum(bytes)
  cat(sprintf("%.0f %s %.0f %.0f %.6g .\n", i, key, offsets, bytes, seconds), file = s$index, sep = "")
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
