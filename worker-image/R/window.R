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

reset_window <- function(loop, capacity = 8192L) {
  loop$base <- 0L       # iterations forgotten: element k of each vector belongs to iteration base + k
  loop$count <- 0L      # iterations drawn so far
  loop$combined <- 0L   # all iterations up to this one are combined
  loop$pending <- 0L    # how many have the status PENDING
  loop$status <- integer(capacity)
  loop$digest <- raw(capacity * DIGEST_BYTES)
  loop$offset <- numeric(capacity)
  loop$bytes <- integer(capacity)  # of the value
  loop$size <- integer(capacity)   # of the arguments
  loop$args <- vector("list", capacity)
  loop$cache <- vector("list", capacity) # values fetched and soon to be combined
  loop$args_bytes <- 0
  loop$cached_bytes <- 0
}

# Makes room for `more` iterations behind the last one: forgets what is combined, or grows.
make_room <- function(loop, more) {
  capacity <- length(loop$status)
  used <- loop$count - loop$base
  if (used + more <= capacity) return(invisible())
  gone <- loop$combined - loop$base
  kept <- gone + seq_len(used - gone)
  while (used - gone + more > capacity / 2) capacity <- 2 * capacity
  refill <- function(x) {
    out <- vector(typeof(x), capacity)
    out[seq_along(kept)] <- x[kept]
    out
  }
  for (name in c("status", "offset", "bytes", "size", "args", "cache")) loop[[name]] <- refill(loop[[name]])
  digest <- raw(capacity * DIGEST_BYTES)
  digest[seq_len(length(kept) * DIGEST_BYTES)] <- loop$digest[gone * DIGEST_BYTES + seq_len(length(kept) * DIGEST_BYTES)]
  loop$digest <- digest
  loop$base <- loop$combined
  invisible()
}

# Statuses of iterations up to loop$count
status_of <- function(loop, items) {
  at <- items - loop$base
  out <- rep(COMBINED, length(at))
  inside <- at > 0L
  out[inside] <- loop$status[at[inside]]
  out
}

set_status <- function(loop, items, status) {
  if (!length(items)) return(invisible())
  at <- items - loop$base
  loop$pending <- loop$pending + (if (status == PENDING) length(at) else 0L) - sum(loop$status[at] == PENDING)
  put(loop$status, at, status)
}

# Iterations that have one of these statuses, in order
items_with <- function(loop, statuses) loop$base + which(loop$status[seq_len(loop$count - loop$base)] %in% statuses)

is_open <- function(loop) any(loop$status[seq_len(loop$count - loop$base)] %in% c(PENDING, QUEUED))

key_of <- function(loop, items) .Call(fleet_key_texts, loop$prefix, loop$suffix, loop$digest, items - loop$base)

# Which of these keys are those of the iterations as they are now? The session seed that follows a "~" is not compared.
has_key <- function(loop, items, keys) .Call(fleet_same_keys, keys, loop$prefix, loop$digest, items - loop$base)

args_of <- function(loop, items) loop$args[items - loop$base]

# The arguments of iterations that have a result are not needed any more.
drop_args <- function(loop, items) {
  if (!length(items)) return(invisible())
  at <- items - loop$base
  loop$args_bytes <- loop$args_bytes - sum(loop$size[at])
  put(loop$size, at, 0L)
  put_all(loop$args, at, NULL)
}

set_place <- function(loop, items, offsets, bytes) {
  put(loop$offset, items - loop$base, offsets)
  put(loop$bytes, items - loop$base, bytes)
}

# TRUE when it is kept in memory. The next one to be combined always is: it will not be for long.
cache_value <- function(loop, i, bytes) {
  if (i != loop$combined + 1L && loop$cached_bytes + length(bytes) > CACHE_BYTES) return(FALSE)
  put(loop$cache, i - loop$base, bytes)
  loop$cached_bytes <- loop$cached_bytes + length(bytes)
  TRUE
}

stored_value <- function(loop, i) {
  at <- i - loop$base
  bytes <- loop$cache[[at]]
  if (is.null(bytes)) return(spill_read(loop$spill, loop$offset[at], loop$bytes[at]))
  put(loop$cache, at, NULL)
  loop$cached_bytes <- loop$cached_bytes - length(bytes)
  bytes
}

digests_of <- function(loop, items) .Call(fleet_digests, loop$digest, items - loop$base)
