# Iterations for which memory ran out. Each goes, as a task of its own, to the queue of workers that have a machine's
# memory to themselves. The control plane has such workers while that queue holds something
# (functions/reconcile/plan-large.ts). Where nobody starts them, such a death is a try like any other.

# What is done with an iteration that has ended R before: "run", "move" or "give up". Deaths before the move do not
# count against the worker with more memory.
judge_deaths <- function(worker, batch, death) {
  if (death$tries == 0L) return("run")
  moves <- !worker$large && isTRUE(worker$inputs$tasks$moreMemory)
  if (moves && !is.null(batch$moved)) return("move") # its worker's machine was lost: the driver has returned it here
  here <- death$tries - or_else(batch$moved, 0L)
  if (here <= 0L) return("run")
  if (has_cause(death$cause, "memory")) {
    if (moves) return("move")
    if (worker$large) return("give up")
  }
  if (is_given_up(here, death$cause, batch$tries)) "give up" else "run"
}

# The task is taken as it lies in our list, for its number and its loop's id are nowhere else. When it is not there any
# more somebody has returned it, and will see what we see.
move_to_large <- function(worker, loop, k, tries) {
  held <- redis_send(worker$con, list(list("LINDEX", worker$held, "0")), raw = TRUE)[[1]]
  if (!is.raw(held)) return(invisible())
  task <- unserialize(held)
  batch <- part_of_batch(batch_of(task), k)
  batch$moved <- tries
  task$argsList[[1]]$fleet_batch <- batch
  redis_call(worker$con, "RPUSH", queue_large_key(), serialize(task, NULL))
  emit("more-memory", loop = loop, iteration = batch$i, worker = worker$pod)
}

# Pure: of a task's iterations the k-th alone
part_of_batch <- function(batch, k) {
  batch$i <- batch$i[k]
  batch$args <- batch$args[k]
  batch$digest <- batch$digest[DIGEST_BYTES * (k - 1L) + seq_len(DIGEST_BYTES)]
  batch
}
