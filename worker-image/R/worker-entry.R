# A worker's entry in Redis: what it says of itself, and how others read it.

ITERATIONS_SHOWN <- 100L

# The command that says what this worker does. The supervisor repeats it with a fresh beat while R computes: from a file
# of two lines, so that "draining" can stand in the first one's place.
report_state <- function(worker, state, loop = NULL, iterations = NULL, loading = FALSE) {
  redis_word("workers.state", state)
  others <- json_members(c(
    loop = if (is.null(loop)) "null" else whole(loop),
    iterations = sprintf("[%s]", paste(whole(utils::head(iterations, ITERATIONS_SHOWN)), collapse = ",")),
    count = whole(length(iterations)),
    last = if (length(iterations)) whole(max(iterations)) else "null",
    since = time_text(now_seconds()),
    pid = whole(if (loading) or_else(worker$loads_as, Sys.getpid()) else Sys.getpid()),
    loading = if (loading) "true",
    session = if (!is.null(worker$session)) json_text(worker$session),
    replaced = if (worker$replaced > 0L) whole(worker$replaced)))
  if (!is.null(worker$state_dir)) {
    path <- file.path(worker$state_dir, "state")
    cat(state, "\n", others, "\n", sep = "", file = paste0(path, ".new"))
    file.rename(paste0(path, ".new"), path)
  }
  entry <- paste(json_members(c(state = json_text(state))), others,
                 json_members(c(beat = time_text(now_seconds()))), sep = ",")
  list("HSET", workers_key(), worker$pod, paste0("{", entry, "}"))
}

# values: JSON, by member. jsonlite would take longer than everything else that a task costs here.
json_members <- function(values) paste0('"', redis_field("workers", names(values)), '":', values, collapse = ",")

json_text <- function(text) paste0('"', text, '"')

# Anybody can write there: what is no entry is of a worker of which nothing is known.
read_entry <- function(json) {
  entry <- tryCatch(jsonlite::fromJSON(json), error = function(e) NULL)
  if (is.list(entry)) entry else list()
}

is_in_state <- function(entry, states) {
  length(entry$state) == 1L && entry$state %in% redis_word("workers.state", states)
}
