# A Redis that came back empty: its pod was replaced, and its disk went with it. What the control plane reads (how
# driver and loops stand, descriptions) is written again at the driver's next look. Tasks and exports follow as after
# any loss (housekeeping.R), results at the end of the loop (restore.R).

# What is told of the driver and of each loop is kept for that.
tell_driver <- function(con, ...) {
  fields <- c(...)
  .fleet$told_driver[names(fields)] <- fields
  redis_call(con, "HSET", driver_key(), redis_pairs("driver", fields))
}

# The command that tells it
loop_command <- function(fleet, number, fields) {
  id <- whole(number)
  told <- or_else(fleet$told_loops[[id]], character())
  told[names(fields)] <- fields
  fleet$told_loops[[id]] <- told
  list("HSET", loop_key(number), redis_pairs("loop", fields))
}

# Where descriptions are kept: beside the journal, for they may be many.
descriptions_file <- function(fleet) file.path(fleet$journal, "descriptions.jsonl")

describe_in_redis <- function(fleet, json) {
  cat(json, "\n", sep = "", file = descriptions_file(fleet), append = TRUE)
  redis_run(fleet$con, description_command(json))
}

# `session` is what Redis has as the session: nothing when it came back empty.
check_session <- function(fleet, session) {
  if (identical(session, fleet$session)) return(invisible())
  if (length(session)) {
    stop(fleet_error("another session uses this Redis server now: one at a time can, or each with a prefix of its own",
                     "fleetSessionError"))
  }
  say("Redis came back empty: what is known of the loops is written again")
  fleet$emptied <- TRUE
  redis_send(fleet$con, state_commands(fleet))
  described <- if (file.exists(descriptions_file(fleet))) readLines(descriptions_file(fleet), encoding = "UTF-8")
  for (json in described) redis_run(fleet$con, description_command(json))
}

state_commands <- function(fleet) {
  numbers <- names(fleet$told_loops)
  driver <- .fleet$told_driver
  files <- Filter(function(object) object$way == "file", fleet$exported)
  sent <- vapply(files, function(object) export_line(object), "")
  seed <- sub("^~", "", fleet$key_suffix)
  c(list(list("MULTI"), list("SET", session_key(), fleet$session), list("SET", queue_live_key(), ""),
         list("DEL", loops_key())),
    if (length(driver)) list(list("HSET", driver_key(), redis_pairs("driver", driver))),
    if (length(numbers)) list(list("RPUSH", loops_key(), numbers)),
    lapply(numbers, function(id) loop_command(fleet, as.numeric(id), fleet$told_loops[[id]])),
    if (nzchar(seed)) list(list("SET", seed_key(), seed)),
    if (length(sent)) list(list("HSET", exports_key(), as.vector(rbind(names(sent), sent)))),
    list(list("EXEC")))
}

SAVED_PATIENCE_SECONDS <- 180

# What the bucket has already need not be saved again: by loop, an environment by iteration. Without an answer in time
# all counts as not saved.
saved_results <- function(con) {
  url <- await_url(con, "ledger", SAVED_PATIENCE_SECONDS, again = TRUE)
  if (is.null(url) || identical(url, NO_URL)) return(NULL)
  path <- file.path(scratch_dir(), "saved.jsonl")
  download_to(function() url, path)
  read_ledger(path)
}
