# One loop as the driver sees it: what its iterations depend on, how it is submitted and combined. Of its iterations
# window.R has what is known of each, reuse.R what is known from before, suspicion.R which errors are believed, and
# counters.R the numbers.

new_loop <- function(fleet, number, it, obj, expr, envir, settings) {
  loop <- new_record(
    number = number,
    run = run_name(fleet, number),
    label = loop_label(obj),
    id = NULL,              # doRedis' own, once the loop is published
    description = NULL,     # what doRedis published
    it = it,
    expr = expr,
    error_handling = obj$errorHandling,
    plain = NULL,           # all iterators are over plain vectors (unknown until it is asked for)
    combiner = new_combiner(it),
    stop_error = NULL,
    lowest_error = NULL,    # with its iteration,
    ends_at = NULL,         # which is also here where the loop ends at it (first-error.R)
    interrupted = FALSE,
    aborted = FALSE,
    load_error = NULL, load_witnesses = NULL, unloadable = FALSE, # an iteration could not be loaded (unloadable.R)
    # what the iterations depend on
    random = random_base(),
    carried = NULL,         # the variables that the iterations use (dependencies.R)
    reads_arguments = FALSE, # they read the command line
    objects = list(),       # what of them travels by itself
    loans = NULL,           # the other variables of the script (lend.R)
    known = list(),         # the frames that the expression sees
    versions = NULL,
    settings = settings,    # what the script has told R (settings.R)
    to_describe = NULL,
    # the iterations
    window = new_window(),
    reuse = new_reuse(),
    suspicion = new_suspicion(),
    counters = new_counters(),
    errors = new.env(parent = emptyenv()), # of failed iterations, until they are combined
    failed = new.env(parent = emptyenv()), # their numbers
    warned = NULL,          # warnings of the iterations, when the loop has ended (warnings.R)
    news = character(),     # announcements taken from Redis and not yet read
    away = list(),          # values that lie in files of this attempt, and how far fetching them is
    fetches = NULL,         # all that are under way
    # submission
    task_size = NULL, task_bytes = 0, # of the last task
    most_items = NULL, refused_bytes = NULL, full_since = NULL, full_told = NULL, # when Redis has no room
    submitted_at = now_seconds(),
    absence = 0,            # longest recent time between two submissions
    # housekeeping
    housed_at = 0, quiet_since = NULL)
  find_dependencies(fleet, loop, obj, expr, envir)
  arguments <- if (loop$reads_arguments) commandArgs(trailingOnly = TRUE)
  loop$window$prefix <- paste(loop$window$prefix, settings_text(settings, arguments), sep = "-")
  loop
}

loop_label <- function(obj) {
  names <- obj$argnames[nzchar(obj$argnames)]
  where <- .fleet$script_line
  paste0("foreach(", paste(names, collapse = ", "), ")", if (!is.null(where)) paste0(" at ", where))
}

# What tasks are marked with: the R process that submitted them, and the loop
run_name <- function(fleet, number) paste0(fleet$run, ":", whole(number))

is_run_of <- function(run, number) is.character(run) && identical(sub(".*:", "", run), whole(number))

loop_of_run <- function(run) as.numeric(sub(".*:", "", run))
