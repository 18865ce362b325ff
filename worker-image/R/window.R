# What the driver knows of each iteration, for those that are drawn and not yet forgotten: a window that moves along the loop.
#
# A loop may have very many iterations, or no end. So the table holds only what lies between the first iteration that is not combined and the last
# one drawn, 36 bytes each, and is written in place (put). What is combined is forgotten: its value is in foreach's hands and on the driver's disk.

PENDING <- 0L   # known, not submitted
QUEUED <- 1L    # submitted
STORED <- 2L    # its value is in the driver's cache, in its spill, or in both
FAILED <- 3L    # its error is known
REMOTE <- 4L    # its value lies in the ledger's files
HELD <- 5L      # it failed, but its worker may be the cause
COMBINED <- 6L
AWAY <- 7L      # computed; its value lies in a file of this attempt

DIGEST_BYTES <- 8L

new_window <- function(L, capacity = 8192L) {
  L$base <- 0L       # iterations forgotten: element k of each vector belongs to iteration base + k
  L$count <- 0L      # iterations drawn so far
  L$combined <- 0L   # all iterations up to this one are combined
  L$pending <- 0L    # how many have the status PENDING
  L$status <- integer(capacity)
  L$digest <- raw(capacity * DIGEST_BYTES)
  L$offset <- numeric(capacity)
  L$bytes <- integer(capacity)  # of the value
  L$size <- integer(capacity)   # of the arguments
  L$args <- vector("list", capacity)
  L$cache <- vector("list", capacity) # values fetched and soon to be combined
  L$args_bytes <- 0
  L$cached_bytes <- 0
}

# Makes room for `more` iterations behind the last one: forgets what is combined, or grows.
make_room <- function(L, more) {
  capacity <- length(L$status)
  used <- L$count - L$base
  if (used + more <= capacity) return(invisible())
  gone <- L$combined - L$base
  kept <- gone + seq_len(used - gone)
  while (used - gone + more > capacity / 2) capacity <- 2 * capacity
  refill <- function(x) {
    out <- vector(typeof(x), capacity)
    out[seq_along(kept)] <- x[kept]
    out
  }
  for (name in c("status", "offset", "bytes", "size", "args", "cache")) L[[name]] <- refill(L[[name]])
  digest <- raw(capacity * DIGEST_BYTES)
  digest[seq_len(length(kept) * DIGEST_BYTES)] <- L$digest[gone * DIGEST_BYTES + seq_len(length(kept) * DIGEST_BYTES)]
  L$digest <- digest
  L$base <- L$combined
  invisible()
}

# Statuses of iterations up to L$count
status_of <- function(L, items) {
  at <- items - L$base
  out <- rep(COMBINED, length(at))
  inside <- at > 0L
  out[inside] <- L$status[at[inside]]
  out
}

set_status <- function(L, items, status) {
  if (!length(items)) return(invisible())
  at <- items - L$base
  L$pending <- L$pending + (if (status == PENDING) length(at) else 0L) - sum(L$status[at] == PENDING)
  put(L$status, at, status)
}

# Iterations that have one of these statuses, in order
items_with <- function(L, statuses) L$base + which(L$status[seq_len(L$count - L$base)] %in% statuses)

is_open <- function(L) any(L$status[seq_len(L$count - L$base)] %in% c(PENDING, QUEUED))

key_of <- function(L, items) .Call(fleet_key_texts, L$prefix, L$suffix, L$digest, items - L$base)

# Which of these keys are those of the iterations as they are now? The session seed that follows a "~" is not compared.
has_key <- function(L, items, keys) .Call(fleet_same_keys, keys, L$prefix, L$digest, items - L$base)

args_of <- function(L, items) L$args[items - L$base]

# The arguments of iterations that have a result are not needed any more.
drop_args <- function(L, items) {
  if (!length(items)) return(invisible())
  at <- items - L$base
  L$args_bytes <- L$args_bytes - sum(L$size[at])
  put(L$size, at, 0L)
  put_all(L$args, at, NULL)
}

set_place <- function(L, items, offsets, bytes) {
  put(L$offset, items - L$base, offsets)
  put(L$bytes, items - L$base, bytes)
}

# TRUE when it is kept in memory. The next one to be combined always is: it will not be for long.
cache_value <- function(L, i, bytes) {
  if (i != L$combined + 1L && L$cached_bytes + length(bytes) > CACHE_BYTES) return(FALSE)
  put(L$cache, i - L$base, bytes)
  L$cached_bytes <- L$cached_bytes + length(bytes)
  TRUE
}

stored_value <- function(L, i) {
  at <- i - L$base
  bytes <- L$cache[[at]]
  if (is.null(bytes)) return(spill_read(L$spill, L$offset[at], L$bytes[at]))
  put(L$cache, at, NULL)
  L$cached_bytes <- L$cached_bytes - length(bytes)
  bytes
}

digests_of <- function(L, items) .Call(fleet_digests, L$digest, items - L$base)
