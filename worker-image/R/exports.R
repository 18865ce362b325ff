# Large objects that a loop exports travel by themselves, once per worker, and not again for the next loop that uses the
# same object.
#
# Only plain data: vectors, lists, data frames, S4 objects of them. What holds an environment or a function stays in
# the loop's scope (carry.R), where identity and sharing are kept. An object is named by the SHA-256 of its
# serialization. It goes through Redis, or above a limit by file: the driver uploads it, workers fetch it by a
# signed URL.

LARGE_EXPORT_BYTES <- 4 * 2^20
EXPORT_FILE_BYTES <- 16 * 2^20         # above it by file, where there is a form for it
EXPORTS_KEPT_BYTES <- 64 * 2^20        # of exports that no running loop needs, in Redis
EXPORT_KEPT_SECONDS <- 3600
WORKER_OBJECTS_BYTES <- 256 * 2^20     # of objects that the present loop does not need, in a worker
EXPORT_PATIENCE_SECONDS <- 600
EXPORT_URL_SECONDS <- 60               # until a worker looks whether it is still to go on
EXPORT_UPLOAD_TRIES <- 3L

export_object <- function(digest) paste0("exports/", digest, ".rds")

# The large plain objects that the loop uses: named by level (dependencies.R), with digest, bytes and way for workers.
set_objects_apart <- function(fleet, loop) {
  carried <- loop$carried
  apart <- lapply(seq_along(carried$levels), function(k) large_names(carried$levels[[k]], carried$used[[k]]))
  for (k in seq_along(apart)) for (name in apart[[k]]) publish_object(fleet, loop, name, k)
  apart
}

large_names <- function(level, names) {
  names <- names[.Call(fleet_holds_value, level, names)]
  names <- names[!.Call(fleet_holds_function, level, names)]
  names <- names[vapply(names, function(name) .Call(fleet_size, level[[name]]) > LARGE_EXPORT_BYTES, NA)]
  names[vapply(names, function(name) .Call(fleet_plain, level[[name]]), NA)]
}

publish_object <- function(fleet, loop, name, k) {
  bytes <- serialize(loop$carried$levels[[k]][[name]], NULL, version = 3L)
  publish_bytes(fleet, loop, name, bytes, level = k)
}

# level: where the object goes; NULL: it is no variable, and its bytes are kept.
publish_bytes <- function(fleet, loop, name, bytes, digest = sha256(bytes), level = NULL) {
  object <- list(name = name, level = level, digest = digest, bytes = length(bytes), kept = if (is.null(level)) bytes)
  object$way <- send_object(fleet, loop, name, digest, bytes)
  if (object$way == "file") object$kept <- NULL # which outlives Redis
  loop$objects[[length(loop$objects) + 1L]] <- object
  digest
}

# As workers need to know them
told_objects <- function(loop) lapply(loop$objects, function(object) object[names(object) != "kept"])

# Takes its end from an object in Redis. FALSE: it is not there any more
keep_exported <- function(con, digest) {
  key <- exported_key(digest)
  redis_send(con, list(list("PERSIST", key), list("EXISTS", key)))[[2]] > 0
}

# "redis" or "file". Another loop, or the driver that was here before, may have sent the same.
send_object <- function(fleet, loop, name, digest, bytes) {
  known <- or_else(fleet$exported[[digest]]$way, "")
  # what an earlier loop left in Redis was about to expire
  if (known == "file" || (known == "redis" && keep_exported(fleet$con, digest))) return(known)
  fits <- redis_takes(fleet, loop, length(bytes))
  by_file <- (!fits || length(bytes) > EXPORT_FILE_BYTES) && length(bytes) <= MAX_FILE_BYTES &&
    may_upload(fleet$inputs, "exports")
  way <- if (by_file && upload_export(fleet, name, digest, bytes)) "file" else "redis"
  if (way == "redis") {
    if (!fits) stop(export_too_large_message(fleet, name, length(bytes)), call. = FALSE)
    redis_call(fleet$con, "SET", exported_key(digest), bytes)
  }
  fleet$exported[[digest]] <- list(way = way, bytes = length(bytes))
  redis_call(fleet$con, "HSET", exports_key(), digest, export_line(fleet$exported[[digest]]))
  way
}

# All that Redis is to hold for a loop together counts as one object.
redis_takes <- function(fleet, loop, bytes) {
  beside <- sum(vapply(loop$objects, function(object) if (object$way == "redis") object$bytes else 0, 0))
  largest <- largest_in_redis(fleet$con)
  bytes <= MAX_VALUE_BYTES && bytes + (if (largest < MAX_VALUE_BYTES) beside else 0) <= largest
}

# What the driver that was here before has sent
read_exported <- function(con) {
  lapply(as_fields(redis_call(con, "HGETALL", exports_key())), function(line) {
    object <- parse_line("exports", line)
    list(way = object$way, bytes = as.numeric(object$bytes))
  })
}

export_line <- function(object) redis_line("exports", way = object$way, bytes = whole(object$bytes))

# An object of that name holds the same bytes: a refused upload may mean that it is there from a try whose answer was
# lost. The URL will tell.
upload_export <- function(fleet, name, digest, bytes) {
  done <- upload_bytes(fleet$inputs, "exports", bytes, EXPORT_UPLOAD_TRIES, function(try) export_object(digest))
  if (is.null(done)) {
    answer <- await_url(fleet$con, export_object(digest), EXPORT_PATIENCE_SECONDS, again = TRUE,
                        meanwhile = function() check_stop(fleet))
    if (is.null(answer) || identical(answer, NO_URL)) return(FALSE)
  }
  ask_urls(fleet$con, export_object(digest))
  say("exported object %s (%s) is sent by file", name, file_size_text(length(bytes)))
  TRUE
}

export_too_large_message <- function(fleet, name, bytes) {
  largest <- if (may_upload(fleet$inputs, "exports")) MAX_FILE_BYTES else largest_in_redis(fleet$con)
  sprintf(paste("this loop exports %s, which is %s; at most %s can be sent to workers.",
                "Put it into a file of the job (data: in job.yaml) so that each worker loads it once,",
                "or keep it away with .noexport."),
          name, file_size_text(bytes), file_size_text(largest))
}

# Redis keeps exports of earlier loops for the next one, within a bound,
forget_objects <- function(fleet, loop) {
  idle <- fleet$exported[setdiff(names(fleet$exported), vapply(loop$objects, function(object) object$digest, ""))]
  for (digest in surplus(Filter(function(object) object$way != "file", idle), EXPORTS_KEPT_BYTES)) {
    redis_send(fleet$con, list(list("DEL", exported_key(digest)), list("HDEL", exports_key(), digest)))
    fleet$exported[[digest]] <- NULL
  }
}

# and not for ever: there may be no next one.
release_objects <- function(fleet, loop) {
  digests <- unlist(lapply(loop$objects, function(object) if (object$way == "redis") object$digest))
  expire <- function(digest) list("EXPIRE", exported_key(digest), whole(EXPORT_KEPT_SECONDS))
  if (length(digests)) redis_send(fleet$con, lapply(digests, expire))
}

# A Redis that came back empty has lost them.
restore_objects <- function(fleet, loop) {
  for (object in loop$objects) {
    if (object$way == "redis" && redis_call(fleet$con, "EXISTS", exported_key(object$digest)) == 0) {
      bytes <- object$kept
      if (is.null(bytes)) bytes <- serialize(loop$carried$levels[[object$level]][[object$name]], NULL, version = 3L)
      redis_call(fleet$con, "SET", exported_key(object$digest), bytes)
    }
  }
}

# --- the worker's side

# The object with this digest; what the worker has already is not fetched.
object_value <- function(worker, setup, object) {
  if (!object$digest %in% names(worker$objects)) {
    worker$objects[[object$digest]] <- list(value = get_object(worker, setup, object), bytes = object$bytes)
  }
  worker$objects[[object$digest]]$value
}

# Pure: names of those that are too many when the newest, which come last, may have `most` bytes together
surplus <- function(objects, most) {
  bytes <- vapply(rev(objects), function(object) as.numeric(object$bytes), 0)
  names(bytes)[cumsum(bytes) > most]
}

drop_objects <- function(worker, needed) {
  idle <- worker$objects[setdiff(names(worker$objects), needed)]
  worker$objects[surplus(idle, WORKER_OBJECTS_BYTES)] <- NULL
}

# A scope is read by who knows its frames (install.R).
get_object <- function(worker, setup, object) {
  until <- now_seconds() + EXPORT_PATIENCE_SECONDS
  repeat {
    bytes <- if (object$way == "file") fetch_export(worker, object)
             else redis_send(worker$con, list(list("GET", exported_key(object$digest))), raw = TRUE)[[1]]
    if (is.raw(bytes) && identical(sha256(bytes), object$digest)) {
      return(if (isTRUE(object$raw)) bytes else unserialize(bytes))
    }
    if (now_seconds() > until || .Call(fleet_termination) || must_stop(worker, setup) || has_ended(worker, setup)) break
    Sys.sleep(0.5)
  }
  text <- "redis connection: the exported object %s (%s) could not be had"
  stop(fleet_error(sprintf(text, object$name, file_size_text(object$bytes)), "fleetExportError"))
}

# A late task of a loop that is over: its objects may be gone.
has_ended <- function(worker, setup) {
  nzchar(or_else(redis_run(worker$con, ask_loop(setup$loop, "endedAt")), ""))
}

# NULL without success; asks for a new URL then
fetch_export <- function(worker, object) {
  url <- await_url(worker$con, export_object(object$digest), EXPORT_URL_SECONDS)
  if (is.null(url) || identical(url, NO_URL)) {
    if (!is.null(url)) ask_urls(worker$con, export_object(object$digest), again = TRUE)
    return(NULL)
  }
  file <- unlist(download_all(url))
  on.exit(unlink(file))
  if (!length(file) || file.size(file) != object$bytes) {
    ask_urls(worker$con, export_object(object$digest), again = TRUE)
    return(NULL)
  }
  readBin(file, "raw", object$bytes)
}
