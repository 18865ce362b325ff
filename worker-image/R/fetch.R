# Large results, the driver's side: signed URLs are asked of the control plane (signed-urls.R), files are fetched a
# little at a time by the event loop, which goes on meanwhile.
#
# While .combine computes nothing is read but what the kernel's buffers take. A program beside R could read on, but it
# would be told the signed URL. And a .combine that takes longer than the download of a result has to be waited for
# anyway.

FETCHES_AT_ONCE <- 4L
FETCH_TRIES <- 5L
FETCH_SLICE_SECONDS <- 0.05 # in which nothing else is heard

# Announced by a worker, or found in Redis by a driver that was started again.
await_object <- function(fleet, loop, i, object, sha256, bytes, seconds) {
  set_status(loop$window, i, AWAY)
  loop$away[[whole(i)]] <- list(i = i, object = object, sha256 = sha256, bytes = bytes, seconds = seconds, tries = 0L)
  ask_urls(fleet$con, object)
}

# news: rows of collect() whose value was uploaded
take_objects <- function(fleet, loop, news) {
  for (k in seq_len(nrow(news))) {
    found <- redis_call(fleet$con, "HMGET", value_key(loop$number, whole(news$i[k])),
                        redis_field("value", c("object", "sha256")))
    if (!length(found[[1]])) next
    await_object(fleet, loop, news$i[k], found[[1]], found[[2]], news$bytes[k], news$seconds[k])
    weigh_values(fleet, loop, news$i[k], news$worker[k])
  }
}

# One look: starts what can be fetched, takes what has come. Never waits.
fetch_away <- function(fleet, loop) {
  if (!length(loop$away)) return(invisible())
  read_away(loop, 0)
  for (one in loop$away) if (!is.null(one$transfer) && one$transfer$ended) end_fetch(fleet, loop, one)
  idle <- Filter(function(one) is.null(one$transfer), loop$away)
  room <- FETCHES_AT_ONCE - (length(loop$away) - length(idle))
  if (!length(idle) || room < 1L) return(invisible())
  # first what is combined next
  idle <- utils::head(idle[order(vapply(idle, function(one) one$i, 0))], 64L)
  answers <- known_urls(fleet$con, vapply(idle, function(one) one$object, ""))
  for (k in which(!vapply(answers, is.null, NA))) {
    if (room < 1L) break
    if (identical(answers[[k]], NO_URL)) {
      lose_object(fleet, loop, idle[[k]], "it is not in the bucket")
    } else {
      if (is.null(loop$fetches)) loop$fetches <- new_pool(FETCHES_AT_ONCE)
      path <- tempfile("large", tmpdir = scratch_dir())
      loop$away[[whole(idle[[k]]$i)]]$transfer <- begin_transfer(loop$fetches, answers[[k]], path)
      room <- room - 1L
    }
  }
}

transfers_of <- function(loop) Filter(Negate(is.null), lapply(loop$away, function(one) one$transfer))

# Fetches for at most so many seconds, or until one file has come. FALSE: nothing is under way.
read_away <- function(loop, seconds) {
  if (!length(transfers_of(loop))) return(FALSE)
  run_transfers(loop$fetches, seconds)
  TRUE
}

# A pause of the event loop in which nothing is to be heard of
pause_or_fetch <- function(loop, seconds) if (!read_away(loop, seconds)) Sys.sleep(seconds)

# Of a loop that ends early
cancel_fetches <- function(loop) for (transfer in transfers_of(loop)) cancel_transfer(transfer)

end_fetch <- function(fleet, loop, one) {
  transfer <- one$transfer
  on.exit(unlink(transfer$path))
  id <- whole(one$i)
  bytes <- if (is.null(transfer$problem)) readBin(transfer$path, "raw", file.size(transfer$path))
  if (is.null(bytes)) {
    tries <- one$tries + 1L
    loop$away[[id]]$transfer <- NULL
    loop$away[[id]]$tries <- tries
    say("loop %s iteration %s: fetching %s failed (%s), try %d of %d",
        whole(loop$number), id, one$object, transfer$problem, tries, FETCH_TRIES)
    if (tries >= FETCH_TRIES) lose_object(fleet, loop, one, "it could not be fetched")
    else ask_urls(fleet$con, one$object, again = TRUE) # the URL may have expired
  } else if (!identical(sha256(bytes), one$sha256)) {
    lose_object(fleet, loop, one, "its SHA-256 differs")
  } else {
    loop$away[[id]] <- NULL
    keep_values(loop, one$i, list(bytes), one$seconds)
    bytes <- NULL
    acknowledge(fleet, loop, one$i)
    forget_urls(fleet$con, one$object)
  }
}

lose_object <- function(fleet, loop, one, why) {
  say("loop %s iteration %s: its result cannot be used (%s): it runs again", whole(loop$number), whole(one$i), why)
  loop$away[[whole(one$i)]] <- NULL
  forget_urls(fleet$con, one$object)
  run_again(fleet, loop, one$i)
}
