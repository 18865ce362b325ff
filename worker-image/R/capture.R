# What a task prints: shown in the worker's log, each line marked with loop and iteration, and kept for error reports.

MAX_OUTPUT <- 8192L

# One file takes the printed output of a whole batch; after each iteration what is new is marked and shown.
start_capture <- function() {
  path <- tempfile("output")
  con <- file(path, "wb")
  sink(con)
  depth <- sink.number()
  seen <- 0
  mark <- ""
  kept <- character()
  show <- function(lines) {
    kept <<- c(kept, lines)
    write_line(paste0(mark, lines, collapse = "\n"), 2L)
  }
  list(
    begin = function(new_mark) {
      mark <<- new_mark
      kept <<- character()
    },
    add = function(text) show(strsplit(text, "\n", fixed = TRUE)[[1]]),
    end = function() {
      while (sink.number() > depth) sink()
      flush(con)
      size <- file.size(path)
      if (size > seen) {
        lines <- read_part(path, seen, size)
        seen <<- size
        show(lines)
      }
      text <- paste(kept, collapse = "\n")
      if (nchar(text) > MAX_OUTPUT) paste0("...", substr(text, nchar(text) - MAX_OUTPUT + 1L, nchar(text))) else text
    },
    stop = function() {
      while (sink.number() >= depth) sink()
      close(con)
      unlink(path)
    })
}

read_part <- function(path, from, to) {
  input <- file(path, "rb")
  on.exit(close(input))
  seek(input, from)
  bytes <- readBin(input, "raw", to - from)
  text <- rawToChar(bytes[bytes != 0L])
  Encoding(text) <- "UTF-8"
  strsplit(sub("\n$", "", text), "\n", fixed = TRUE)[[1]]
}
