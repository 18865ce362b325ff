# Package state and load hook.

.fleet <- new_record(
  # of a job's pod
  role = NULL, job = NULL, attempt = NULL, pod = NULL, node = NULL,
  scratch = NULL,      # folder for files on their way
  prefix = NULL,       # of all keys in Redis
  driver = NULL,       # the registered back end
  told_driver = character(), # what Redis was told of a job's driver
  script_line = NULL,  # where the script is
  warned_iteration = NULL, # whose warning is being signalled
  script_options = NULL,    # options of the script while its loop runs with ours
  start_environment = NULL, # environment variables as they were when R began
  worker = NULL, watch = NULL,          # in a worker: itself, and what looks at the present iteration
  started = NULL, worker_pids = NULL,   # workers that this session has started on its machine
  packages = list(), hooked = character(), # packages as they were when they were loaded (package-state.R)
  replay = NULL)       # the report that `foreach-fleet replay` has begun this session for

.onLoad <- function(libname, pkgname) {
  .Call(fleet_ignore_sigpipe)
  begin_noting()
}

# In an order that no locale changes. Radix sort refuses letters beyond ASCII that are not marked as UTF-8, as the names
# of R's own symbols are not.
order_of_names <- function(names) order(enc2utf8(as.character(names)), method = "radix")

sort_names <- function(names) names[order_of_names(names)]

or_else <- function(x, other) if (is.null(x) || !length(x)) other else x

# Whoever reads the file meanwhile finds all of the lines, or what was there before.
write_lines <- function(lines, path) {
  writeLines(lines, paste0(path, ".new"), useBytes = TRUE)
  file.rename(paste0(path, ".new"), path)
}

whole <- function(x) if (length(x)) sprintf("%.0f", x) else character()

# Sets elements in place (the vector must have no second name). A plain x[i] <- value copies the whole vector when x
# lives in an environment: a loop of a million iterations would never end.
put <- function(vector, i, value) invisible(.Call(fleet_put, vector, i, value))

# The same for many elements of a list; values NULL clears them.
put_all <- function(list, i, values) invisible(.Call(fleet_put_all, list, i, values))
