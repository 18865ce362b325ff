# A loop that ends at its first error ends with the error of the lowest iteration that fails, as %do% does: whichever
# worker is the quickest. So when an error is known, nothing above it begins any more, and everything below it is
# brought to its end. What runs, waits, is lost and runs again, or is asked about once more. That is all that the right
# error costs. What runs above it is not waited for.

# Errors that are combined are kept nowhere else.
note_lowest_error <- function(loop, i, cond) {
  if (is.null(loop$lowest_error) || i < loop$lowest_error$i) loop$lowest_error <- list(i = i, cond = cond)
}

# TRUE: no iteration below the lowest failed one can fail any more. What is finished stays in the journal.
stopped_early <- function(fleet, loop) {
  if (is.null(loop$lowest_error) || !stops_at_errors(fleet, loop)) return(FALSE)
  first <- loop$lowest_error$i
  if (!identical(loop$ends_at, first)) withdraw_above(fleet, loop, first)
  if (any(items_with(loop$window, c(PENDING, QUEUED, HELD)) < first)) return(FALSE)
  loop$stop_error <- loop_error(loop$lowest_error$cond, first, loop$expr)
  TRUE
}

# Of the tasks that wait, those that are above it altogether. Removing one by its bytes is safe: a worker that is
# quicker has it.
withdraw_above <- function(fleet, loop, first) {
  loop$ends_at <- first
  tasks <- redis_send(fleet$con, list(list("LRANGE", queue_key(), "0", "-1")), raw = TRUE)[[1]]
  batches <- lapply(tasks, function(bytes) tryCatch(batch_of(unserialize(bytes)), error = function(e) NULL))
  above <- vapply(batches, function(batch) is_run_of(batch$run, loop$number) && min(batch$i) >= first, NA)
  if (!any(above)) return(invisible())
  removed <- redis_send(fleet$con, lapply(tasks[above], function(bytes) list("LREM", queue_key(), "1", bytes)))
  for (batch in batches[above][unlist(removed) > 0]) requeue(loop$window, batch$i)
}

# Pure: of iterations those that are still wanted
wanted_items <- function(loop, items) if (is.null(loop$ends_at)) items else items[items < loop$ends_at]
