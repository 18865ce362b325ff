# Loops that end every R that loads them. One iteration that was given up because R died while it loaded (loading.R)
# says little: its worker may be the cause. Perhaps nobody has computed anything of the loop, nobody is at it, and
# nobody is still loading since then. Then all other iterations would only end more R processes, each several times.
# They fail at once, for the same reason, as where a package is not there.

settle_loading <- function(fleet, loop) {
  if (is.null(loop$load_error)) return(invisible())
  if (!loop$unloadable) {
    read_workers(fleet)
    is_loaded <- loop$counters$executed > 0 || busy_tasks(fleet, loop) > 0L
    if (is_loaded || any_witness(fleet, loop)) return(invisible())
    stop_loading(fleet, loop)
  }
  fail_items(fleet, loop, items_with(loop$window, c(PENDING, QUEUED, HELD)), function(i) {
    fleet_error(sprintf("iteration %s was not begun: %s", whole(i), loop$load_error$why),
                c("fleetLoadError", "fleetLostError"))
  })
}

# Does any R load that loaded already when the first iteration was given up? It may be about to succeed. Those that
# began later say nothing: where all die, somebody has always just begun.
any_witness <- function(fleet, loop) {
  loading <- Filter(function(heard) isTRUE(heard$loading), fleet$workers)
  names <- paste(names(loading), vapply(loading, function(heard) whole(or_else(heard$pid, 0)), ""))
  loop$load_witnesses <- if (is.null(loop$load_witnesses)) names else intersect(loop$load_witnesses, names)
  length(loop$load_witnesses) > 0L
}

# What waits is not taken any more, and what a worker has taken it throws away before it loads.
stop_loading <- function(fleet, loop) {
  loop$unloadable <- TRUE
  say("loop %s: no worker can load it: %s", whole(loop$number), loop$load_error$why)
  redis_send(fleet$con, list(list("HSET", aborted_key(), loop$run, "1"),
                             list("DEL", queue_key(), queue_large_key())))
}
