# Redis was killed and lost its last second: results that the driver fetched in that second are on its disk, and neither Redis nor the bucket knows of
# them. They are journalled again, so that the back-up sees them. The disk outlives the driver's R, so it is asked after each of its starts, too.

restore_lost_of_loop <- function(f, L) {
  f$restored_at_cut <- f$con$cuts
  if (!f$durable || !L$executed || (f$con$cuts == 0L && !or_else(L$recovered, 0L))) return(invisible())
  restore_lost_results(f$con, f$inputs, L$number, L$spill, L$count)
}

# Before the driver ends: of all loops, if Redis was away since the last one ended, or if nobody knows (the script has ended R itself).
restore_lost_of_all <- function(s) {
  f <- .fleet$driver
  if (!is.null(f) && f$con$cuts == or_else(f$restored_at_cut, 0L)) return(invisible())
  paths <- list.files(journal_dir(s), "^loop-[0-9]+\\.index$", full.names = TRUE)
  for (path in paths) {
    number <- as.numeric(sub(".*loop-([0-9]+)\\.index$", "\\1", path))
    total <- suppressWarnings(as.numeric(or_else(redis_call(s$con, "HGET", fleet_key("loop", number), "total"), "")))
    spill <- list2env(list(index_path = path, data_path = sub("index$", "values", path)), parent = emptyenv())
    restore_lost_results(s$con, s$inputs, number, spill, if (is.na(total)) Inf else total)
    close_spill(spill)
  }
}

restore_lost_results <- function(con, inputs, number, spill, count) {
  flags <- bit_flags(redis_send(con, list(list("GET", fleet_key("done", number))), raw = TRUE)[[1]])
  mine <- read_index(spill)
  mine <- mine[mine$i <= count & mine$key != NO_KEY & mine$origin == OWN & !(flags[mine$i + 1] %in% TRUE), , drop = FALSE]
  w <- list(con = con, pod = or_else(.fleet$pod, "driver"), node = or_else(.fleet$node, ""), attempt = or_else(.fleet$attempt, 1L), inputs = inputs)
  for (k in seq_len(nrow(mine))) {
    bytes <- spill_read(spill, mine$offset[k], mine$bytes[k])
    entry <- list(i = mine$i[k], key = mine$key[k], v = bytes, bytes = as.numeric(length(bytes)), seconds = mine$seconds[k], started_at = now_seconds(),
                  warning_count = 0)
    journal_store(w, number, list(upload_large(w, number, entry)))
    acknowledge(list(con = con, durable = TRUE), list(number = number), mine$i[k])
  }
  if (nrow(mine)) say("loop %s: %d results that Redis had lost were journalled again", whole(number), nrow(mine))
}
