# The driver's own copy of the results of a loop, on its disk. A driver that is started again in the same place reads
# them from here. The memory that it needs does not grow with what the loop returns. Two files: the values, one after
# another, and an index line for each.

# lasting: every value is written. Otherwise, when nobody will be able to read it later, only what finds no room in the
# cache.
open_spill <- function(dir, loop, lasting = TRUE) {
  dir.create(dir, recursive = TRUE, showWarnings = FALSE)
  path <- function(what) file.path(dir, sprintf("loop-%s.%s", whole(loop), what))
  spill <- new_record(
    lasting = lasting,
    data_path = path("values"),
    index_path = path("index"),
    data = file(path("values"), "ab"),
    index = file(path("index"), "ab"),
    input = NULL,   # opened when a value is read
    entries = NULL, # what was there when it was opened
    size = file.size(path("values")))
  spill$entries <- read_index(spill)
  if (nrow(spill$entries)) cat("\n", file = spill$index) # the last line may be torn
  spill
}

NO_KEY <- "-" # in place of the key: what lines before say about this iteration does not count any more
OWN <- "."    # how a line ends: the value came through Redis, which may have lost it since,
REMOTE_COPY <- "r" # or it is a copy of what the bucket has

# The last complete line of an iteration counts; a line is written after its value.
read_index <- function(spill) {
  lines <- if (file.exists(spill$index_path)) readLines(spill$index_path, warn = FALSE) else character()
  columns <- .Call(fleet_columns, lines, "ntnnnt")
  names(columns) <- c("i", "key", "offset", "bytes", "seconds", "origin")
  entries <- structure(columns, class = "data.frame", row.names = .set_row_names(length(columns$i)))
  is_there <- entries$offset + entries$bytes <= or_else(file.size(spill$data_path), 0)
  entries <- entries[entries$origin %in% c(OWN, REMOTE_COPY) & is_there, , drop = FALSE]
  entries[!duplicated(entries$i, fromLast = TRUE), , drop = FALSE]
}

spill_forget <- function(spill, i) spill_write(spill, i, NO_KEY, list(raw()), 0)

# Appends values (a list of raw vectors); returns their offsets. Nothing is safe before spill_flush().
spill_write <- function(spill, i, key, values, seconds, origin = OWN) {
  bytes <- lengths(values)
  offsets <- spill$size + cumsum(c(0, bytes[-length(bytes)]))
  writeBin(if (length(values) == 1L) values[[1]] else unlist(values), spill$data)
  spill$size <- spill$size + sum(bytes)
  cat(sprintf("%.0f %s %.0f %.0f %.6g %s\n", i, key, offsets, bytes, seconds, origin), file = spill$index, sep = "")
  offsets
}

# Data before index: an index line never points at bytes that are not there.
spill_flush <- function(spill) {
  flush(spill$data)
  flush(spill$index)
}

spill_read <- function(spill, offset, bytes) {
  if (is.null(spill$input)) spill$input <- file(spill$data_path, "rb")
  seek(spill$input, offset)
  value <- readBin(spill$input, "raw", bytes)
  if (length(value) != bytes) stop("the driver's copy of the results on disk is incomplete: ", spill$data_path)
  value
}

close_spill <- function(spill, remove = FALSE) {
  for (con in list(spill$data, spill$index, spill$input)) if (!is.null(con)) close(con)
  spill$data <- spill$index <- spill$input <- NULL
  if (remove) unlink(c(spill$data_path, spill$index_path))
}
