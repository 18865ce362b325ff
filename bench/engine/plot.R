# Rscript plot.R RESULT.json FILE.svg: one panel per unit; a line for each row, a point at the median, a bar from least
# to greatest, peers beside ours.
arguments <- commandArgs(trailingOnly = TRUE)
result <- jsonlite::fromJSON(arguments[1], simplifyVector = FALSE)
rows <- Filter(function(row) row$ours$max > 0, result$rows)
units <- unique(vapply(rows, function(row) row$unit, ""))

# One line of the plot: ours appears once for rows that differ only in the peer.
lines_of <- function(rows) {
  seen <- character()
  lines <- list()
  for (row in rows) {
    ours <- list(label = row$what, who = "this engine", summary = row$ours)
    if (!row$what %in% seen) lines[[length(lines) + 1L]] <- ours
    seen <- c(seen, row$what)
    theirs <- list(label = "", who = row$peer$name, summary = row$peer$summary)
    if (!is.null(row$peer)) lines[[length(lines) + 1L]] <- theirs
  }
  lines
}

draw_panel <- function(unit) {
  lines <- lines_of(Filter(function(row) identical(row$unit, unit), rows))
  value <- function(field) vapply(lines, function(line) as.numeric(line$summary[[field]]), 0)
  low <- pmax(value("min"), max(value("max")) * 1e-6)
  y <- rev(seq_along(lines))
  ours <- vapply(lines, function(line) line$who == "this engine", NA)
  colour <- ifelse(ours, "#0b6e4f", "#8a8a8a")
  plot(range(low, value("max")), c(0.5, length(lines) + 0.5), type = "n", log = "x", yaxt = "n", xlab = unit, ylab = "",
       bty = "n", panel.first = grid(ny = NA))
  segments(low, y, value("max"), y, col = colour, lwd = 3)
  points(pmax(value("median"), low), y, pch = 19, col = colour, cex = 1.2)
  label <- vapply(lines, function(line) if (nzchar(line$label)) paste0(line$label, ": ", line$who) else line$who, "")
  axis(2, at = y, labels = label, las = 1, tick = FALSE, cex.axis = 0.9)
}

counts <- vapply(units, function(unit) length(lines_of(Filter(function(row) identical(row$unit, unit), rows))), 1L)
svg(arguments[2], width = 9, height = 1.2 + 0.9 * length(units) + 0.27 * sum(counts))
layout(matrix(seq_along(units)), heights = counts + 3)
par(mar = c(4, 22, 0.5, 1), oma = c(0, 0, 2, 0))
for (unit in units) draw_panel(unit)
title(paste0(result$name, ": median, least, greatest"), outer = TRUE, cex.main = 1.1)
invisible(dev.off())
