# Reading what a job has finished, from a downloaded folder of its results: also while the job runs, or after it was
# stopped.

#' Results of a job, also of one that has not ended
#'
#' Each iteration is saved when it is finished, so that a loop has a value at any time. `readResults()` gives the single
#' values, `partialValue()` what the loop would have returned if it consisted of its finished iterations only.
#'
#' Every result is checked against the SHA-256 that its worker computed. Of an iteration that ran in several attempts
#' the newest counts.
#'
#' Results are R data, and R data can hold code: read only jobs that you trust.
#'
#' @param dir folder made by `foreach-fleet results JOB --to DIR --all`.
#' @param loops numbers of the loops to read; `NULL`: all.
#' @param loop number of one loop, in the order in which the script began them; `NULL`: the last one that has results.
#' @param .combine,.init,.final,.multicombine,.maxcombine as in the loop itself, see [foreach::foreach()]. Without
#'   `.combine`, `.init` and `.final`, those of the loop, if they were recorded (then results of code or arguments that
#'   have changed since are left out), else a list.
#' @return `readResults()`: a list with one element per loop, named by its number. Each is a list of the values of its
#'   finished iterations, in order and named by iteration. If some could not be read, a warning says so and the
#'   attribute `"damaged"` is a data frame of `loop`, `iteration` and `why`.
#'
#' `partialValue()`: the value of the loop so far. Once all iterations are there, and combined as the loop does it, it
#' is identical to what the loop returned. Only the errors that `.errorhandling = "pass"` puts into a loop's value are
#' left out here.
#' @seealso [replay()]; `vignette("laptop-to-cloud", package = "foreachfleet")` has an example with its output.
#' @examples
#' # foreach-fleet results heritability --to so-far --all
#' if (dir.exists("so-far")) {
#'   partialValue("so-far")
#'   partialValue("so-far", .combine = rbind)
#'   readResults("so-far", loops = 1)[["1"]][["17"]] # loop 1, iteration 17
#' }
#' @export
readResults <- function(dir, loops = NULL) {
  entries <- newest_entries(result_entries(dir))
  if (!is.null(loops)) entries <- entries[entries$loop %in% loops, , drop = FALSE]
  read_entries(dir, entries)
}

read_entries <- function(dir, entries) {
  parts <- new.env(parent = emptyenv())
  read <- lapply(seq_len(nrow(entries)), function(k) {
    tryCatch(list(value = read_result(dir, entries[k, ], parts)), error = function(e) e)
  })
  good <- !vapply(read, inherits, NA, "error")
  results <- lapply(split(which(good), entries$loop[good]), function(rows) {
    stats::setNames(lapply(read[rows], function(one) one$value), whole(entries$iteration[rows]))
  })
  bad <- which(!good)
  if (length(bad)) {
    attr(results, "damaged") <- data.frame(loop = entries$loop[bad], iteration = entries$iteration[bad],
                                           why = vapply(read[bad], conditionMessage, ""))
    warning(length(bad), " of ", nrow(entries), " results could not be read: see attr(, \"damaged\")", call. = FALSE)
  }
  results
}

#' @rdname readResults
#' @export
partialValue <- function(dir, loop = NULL, .combine, .init, .final = NULL, .multicombine = FALSE,
                         .maxcombine = if (.multicombine) 100 else 2) {
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
    if (!missing(.multicombine)) {
      arguments <- c(arguments, list(.multicombine = .multicombine, .maxcombine = .maxcombine))
    }
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
  parsed <- read_lines_of_json(lines)
  number <- function(field) vapply(parsed, function(entry) as.numeric(or_else(entry[[field]], NA)), 0)
  text <- function(field) vapply(parsed, function(entry) as.character(or_else(entry[[field]], NA)), "")
  data.frame(loop = number("loop"), iteration = number("iteration"), attempt = number("attempt"),
             object = text("object"), part = text("part"),
             sha256 = text("sha256"), key = text("key"))
}

# A line may be torn while the file is being written: it is left out.
read_lines_of_json <- function(lines) {
  read <- function(line) tryCatch(jsonlite::fromJSON(line), error = function(e) NULL)
  Filter(Negate(is.null), lapply(lines[nzchar(lines)], read))
}

# An iteration that ran in several attempts counts with its newest result.
newest_entries <- function(entries) {
  entries <- entries[!is.na(entries$loop) & !is.na(entries$iteration), , drop = FALSE]
  attempt <- ifelse(is.na(entries$attempt), 0, entries$attempt)
  entries <- entries[order(entries$loop, entries$iteration, attempt), , drop = FALSE]
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
  if (!is.na(entry$sha256) && !identical(sha256(bytes), entry$sha256)) stop("its SHA-256 differs")
  unserialize(bytes)
}
