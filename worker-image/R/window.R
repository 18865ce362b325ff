# What the driver knows of each iteration, for those that are drawn and not yet forgotten: a window that moves along the
# loop.
#
# A loop may have very many iterations, or no end. So the table holds only what lies between the first iteration that is
# not combined and the last one drawn, 36 bytes each, and is written in place (put). What is combined is forgotten: its
# value is in foreach's hands and on the driver's disk.

PENDING <- 0L   # known, not submitted
QUEUED <- 1L    # submitted
STORED <- 2L    # its value is in the driver's cache, in its spill, or in both
FAILED <- 3L    # its error is known
REMOTE <- 4L    # its value lies in the ledger's files
HELD <- 5L      # it failed, but its worker may be the cause
COMBINED <- 6L
AWAY <- 7L      # computed; its value lies in a file of this attempt

DIGEST_BYTES <- 8L

new_window <- function(capacity = 8192L) {
  window <- new_record(
    base = 0L,              # iterations forgotten: element k of each vector belongs to iteration base + k
    count = 0L,             # iterations drawn so far
    exhausted = FALSE,      # the iterators have ended
    combined = 0L,          # all iterations up to this one are combined
    pending = 0L,           # how many have the status PENDING
    status = integer(capacity),
    # the keys: what all begin and end with, and what each has of its own
    prefix = "", suffix = "",
    digest = raw(capacity * DIGEST_BYTES),
    same_loans = NULL,      # says whether what a key says of borrowed variables holds (lend.R)
    marks = new.env(parent = emptyenv()), # what the keys of results say of them, by iteration
    # values: in the cache (fetched and soon to be combined), in the driver's copy on disk, or in both
    cache = vector("list", capacity), cached_bytes = 0,
    spill = NULL,
    offset = numeric(capacity),
    bytes = integer(capacity),
    # arguments
    args = vector("list", capacity), args_bytes = 0,
    size = integer(capacity),
    # submission
    next_pending = 1L,      # all before it are submitted,
    requeued = integer(),   # but for these, which came back
    tasks = 0L,             # doRedis' task numbers given out
    task_items = list())    # of each unfinished task, its iterations
  window
}

# Makes room for `more` iterations behind the last one: forgets what is combined, or grows.
make_room <- function(window, more) {
  capacity <- length(window$status)
  used <- window$count - window$base
  if (used + more <= capacity) return(invisible())
  gone <- window$combined - window$base
  kept <- gone + seq_len(used - gone)
  while (used - gone + more > capacity / 2) capacity <- 2 * capacity
  refill <- function(x) {
    out <- vector(typeof(x), capacity)
    out[seq_along(kept)] <- x[kept]
    out
  }
  for (name in c("status", "offset", "bytes", "size", "args", "cache")) window[[name]] <- refill(window[[name]])
  digest <- raw(capacity * DIGEST_BYTES)
  held <- seq_len(length(kept) * DIGEST_BYTES)
  digest[held] <- window$digest[gone * DIGEST_BYTES + held]
  window$digest <- digest
  window$base <- window$combined
  invisible()
}

# block: the arguments of the next iterations. Returns the iterations' numbers.
append_items <- function(window, block, known) {
  n <- length(block)
  make_room(window, n)
  items <- window$count + seq_len(n)
  at <- items - window$base
  sizes <- .Call(fleet_digest_all, block, known, window$digest, at[1] - 1)
  put(window$size, at, pmin(sizes, .Machine$integer.max))
  put(window$status, at, PENDING)
  put_all(window$args, at, block)
  window$args_bytes <- window$args_bytes + sum(window$size[at])
  window$count <- window$count + n
  window$pending <- window$pending + n
  items
}

# Statuses of iterations up to window$count
status_of <- function(window, items) {
  at <- items - window$base
  out <- rep(COMBINED, length(at))
  inside <- at > 0L
  out[inside] <- window$status[at[inside]]
  out
}

set_status <- function(window, items, status) {
  if (!length(items)) return(invisible())
  at <- items - window$base
  window$pending <- window$pending + (if (status == PENDING) length(at) else 0L) - sum(window$status[at] == PENDING)
  put(window$status, at, status)
}

# Iterations that have one of these statuses, in order
items_with <- function(window, statuses) window$base + which(drawn_statuses(window) %in% statuses)

is_complete <- function(window) window$exhausted && window$combined == window$count

is_open <- function(window) any(drawn_statuses(window) %in% c(PENDING, QUEUED))

drawn_statuses <- function(window) window$status[seq_len(window$count - window$base)]

key_of <- function(window, items) {
  keys <- .Call(fleet_key_texts, window$prefix, window$suffix, window$digest, items - window$base)
  if (!length(window$marks)) return(keys)
  marks <- unlist(mget(whole(items), window$marks, ifnotfound = ""))
  paste0(keys, ifelse(nzchar(marks) & !grepl("~", keys, fixed = TRUE), "~", ""), marks)
}

# Which of these keys are those of the iterations as they are now? The session seed that follows a "~" is not compared.
has_key <- function(window, items, keys) {
  same <- .Call(fleet_same_keys, keys, window$prefix, window$digest, items - window$base)
  for (k in which(same & grepl("!", keys, fixed = TRUE))) {
    mark <- key_mark(keys[k])
    same[k] <- window$same_loans(mark)
    if (same[k]) assign(whole(items[k]), mark, envir = window$marks)
  }
  same
}

args_of <- function(window, items) window$args[items - window$base]

# The arguments of iterations that have a result are not needed any more.
drop_args <- function(window, items) {
  if (!length(items)) return(invisible())
  at <- items - window$base
  window$args_bytes <- window$args_bytes - sum(window$size[at])
  put(window$size, at, 0L)
  put_all(window$args, at, NULL)
}

set_place <- function(window, items, offsets, bytes) {
  put(window$offset, items - window$base, offsets)
  put(window$bytes, items - window$base, bytes)
}

# TRUE when it is kept in memory. The next one to be combined always is: it will not be for long.
cache_value <- function(window, i, bytes) {
  if (i != window$combined + 1L && window$cached_bytes + length(bytes) > CACHE_BYTES) return(FALSE)
  put(window$cache, i - window$base, bytes)
  window$cached_bytes <- window$cached_bytes + length(bytes)
  TRUE
}

stored_value <- function(window, i) {
  at <- i - window$base
  bytes <- window$cache[[at]]
  if (is.null(bytes)) return(spill_read(window$spill, window$offset[at], window$bytes[at]))
  put(window$cache, at, NULL)
  window$cached_bytes <- window$cached_bytes - length(bytes)
  bytes
}

digests_of <- function(window, items) .Call(fleet_digests, window$digest, items - window$base)

# --- what is out

# The next iterations to submit, first those that came back: at most `size`, and no more arguments than one task may
# have. below: those from here on are not wanted any more. None: nothing is drawn, or wanted.
take_pending <- function(window, size, below = Inf) {
  window$requeued <- window$requeued[status_of(window, window$requeued) == PENDING & window$requeued < below]
  taken <- utils::head(window$requeued, size)
  window$requeued <- utils::tail(window$requeued, -size)
  window$next_pending <- max(window$next_pending, window$base + 1L)
  last <- min(window$count, below - 1)
  while (length(taken) < size && window$next_pending <= last) {
    block <- window$next_pending:min(last, window$next_pending + 4095L)
    open <- block[status_of(window, block) == PENDING]
    picked <- utils::head(setdiff(open, taken), size - length(taken))
    taken <- c(taken, picked)
    window$next_pending <- if (length(taken) >= size) max(picked) + 1L else max(block) + 1L
  }
  fitting <- max(1L, sum(cumsum(as.numeric(window$size[taken - window$base])) <= TASK_ARGUMENT_BYTES))
  if (length(taken) > fitting) {
    window$requeued <- c(taken[-seq_len(fitting)], window$requeued)
    taken <- taken[seq_len(fitting)]
  }
  taken
}

# What is out comes back, as far as it has no result.
requeue <- function(window, items) return_items(window, items[status_of(window, items) == QUEUED])

# They are submitted again, before the others.
return_items <- function(window, items) {
  set_status(window, items, PENDING)
  window$requeued <- c(window$requeued, items)
}

begin_task <- function(window, items) {
  set_status(window, items, QUEUED)
  window$tasks <- window$tasks + 1L
  window$task_items[[whole(window$tasks)]] <- items
}

# The last task is not submitted after all.
take_task_back <- function(window, items) {
  window$task_items[[whole(window$tasks)]] <- NULL
  requeue(window, items)
}

# A task is finished when none of its iterations is waiting any more.
forget_finished_tasks <- function(window) {
  task <- rep(seq_along(window$task_items), lengths(window$task_items))
  open <- status_of(window, as.integer(unlist(window$task_items))) == QUEUED
  window$task_items <- window$task_items[tabulate(task[open], length(window$task_items)) > 0L]
}
