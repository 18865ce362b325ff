# Structured lines on stdout (the control plane reads them as events) and plain lines for people on stderr.

to_json <- function(x) {
  as.character(jsonlite::toJSON(x, auto_unbox = TRUE, null = "null", na = "null", digits = 15, force = TRUE))
}

write_line <- function(text, fd = 1L) invisible(.Call(fleet_write, fd, charToRaw(paste0(enc2utf8(text), "\n"))))

# One line of progress. Outside a job (a laptop session) nothing is printed: there nobody reads it.
emit <- function(event, ..., kind = "progress") {
  if (is.null(.fleet$job)) return(invisible())
  head <- list(ff = kind, job = .fleet$job, attempt = .fleet$attempt)
  if (kind == "progress") head <- c(head, list(from = .fleet$role, event = event))
  write_line(to_json(c(head, list(...))))
}

say <- function(...) write_line(paste0("foreach-fleet: ", sprintf(...)), 2L)

file_size_text <- function(bytes) {
  if (bytes >= 2^30) return(sprintf("%.1f GiB", bytes / 2^30))
  if (bytes >= 2^20) return(sprintf("%.1f MiB", bytes / 2^20))
  sprintf("%.0f KiB", ceiling(bytes / 1024))
}
