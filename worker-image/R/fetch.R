# Large results, the driver's side: addresses are asked of the control plane (R/addresses.R), files are fetched in the
# background, so that the event loop goes on meanwhile.

FETCHES_AT_ONCE <- 4L
FETCH_TRIES <- 5L

# Announced by a worker, or found in Redis by a driver that was started again.
await_object <- function(fleet, loop, i, object, sha256, bytes, seconds) {
  set_status(loop$window, i, AWAY)
  loop$away[[whole(i)]] <- list(i = i, object = object, sha256 = sha256, bytes = bytes, seconds = seconds, tries = 0L)
  ask_addresses(fleet$con, object)
}

# news: rows of collect() whose value was uploaded
take_objects <- function(fleet, loop, news) {
  for (k in seq_len(nrow(news))) {
    found <- redis_call(fleet$con, "HMGET", value_key(loop$number, whole(news$i[k])), "o", "s")
    if (!length(found[[1]])) next
    await_object(fleet, loop, news$i[k], found[[1]], found[[2]], news$bytes[k], news$seconds[k])
    weigh_values(fleet, loop, news$i[k], news$worker[k])
  }
}

# One look: starts what can be fetched, takes what has come. Never waits.
fetch_away <- function(fleet, loop) {
  if (!length(loop$away)) return(invisible())
  for (one in loop$away) if (!is.null(one$file) && file.exists(paste0(one$file, ".end"))) end_fetch(fleet, loop, one)
  idle <- Filter(function(one) is.null(one$file), loop$away)
  room <- FETCHES_AT_ONCE - (length(loop$away) - length(idle))
  if (!length(idle) || room < 1L) return(invisible())
  # first what is combined next
  idle <- utils::head(idle[order(vapply(idle, function(one) one$i, 0))], 64L)
  answers <- known_addresses(fleet$con, vapply(idle, function(one) one$object, ""))
  for (k in which(!vapply(answers, is.null, NA))) {
    if (room < 1L) break
    id <- whole(idle[[k]]$i)
    if (identical(answers[[k]], NO_ADDRESS)) {
      lose_object(fleet, loop, idle[[k]], "it is not in the bucket")
    } else {
      loop$away[[id]]$file <- begin_fetch(answers[[k]])
      room <- room - 1L
    }
  }
}

# curl in the background; <file>.end appears with its status when it has ended.
begin_fetch <- function(url) {
  file <- tempfile("large", tmpdir = scratch_dir())
  config <- paste0(file, ".curl")
  write_curl_config(config, c(paste("url =", curl_quote(url)), paste("output =", curl_quote(file))))
  quoted <- shQuote(c(config, file))
  system(sprintf("(curl --disable --config %s >&2; echo $? >%s.status; mv %s.status %s.end) </dev/null &", quoted[1], quoted[2], quoted[2], quoted[2]))
  file
}

end_fetch <- function(fleet, loop, one) {
  files <- paste0(one$file, c("", ".end", ".curl"))
  on.exit(unlink(files))
  id <- whole(one$i)
  status <- readLines(files[2], warn = FALSE)
  bytes <- if (identical(status, "0") && file.exists(files[1])) readBin(files[1], "raw", file.size(files[1]))
  if (is.null(bytes)) {
    loop$away[[id]]$file <- NULL
    loop$away[[id]]$tries <- one$tries + 1L
    say("loop %s iteration %s: fetching %s failed (curl status %s), try %d of %d", whole(loop$number), id, one$object, status[1], one$tries + 1L, FETCH_TRIES)
    if (one$tries + 1L >= FETCH_TRIES) lose_object(fleet, loop, one, "it could not be fetched")
    else ask_addresses(fleet$con, one$object, again = TRUE) # the address may have expired
  } else if (!identical(sha256(bytes), one$sha256)) {
    lose_object(fleet, loop, one, "its SHA-256 differs")
  } else {
    loop$away[[id]] <- NULL
    keep_values(loop, one$i, list(bytes), one$seconds)
    bytes <- NULL
    acknowledge(fleet, loop, one$i)
    forget_addresses(fleet$con, one$object)
  }
}

lose_object <- function(fleet, loop, one, why) {
  say("loop %s iteration %s: its result cannot be used (%s): it runs again", whole(loop$number), whole(one$i), why)
  loop$away[[whole(one$i)]] <- NULL
  forget_addresses(fleet$con, one$object)
  run_again(fleet, loop, one$i)
}
