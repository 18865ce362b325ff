# Reading what a job has finished, from a downloaded folder of its results: also while the job runs, or after it was stopped.

#' Results of a job from a downloaded folder
#'
#' @param dir folder made by \code{foreach-fleet results JOB --to DIR --all}
#' @param loops numbers of the loops to read; \code{NULL}: all
#' @return a list with one element per loop, named by its number: the values of its finished iterations, in order and named by iteration. Attribute
#'   \code{"damaged"}: data frame of the results that could not be read (loop, iteration, why).
#' @export
readResults <- function(dir, loops = NULL) {
  entries <- newest_entries(result_entries(dir))
  if (!is.null(loops)) entries <- entries[entries$loop %in% loops, , drop = FALSE]
  read_entries(dir, entries)
}

read_entries <- function(dir, entries) {
  parts <- new.env(parent = emptyenv())
  read <- lapply(seq_len(nrow(entries)), function(k) tryCatch(list(value = read_result(dir, entries[k, ], parts)), error = function(e) e))
  good <- !vapply(read, inherits, NA, "error")
  results <- lapply(split(which(good), entries$loop[good]), function(rows) {
    stats::setNames(lapply(read[rows], function(one) one$value), whole(entries$iteration[rows]))
  })
  bad <- which(!good)
  if (length(bad)) {
    attr(results, "damaged") <- data.frame(loop = entries$loop[bad], iteration = entries$iteration[bad], why = vapply(read[bad], conditionMessage, ""))
    warning(length(bad), " of ", nrow(entries), " results could not be read: see attr(, \"damaged\")", call. = FALSE)
  }
  results
}

#' The value of a loop so far
#'
#' What the loop would have returned if only its finished iterations existed.
#' @param dir as in \code{readResults}
#' @param loop number of the loop, in the order in which the script began them; \code{NULL}: the last one that has results
#' @param .combine,.init,.final,.multicombine,.maxcombine as in the loop itself, see \code{\link[foreach]{foreach}}; without any of them, those of
#'   the loop, if they were recorded
#' @return the combined value; attribute-free, so that it equals the loop's own once all iterations are there
#' @rdname readResults
#' @export
partialValue <- function(dir, loop = NULL, .combine, .init, .final = NULL, .multicombine = FALSE, .maxcombine = if (.multicombine) 100 else 2) {
  if (is.null(loop)) loop <- max(0, result_entries(dir)$loop)
  if (missing(.combine) && missing(.init) && missing(.final)) {
    shape <- unpack_combine(loop_descriptions(dir)[[whole(loop)]])$shape
    if (!is.null(shape)) return(recorded_value(dir, loop)$value)
  }
  values <- readResults(dir, loop)[[whole(loop)]]
  arguments <- list(value = values, .final = .final)
  if (!missing(.combine)) {
    arguments$.combine <- .combine
    # foreach() itself knows which functions take many arguments
    if (!missing(.multicombine)) arguments <- c(arguments, list(.multicombine = .multicombine, .maxcombine = .maxcombine))
  }
  if (!missing(.init)) arguments$.init <- .init
  accumulated(do.call(foreach::foreach, arguments), values)
}

# The whole ledger, or its segments: one line per finished iteration
result_entries <- function(dir) {
  paths <- file.path(dir, "ledger.jsonl")
  if (!file.exists(paths)) paths <- Sys.glob(file.path(dir, "attempt-*", "ledger", "*.jsonl"))
  if (!length(paths)) stop("no ledger in ", dir, ": download the results with --all", call. = FALSE)
  lines <- unlist(lapply(paths, readLines, warn = FALSE, encoding = "UTF-8"))
  # a line may be torn while the ledger is being written
  parsed <- Filter(Negate(is.null), lapply(lines[nzchar(lines)], function(line) tryCatch(jsonlite::fromJSON(line), error = function(e) NULL)))
  number <- function(field) vapply(parsed, function(entry) as.numeric(or_else(entry[[field]], NA)), 0)
  text <- function(field) vapply(parsed, function(entry) as.character(or_else(entry[[field]], NA)), "")
  data.frame(loop = number("loop"), iteration = number("iteration"), attempt = number("attempt"), object = text("object"), part = text("part"),
             sha256 = text("sha256"), key = text("key"))
}

# An iteration that ran in several attempts counts with its newest result.
newest_entries <- function(entries) {
  entries <- entries[!is.na(entries$loop) & !is.na(entries$iteration), , drop = FALSE]
  entries <- entries[order(entries$loop, entries$iteration, ifelse(is.na(entries$attempt), 0, entries$attempt)), , drop = FALSE]
  entries[!duplicated(entries[c("loop", "iteration")], fromLast = TRUE), , drop = FALSE]
}

# parts: files that hold many results, read once
read_result <- function(dir, entry, parts = new.env(parent = emptyenv())) {
  path <- file.path(dir, entry$object)
  # object names in the bucket begin with the job's
  if (!file.exists(path)) path <- file.path(dir, sub("^[^/]*/", "", entry$object))
  if (!file.exists(path)) stop("file ", entry$object, " is missing")
  if (!is.na(entry$part) && is.null(parts[[path]])) parts[[path]] <- readRDS(path)
  bytes <- if (is.na(entry$part)) readBin(path, "raw", file.size(path)) else parts[[path]][[entry$part]]
  if (!is.raw(bytes)) stop("file ", entry$object, " has no part ", entry$part)
  if (!is.na(entry$sha256) && !identical(digest::digest(bytes, algo = "sha256", serialize = FALSE), entry$sha256)) stop("its SHA-256 differs")
  unserialize(bytes)
}
