# Drawing iterations from the loop's iterators, a little ahead of the workers and a slice at a time. So an iterator that
# is slow or has no end keeps nobody waiting.

LOOK_AHEAD <- 100000L         # unfinished iterations drawn ahead; beyond it the loop is lazy
LOOK_AHEAD_BYTES <- 256 * 2^20 # of arguments
WINDOW_LIMIT <- 2^21          # drawn and not combined: finished ones that wait for a straggler before them
BLOCK <- 4096L
SLICE_SECONDS <- 0.05
FIRST_SLICE_SECONDS <- 0.3    # enough for nearly all loops to be known in full, and no worker waits long

may_draw <- function(loop) {
  window <- loop$window
  !window$exhausted && is.null(loop$stop_error) && is.null(loop$ends_at) &&
    window$count - loop$counters$finished < LOOK_AHEAD && window$args_bytes < LOOK_AHEAD_BYTES &&
    window$count - window$combined < WINDOW_LIMIT
}

# Draws until the time is over, the iterators end, or enough is ahead. Each iteration finds out at once whether its
# value exists already.
draw <- function(fleet, loop, seconds = SLICE_SECONDS) {
  until <- now_seconds() + seconds
  while (may_draw(loop)) {
    admit(fleet, loop, next_block(loop, until))
    if (now_seconds() >= until) break
  }
}

# True when something can be submitted; draws until that is so, or the end is reached.
has_work <- function(fleet, loop) {
  while (loop$window$pending == 0L && may_draw(loop)) draw(fleet, loop)
  loop$window$pending > 0L
}

# New iterations: keyed, and looked up in what is known.
admit <- function(fleet, loop, block) {
  if (!length(block)) return(invisible())
  window <- loop$window
  items <- append_items(window, block, loop$known)
  if (loop$reuse$anything_known) {
    take_known(fleet, loop, items)
    clear_stale(fleet, loop)
    drop_args(window, items[status_of(window, items) == STORED])
  }
  running <- items %in% loop$reuse$left_running & status_of(window, items) == PENDING
  set_status(window, items[running], QUEUED)
}

# The arguments of the next iterations, at most a block; none: the iterators have ended or failed. Ends when the time is
# over, with at least one.
next_block <- function(loop, until) {
  simple <- plain_iterators(loop)
  if (!is.null(simple)) {
    n <- min(BLOCK, simple$left)
    if (n > 0) return(take_plain(loop$it, simple, n))
  }
  block <- list()
  room <- LOOK_AHEAD_BYTES - loop$window$args_bytes
  repeat {
    args <- next_arguments(loop)
    if (is.null(args)) break
    block[[length(block) + 1L]] <- args
    room <- room - .Call(fleet_size, args)
    if (length(block) >= 256L || room <= 0 || now_seconds() >= until) break
  }
  block
}

# An iterator that fails ends the loop, with the error that %do% gives.
next_arguments <- function(loop) {
  tryCatch(as_script(nextElem(loop$it)), error = function(e) {
    loop$window$exhausted <- TRUE
    if (!identical(conditionMessage(e), "StopIteration")) loop$stop_error <- simpleError(conditionMessage(e), loop$expr)
    NULL
  })
}

# --- iterators over vectors and lists

# nextElem() costs 20 microseconds and more for each iteration. Iterators that iter() made of a plain vector or list,
# and icount(), are advanced by whole blocks instead; the end is always left to nextElem(). NULL when one of the loop's
# iterators is of another kind.
plain_iterators <- function(loop) {
  if (is.null(loop$plain)) loop$plain <- has_plain_iterators(loop$it)
  if (!loop$plain) return(NULL)
  at <- vapply(loop$it$iargs, function(a) as.numeric(if (is_counter(a)) environment(a$nextElem)$i else a$state$i), 0)
  ends <- vapply(loop$it$iargs, function(a) {
    as.numeric(if (is_counter(a)) or_else(environment(a$nextElem)$count, .Machine$integer.max) else a$length)
  }, 0)
  list(at = at, left = max(0, min(floor(ends) - at)))
}

has_plain_iterators <- function(it) {
  identical(class(it), c("iforeach", "iter")) && length(it$iargs) > 0L && all(vapply(it$iargs, is_plain, NA))
}

is_plain <- function(a) is_counter(a) || is_container(a)

is_counter <- function(a) {
  identical(class(a), c("abstractiter", "iter")) && identical(body(a$nextElem), body(iterators::icount()$nextElem)) &&
    all(c("count", "i") %in% ls(environment(a$nextElem)))
}

is_container <- function(a) {
  identical(class(a), c("containeriter", "iter")) && setequal(names(a), c("state", "length", "checkFunc", "recycle")) &&
    !a$recycle && identical(body(a$checkFunc), TRUE) && !is.object(a$state$obj) &&
    typeof(a$state$obj) %in% c("logical", "integer", "double", "complex", "character", "raw", "list")
}

take_plain <- function(it, simple, n) {
  iargs <- it$iargs
  for (a in iargs) {
    state <- if (is_counter(a)) environment(a$nextElem) else a$state
    assign("i", state$i + n, envir = state)
  }
  it$state$numValues <- it$state$numValues + n
  named <- nzchar(it$argnames)
  counted <- vapply(iargs, is_counter, NA)
  containers <- lapply(iargs, function(a) a$state$obj)
  containers[counted] <- lapply(simple$at[counted], function(at) as.integer(at + seq_len(n)))
  from <- ifelse(counted, 0, simple$at)
  .Call(fleet_elements, unname(containers[named]), from[named], n, names(iargs)[named])
}

# How many iterations the loop will have, when that can be known before all are drawn.
known_total <- function(loop) {
  if (loop$window$exhausted) return(loop$window$count)
  simple <- plain_iterators(loop)
  if (!is.null(simple) && simple$left < .Machine$integer.max / 2) loop$window$count + simple$left
}
