# The value of a loop so far, combined as the loop itself does it: from a downloaded folder of results and the loops'
# descriptions in it.

# The newest description of each loop, named by its number
loop_descriptions <- function(dir) {
  paths <- sort(Sys.glob(file.path(dir, "attempt-*", "loops", "*.jsonl")))
  lines <- unlist(lapply(paths, readLines, warn = FALSE, encoding = "UTF-8"))
  parsed <- Filter(function(one) is.list(one) && length(one$loop), read_lines_of_json(lines))
  attempts <- vapply(parsed, function(one) as.numeric(or_else(one$attempt, 0)), 0)
  parsed <- parsed[order(attempts)] # lines of one attempt are in order
  names(parsed) <- vapply(parsed, function(one) whole(one$loop), "")
  parsed[!duplicated(names(parsed), fromLast = TRUE)]
}

# list(shape, keys, all), or NULL when nothing is recorded
unpack_combine <- function(description) {
  if (is.null(description$combine)) return(NULL)
  combine <- unpack_text(description$combine)
  if (identical(combine$version, 1L)) combine
}

# Results that were computed with what the loop depends on now: of changed code or arguments, older ones stay in the
# bucket but do not count.
entries_that_count <- function(entries, description, combine) {
  if (is.null(description$prefix)) return(newest_entries(entries))
  key <- sub("~.*", "", entries$key)
  valid <- startsWith(key, paste0(description$prefix, "-"))
  known <- entries$iteration <= length(combine$keys)
  valid[known] <- key[known] == sub("~.*", "", combine$keys[entries$iteration[known]])
  if (isTRUE(combine$all)) valid <- valid & known
  newest_entries(entries[valid, , drop = FALSE])
}

# list(value, count, damaged) of one loop; errors when its .combine cannot be had, or fails
recorded_value <- function(dir, loop, entries = result_entries(dir),
                           description = loop_descriptions(dir)[[whole(loop)]]) {
  combine <- unpack_combine(description)
  counted <- entries_that_count(entries[entries$loop %in% loop, , drop = FALSE], description, combine)
  results <- suppressWarnings(read_entries(dir, counted))
  values <- or_else(results[[whole(loop)]], list())
  if (is.null(combine)) stop("how this loop combines its results is not recorded", call. = FALSE)
  list(value = shaped_value(values, combine$shape), count = length(values), damaged = NROW(attr(results, "damaged")))
}

# For `foreach-fleet results --partial`: writes loop-<l>.partial.rds of every loop, and says in partial.json what each
# is.
write_partial_values <- function(dir) {
  descriptions <- loop_descriptions(dir)
  entries <- tryCatch(result_entries(dir), error = function(e) NULL)
  loops <- sort(unique(c(entries$loop, as.numeric(names(descriptions)))))
  told <- lapply(loops, function(loop) write_partial_value(dir, loop, entries, descriptions[[whole(loop)]]))
  writeLines(to_json(told), file.path(dir, "partial.json"), useBytes = TRUE)
  invisible(told)
}

write_partial_value <- function(dir, loop, entries, description) {
  file <- sprintf("loop-%s.partial.rds", whole(loop))
  unlink(file.path(dir, file)) # never one of an earlier call
  about <- list(loop = loop, label = description$label, total = description$total, combined = 0, damaged = 0,
                file = NULL, problem = NULL)
  if (!any(entries$loop == loop)) return(about)
  warnings <- character()
  tryCatch(withCallingHandlers({
    got <- recorded_value(dir, loop, entries, description)
    about$combined <- got$count
    about$damaged <- got$damaged
    if (got$count) {
      saveRDS(got$value, file.path(dir, file))
      about$file <- file
    }
  }, warning = function(w) {
    warnings <<- unique(c(warnings, conditionMessage(w)))
    tryInvokeRestart("muffleWarning")
  }), error = function(e) about$problem <<- conditionMessage(e))
  about$warnings <- as.list(warnings)
  about
}

# The value of what is there. Nested loops: of each turn of the outer loop first. An iteration without a result counts
# as one that was removed, so that what is left has the names and the order that the loop gives it.
shaped_value <- function(values, shape, places = as.numeric(names(values))) {
  if (is.null(shape$outer)) return(combined_value(values, places, shape))
  ends <- cumsum(shape$sizes)
  if (length(places) && max(places) > utils::tail(ends, 1L)) {
    stop("the description of these nested loops does not reach so far", call. = FALSE)
  }
  turn <- findInterval(places - 1, ends) + 1L
  shown <- sort(unique(c(turn, which(shape$sizes == 0L))))
  before <- ends - shape$sizes
  inner <- lapply(shown, function(j) combined_value(values[turn == j], places[turn == j] - before[j], shape$inner))
  shaped_value(inner, shape$outer, shown)
}

combined_value <- function(values, places, info) {
  obj <- foreach::foreach(value = NULL)
  obj$errorHandling <- info$handling
  obj$combineInfo <- info
  accumulated(obj, values, places)
}

# foreach's own accumulator does it, so that the result equals the loop's once all iterations are there.
accumulated <- function(obj, values, places = seq_along(values)) {
  it <- iter(obj)
  # the accumulator must know the end before the last value arrives
  it$state$numValues <- as.integer(max(0, places))
  it$state$stopped <- TRUE
  missing_one <- it
  missing_one$errorHandling <- "remove"
  gap <- simpleError("no result")
  at <- 0
  for (k in seq_along(values)) {
    for (tag in seq_len(places[k] - at - 1)) accumulate(missing_one, gap, as.integer(at + tag))
    accumulate(it, values[[k]], as.integer(places[k]))
    at <- places[k]
  }
  getResult(it)
}
