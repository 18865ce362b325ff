# What a worker does between a task's arrival and its first iteration: packages, the loop's variables, arguments. R may
# die there as well (a package's .onLoad, memory that runs out), and would die with each task anew. So the supervisor's
# mark names the iteration already, and says what is loaded; and what has died so too often is given up before anything
# is loaded.

LOOP_DATA <- "the loop's data"
ITERATION_ARGUMENTS <- "the iteration's arguments"

tell_loading <- function(what) .Call(fleet_tell_loading, what)

begin_loading <- function(loop, i, what) {
  .Call(fleet_mark_loading, loop, i)
  tell_loading(what)
}

# FALSE: nothing of this task is to run. Reading the task itself is harmless: what may not be stands in it as bytes.
prepare_task <- function(worker, bytes) {
  batch <- tryCatch(batch_of(unserialize(bytes)), error = function(e) NULL)
  if (is.null(batch$run)) return(TRUE) # none of ours: doRedis finds out
  loop <- loop_of_run(batch$run)
  worker$session <- batch$session
  found <- look_before(worker, loop, batch, list("HGET", aborted_key(), batch$run))
  if (is.null(found) || length(found$also)) return(FALSE)
  tell_supervisor(worker, batch)
  for (k in which(!found$done)) {
    death <- death_of(worker, loop, batch, found, k)
    verdict <- if (nzchar(death$loading)) judge_deaths(worker, batch, death) else "run"
    if (verdict == "run" && is_for_others(worker, loop, death)) {
      give_back(worker, urgent = TRUE)
      return(FALSE)
    }
    if (verdict == "run") {
      worker$prepares <- death$i
      begin_loading(loop, death$i, LOOP_DATA)
      return(TRUE)
    }
    key <- .Call(fleet_key_texts, batch$prefix, batch$suffix, batch$digest, k)
    item <- list(i = death$i, key = key, args = batch$args[[k]])
    settle_deaths(worker, list(loop = loop), item, death, verdict)
  }
  FALSE
}

# R has died here while it loaded this iteration. Some worker has not tried yet: each tries once before any tries again.
is_for_others <- function(worker, loop, death) {
  path <- file.path(or_else(worker$state_dir, ""), "died-loading")
  if (!nzchar(death$loading) || !file.exists(path)) return(FALSE)
  mine <- paste(worker$session, paste0(whole(loop), ":", whole(death$i)))
  mine %in% readLines(path, warn = FALSE) && death$tries < length(ready_workers(worker))
}

# The first task of a loop: its packages and functions are loaded now, which may take long. Which iterations the task
# has is told when the first of them begins.
tell_busy_loading <- function(worker, key) {
  if (is_environment_key(key)) redis_send(worker$con, list(report_state(worker, "busy", loading = TRUE)))
}

# doRedis would read the description and load the packages just so. An error is its own to report.
load_description <- function(bytes) {
  description <- unserialize(bytes)
  leave_loading(.fleet$worker, description)
  for (package in description$packages) {
    tell_loading(paste("package", package))
    tryCatch(library(package, character.only = TRUE), error = function(e) NULL)
  }
  tell_loading(if (is.null(description$exportenv[["worker.init"]])) LOOP_DATA else "worker.init()")
  description
}

# --- arguments

# Reading a function or an environment may load packages: what is not plain travels as bytes, and is read when its
# iteration is next.
packed_arguments <- function(loop, args) {
  if (.Call(fleet_plain, args)) return(args) # nearly always, and there may be thousands of them
  lapply(args, function(one) if (.Call(fleet_plain, one)) one else serialize_scope(one, loop$carried))
}

read_arguments <- function(kept, loop, i, args) {
  if (!is.raw(args)) return(args)
  begin_loading(loop, i, ITERATION_ARGUMENTS)
  args <- read_with_frames(args, kept$frames)
  .Call(fleet_close_foreign, args)
  args
}
