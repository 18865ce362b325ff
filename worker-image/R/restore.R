# Redis was killed and lost its last second: results that the driver fetched in that second are on its disk, and neither
# Redis nor the bucket knows of them. They are journalled again, so that the back-up sees them: of all loops, for one
# may have ended in that second and another one begun.

# At the end of a loop, and before the driver ends: once for each cut, and once for a driver that was started again, as
# its disk outlives its R.
restore_lost_results <- function(fleet) {
  cuts <- fleet$con$cuts
  if (!fleet$durable || identical(cuts, fleet$restored_at_cut)) return(invisible())
  restore_from_disk(fleet$con, fleet$inputs, fleet$journal, if (fleet$emptied) saved_results(fleet$con))
  fleet$restored_at_cut <- cuts
  fleet$emptied <- FALSE
}

# saved: what the bucket is known to have, by loop
restore_from_disk <- function(con, inputs, journal, saved = NULL) {
  for (path in list.files(journal, "^loop-[0-9]+\\.index$", full.names = TRUE)) {
    number <- as.numeric(sub(".*loop-([0-9]+)\\.index$", "\\1", path))
    spill <- list2env(list(index_path = path, data_path = sub("index$", "values", path)), parent = emptyenv())
    restore_loop(con, inputs, number, spill, saved[[whole(number)]])
    close_spill(spill)
  }
}

restore_loop <- function(con, inputs, number, spill, saved = NULL) {
  replies <- redis_send(con, list(list("GET", done_key(number)), ask_loop(number, "total")), raw = TRUE)
  flags <- bit_flags(replies[[1]])
  total <- suppressWarnings(as.numeric(rawToChar(or_else(replies[[2]], raw())))) # NA: not known, or not yet
  mine <- read_index(spill)
  own <- mine$key != NO_KEY & mine$origin == OWN & mine$i <= (if (is.na(total)) Inf else total)
  mine <- mine[own & !(flags[mine$i + 1] %in% TRUE), , drop = FALSE]
  known <- vapply(seq_len(nrow(mine)), function(k) {
    identical(get0(whole(mine$i[k]), envir = or_else(saved, emptyenv()), inherits = FALSE)$key, mine$key[k])
  }, NA)
  # a late duplicate of such a result is refused, as before
  if (any(known)) redis_send(con, lapply(whole(mine$i[known]), function(i) list("SETBIT", done_key(number), i, "1")))
  mine <- mine[!known, , drop = FALSE]
  worker <- list(con = con, pod = or_else(.fleet$pod, "driver"), node = or_else(.fleet$node, ""),
                 attempt = or_else(.fleet$attempt, 1L), inputs = inputs)
  for (k in seq_len(nrow(mine))) {
    bytes <- spill_read(spill, mine$offset[k], mine$bytes[k])
    entry <- list(i = mine$i[k], key = mine$key[k], v = bytes, bytes = as.numeric(length(bytes)),
                  seconds = mine$seconds[k], started_at = now_seconds(), warning_count = 0)
    journal_store(worker, number, list(upload_large(worker, number, entry)))
    acknowledge(list(con = con, durable = TRUE), list(number = number), mine$i[k])
  }
  if (nrow(mine)) say("loop %s: %d results that Redis had lost were journalled again", whole(number), nrow(mine))
}
