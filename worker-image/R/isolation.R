# Children of a worker's R (src/isolate.c).
#
# A worker under a supervisor keeps an R that runs no code of the user: it has loaded the job's data, packages and large
# exported objects. A child of it takes tasks. When the child has died, or is dirty (renew.R), the next one has all that
# at once; nothing is loaded again. With `isolate = "iteration"` each iteration runs in a child of its own, of the R
# that has its task.
#
# Only an R with one thread can have children: what a thread holds at that moment stays locked in a child for ever. With
# a second one, all runs in one R, as without a supervisor.

LOADED_BEFORE_BYTES <- 16 * 2^20 # of a loop's objects: from here on the parent has them
MOST_NODES <- 3e6                # objects: a child's first full collection copies their pages, some 100 bytes each
DEATH_COUNTED_SECONDS <- 0.02 # between two looks

# Answers list(status, answer): the value of work(), which runs in the child; NULL of a child that has died.
in_child <- function(worker, work, forwards = FALSE) {
  folder <- tempfile("child")
  child <- .Call(fleet_fork)
  if (child[1] == 0L) become_child(worker, work, child[2], folder)
  runner <- if (forwards) file.path(worker$state_dir, "runner") # for the supervisor
  if (forwards) write_lines(whole(child[1]), runner)
  end <- .Call(fleet_await, child[1], child[2], forwards)
  unlink(runner)
  unlink(folder, recursive = TRUE)
  list(status = end[[1]], answer = if (!is.null(end[[2]])) unserialize(end[[2]]))
}

# Never returns, and nothing that the parent would do comes after it.
become_child <- function(worker, work, answer_to, folder) {
  on.exit(.Call(fleet_end, 256L)) # as exit status 1: an error, an interrupt
  close_connection(worker$con) # only this end of it: the parent goes on with its own
  take_folder(folder)
  if (!is.null(worker$state_dir)) .Call(fleet_output_keep, file.path(worker$state_dir, "output"))
  answer <- tryCatch(work(), fleet_child_end = function(c) c$answer,
                     fleet_leave = function(c) list(end = "left", reason = conditionMessage(c)))
  .Call(fleet_answer, answer_to, serialize(answer, NULL, xdr = FALSE))
}

end_child <- function(answer) {
  signalCondition(structure(class = c("fleet_child_end", "condition"),
                            list(message = "the end of a child", call = NULL, answer = answer)))
  stop("this R is no child")
}

# A session folder of its own, inside one that the parent removes whatever ends the child
take_folder <- function(folder) {
  dir.create(folder, recursive = TRUE)
  before <- Sys.getenv("TMPDIR", NA)
  Sys.setenv(TMPDIR = folder)
  .Call(fleet_forget_folder)
  tempdir(check = TRUE)
  if (is.na(before)) Sys.unsetenv("TMPDIR") else Sys.setenv(TMPDIR = before)
}

thread_obstacle <- function() {
  threads <- .Call(fleet_threads)
  if (is.na(threads)) return("its threads cannot be counted")
  if (threads > 1L) sprintf("%d threads run in it", threads)
}

# --- the R that has loaded everything

# Why this worker runs all in one R: a text, or NULL
child_obstacle <- function() {
  if (nzchar(Sys.getenv("FF_SINGLE_R"))) return("FF_SINGLE_R is set")
  nodes <- gc()[1, 1] # frees what loading has left, too: a child would not
  if (nodes > MOST_NODES) return(sprintf("it holds %.1f million objects, most of which a child copies", nodes / 1e6))
  thread_obstacle()
}

has_supervisor <- function(worker) {
  !is.null(worker$state_dir) && identical(Sys.getenv("FF_SUPERVISOR"), whole(.Call(fleet_parent)))
}

# work: takes tasks, and returns why it has ended. Returns that, too.
run_in_children <- function(worker, work) {
  if (!has_supervisor(worker)) return(work())
  obstacle <- child_obstacle()
  repeat {
    if (!is.null(obstacle)) {
      say("tasks run in the R that has loaded packages and data: %s", obstacle)
      return(work())
    }
    close_connection(worker$con)
    worker$parents <- list(packages = loadedNamespaces(), objects = lapply(worker$objects, function(o) o["bytes"]))
    end <- in_child(worker, function() list(end = "left", reason = work()), forwards = TRUE)
    worker$parents <- worker$ahead <- worker$loads_as <- NULL
    if (is.null(end$answer)) tell_death(worker, end$status)
    else if (end$answer$end == "left") return(end$answer$reason)
    if (.Call(fleet_termination)) return("asked to stop")
    if (!is.null(end$answer$needs)) {
      load_for_children(worker, end$answer$needs)
      obstacle <- child_obstacle()
    }
  }
}

# The supervisor counts the death and returns the task, as if all of R had died; then it removes the file.
tell_death <- function(worker, status) {
  path <- file.path(worker$state_dir, "ended")
  write_lines(whole(if (bitwAnd(status, 127L)) 128L + bitwAnd(status, 127L) else status %/% 256L), path)
  tools::pskill(.Call(fleet_parent), tools::SIGUSR1)
  while (file.exists(path)) Sys.sleep(DEATH_COUNTED_SECONDS)
}

# In a child that has taken a loop's first task: what takes long to load is the parent's to load, so that no death costs
# it again. The task stays this worker's meanwhile, for R may die of what it loads (loading.R). Each thing is asked for
# once: what cannot be loaded is the child's to complain about.
leave_loading <- function(worker, description) {
  if (is.null(worker$parents) || !is.call(description$expr)) return(invisible())
  needs <- needs_of_loop(worker, description$expr[[3]], description$packages)
  if (!is.null(needs)) end_child(list(end = "loading", needs = needs))
}

# NULL: the parent has it all, and not too much else
needs_of_loop <- function(worker, setup, packages) {
  packages <- unique(c(names(setup$settings$packages), packages))
  packages <- setdiff(packages, c(worker$parents$packages, worker$asked_to_load))
  packages <- packages[vapply(packages, function(name) nzchar(system.file(package = name)), NA)]
  objects <- Filter(function(object) !is.null(object$level), setup$objects)
  digests <- vapply(objects, function(object) object$digest, "")
  there <- worker$parents$objects
  missing <- objects[!digests %in% c(names(there), worker$asked_to_load)]
  is_much <- sum(vapply(missing, function(object) object$bytes, 0)) >= LOADED_BEFORE_BYTES
  idle <- there[setdiff(names(there), digests)]
  if (!length(packages) && !is_much && !length(surplus(idle, WORKER_OBJECTS_BYTES))) return(NULL)
  list(packages = packages, objects = objects, setup = setup[c("loop", "run")], session = worker$session,
       i = worker$prepares, ticket = worker$ticket, pid = or_else(worker$loads_as, Sys.getpid()))
}

# Plain data (exports.R) and packages: nothing of the script is evaluated here. The next child has the task already, and
# its entry says that the same R still loads (unloadable.R).
load_for_children <- function(worker, needs) {
  digests <- vapply(needs$objects, function(object) object$digest, "")
  worker$asked_to_load <- unique(c(worker$asked_to_load, needs$packages, digests))
  worker$session <- needs$session
  begin_loading(needs$setup$loop, needs$i, LOOP_DATA)
  drop_objects(worker, digests)
  failed <- c(
    unlist(lapply(needs$packages, function(package) {
      tell_loading(paste("package", package))
      attempt(package, loadNamespace(package))
    })),
    unlist(lapply(needs$objects, function(object) {
      tell_loading(LOOP_DATA)
      attempt(object$name, object_value(worker, needs$setup, object))
    })))
  for (problem in failed) say("not loaded before tasks are taken: %s", problem)
  worker$ahead <- redis_send(worker$con, list(list("LINDEX", worker$held, "0")), raw = TRUE)[[1]]
  worker$ticket <- needs$ticket
  worker$loads_as <- needs$pid
}

# --- a child for each iteration

# In a child, as without it. Results that are small, and come without warnings, are journalled here, with their
# neighbours: bytes and numbers, for nothing of a task is to be read here.
run_apart <- function(code, setup, item, scope, output, worker, try) {
  obstacle <- thread_obstacle()
  if (!is.null(obstacle)) {
    read_and_run(code, setup, item, scope, output, worker, try)
    return(note_dirt(worker, paste("each iteration is to have an R of its own, which cannot be forked:", obstacle)))
  }
  end <- in_child(worker, function() {
    worker$buffer <- list()
    worker$buffered_bytes <- 0
    worker$flushed_at <- now_seconds()
    read_and_run(code, setup, item, scope, output, worker, try)
    if (any(lengths(lapply(worker$buffer, function(entry) entry$relayed$conditions)))) journal_flush(worker, setup)
    list(end = "done", entries = worker$buffer, folder = worker$folder)
  })
  if (is.null(end$answer)) .Call(fleet_end, end$status) # this R ends as its child did: that is how deaths are counted
  if (end$answer$end == "left") leave(end$answer$reason)
  worker$folder <- end$answer$folder
  keep_entries(worker, setup, end$answer$entries)
}
