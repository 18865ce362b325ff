# Large objects that a loop exports travel by themselves, once per worker, and not again for the next loop that uses the same object.
#
# Only plain data: vectors, lists, data frames, S4 objects of them. What holds an environment or a function stays in doRedis' description of the
# loop, where identity and sharing are kept. An object is named by the SHA-256 of its serialization. It goes through Redis, or above a limit by file:
# the driver uploads it, workers fetch it by a signed address.

LARGE_EXPORT_BYTES <- 4 * 2^20
EXPORT_FILE_BYTES <- 16 * 2^20         # above it by file, where there is a form for it
EXPORTS_KEPT_BYTES <- 64 * 2^20        # of exports that no running loop needs, in Redis
EXPORT_KEPT_SECONDS <- 3600
WORKER_OBJECTS_BYTES <- 256 * 2^20     # of objects that the present loop does not need, in a worker
EXPORT_PATIENCE_SECONDS <- 600
EXPORT_UPLOAD_TRIES <- 3L

export_key <- function(digest) fleet_key("x", digest)
export_object <- function(digest) paste0("exports/", digest, ".rds")

# Takes the large plain objects out of what doRedis sends. L$objects: name -> digest, bytes and way, for the workers.
set_objects_apart <- function(f, L) {
  sizes <- vapply(L$exports, function(x) as.numeric(utils::object.size(x)), 0)
  names <- names(L$exports)[sizes > LARGE_EXPORT_BYTES]
  names <- names[vapply(names, function(name) .Call(fleet_plain, L$exports[[name]]), NA)]
  for (name in names) publish_object(f, L, name)
  forget_objects(f, L)
  L$noexport <- unique(c(L$noexport, names))
  L$extra_exports <- setdiff(L$extra_exports, names)
}

publish_object <- function(f, L, name) {
  bytes <- serialize(L$exports[[name]], NULL, version = 3L)
  digest <- sha256(bytes)
  L$objects[[name]] <- list(digest = digest, bytes = length(bytes), way = send_object(f, L, name, digest, bytes))
}

# "redis" or "file". Another loop, or the driver that was here before, may have sent the same.
send_object <- function(f, L, name, digest, bytes) {
  known <- or_else(f$exported[[digest]]$way, "")
  # what an earlier loop left in Redis was about to expire
  if (known == "file" || (known == "redis" && redis_send(f$con, list(list("PERSIST", export_key(digest)), list("EXISTS", export_key(digest))))[[2]] > 0)) return(known)
  fits <- redis_takes(f, L, length(bytes))
  by_file <- (!fits || length(bytes) > EXPORT_FILE_BYTES) && length(bytes) <= MAX_FILE_BYTES && may_upload(f$inputs, "exports")
  way <- if (by_file && upload_export(f, name, digest, bytes)) "file" else "redis"
  if (way == "redis") {
    if (!fits) stop(export_too_large_message(f, name, length(bytes)), call. = FALSE)
    redis_call(f$con, "SET", export_key(digest), bytes)
  }
  f$exported[[digest]] <- list(way = way, bytes = length(bytes))
  redis_call(f$con, "HSET", fleet_key("exports"), digest, paste(way, whole(length(bytes))))
  way
}

# All that Redis is to hold for a loop together counts as one object.
redis_takes <- function(f, L, bytes) {
  beside <- sum(vapply(L$objects, function(o) if (o$way == "redis") o$bytes else 0, 0))
  bytes <= MAX_VALUE_BYTES && bytes + (if (largest_in_redis(f$con) < MAX_VALUE_BYTES) beside else 0) <= largest_in_redis(f$con)
}

# What the driver that was here before has sent
read_exported <- function(con) {
  lapply(as_fields(redis_call(con, "HGETALL", fleet_key("exports"))), function(text) {
    parts <- strsplit(text, " ", fixed = TRUE)[[1]]
    list(way = parts[1], bytes = as.numeric(parts[2]))
  })
}

# An object of that name holds the same bytes: a refused upload may mean that it is there from a try whose answer was lost. The address will tell.
upload_export <- function(f, name, digest, bytes) {
  done <- upload_bytes(f$inputs, "exports", bytes, EXPORT_UPLOAD_TRIES, function(try) export_object(digest))
  if (is.null(done)) {
    answer <- await_address(f$con, export_object(digest), EXPORT_PATIENCE_SECONDS, again = TRUE, meanwhile = function() check_stop(f))
    if (is.null(answer) || identical(answer, NO_ADDRESS)) return(FALSE)
  }
  ask_addresses(f$con, export_object(digest))
  say("exported object %s (%s) is sent by file", name, file_size_text(length(bytes)))
  TRUE
}

export_too_large_message <- function(f, name, bytes) {
  sprintf(paste("this loop exports %s, which is %s; at most %s can be sent to workers.",
                "Put it into a file of the job (data: in job.yaml) so that each worker loads it once, or keep it away with .noexport."),
          name, file_size_text(bytes), file_size_text(if (may_upload(f$inputs, "exports")) MAX_FILE_BYTES else largest_in_redis(f$con)))
}

# Redis keeps exports of earlier loops for the next one, within a bound,
forget_objects <- function(f, L) {
  idle <- f$exported[setdiff(names(f$exported), vapply(L$objects, function(o) o$digest, ""))]
  for (digest in surplus(Filter(function(o) o$way != "file", idle), EXPORTS_KEPT_BYTES)) {
    redis_send(f$con, list(list("DEL", export_key(digest)), list("HDEL", fleet_key("exports"), digest)))
    f$exported[[digest]] <- NULL
  }
}

# and not for ever: there may be no next one.
release_objects <- function(f, L) {
  digests <- unlist(lapply(L$objects, function(o) if (o$way == "redis") o$digest))
  if (length(digests)) redis_send(f$con, lapply(digests, function(digest) list("EXPIRE", export_key(digest), whole(EXPORT_KEPT_SECONDS))))
}

# A Redis that came back empty has lost them.
restore_objects <- function(f, L) {
  for (name in names(L$objects)) {
    o <- L$objects[[name]]
    if (o$way == "redis" && redis_call(f$con, "EXISTS", export_key(o$digest)) == 0) {
      redis_call(f$con, "SET", export_key(o$digest), serialize(L$exports[[name]], NULL, version = 3L))
    }
  }
}

# --- the worker's side ------------------------------------------------------------------------------------------------------------------------

# Puts the loop's objects where doRedis would have put them.
install_objects <- function(w, setup, env) {
  for (name in names(setup$objects)) {
    digest <- setup$objects[[name]]$digest
    if (!digest %in% names(w$objects)) w$objects[[digest]] <- list(value = get_object(w, setup, name, setup$objects[[name]]), bytes = setup$objects[[name]]$bytes)
    if (identical(w$installed[[name]], digest) && identical(w$installed_in, env)) next
    assign(name, w$objects[[digest]]$value, envir = env)
    w$installed[[name]] <- digest
  }
  w$installed_in <- env
  drop_objects(w, vapply(setup$objects, function(o) o$digest, ""))
}

# Pure: names of those that are too many when the newest, which come last, may have `most` bytes together
surplus <- function(objects, most) {
  bytes <- vapply(rev(objects), function(o) as.numeric(o$bytes), 0)
  names(bytes)[cumsum(bytes) > most]
}

drop_objects <- function(w, needed) {
  idle <- w$objects[setdiff(names(w$objects), needed)]
  w$objects[surplus(idle, WORKER_OBJECTS_BYTES)] <- NULL
}

get_object <- function(w, setup, name, o) {
  until <- now_seconds() + EXPORT_PATIENCE_SECONDS
  repeat {
    bytes <- if (o$way == "file") fetch_export(w, o) else redis_send(w$con, list(list("GET", export_key(o$digest))), raw = TRUE)[[1]]
    if (is.raw(bytes) && identical(sha256(bytes), o$digest)) return(unserialize(bytes))
    if (now_seconds() > until || .Call(fleet_termination) || must_stop(w, setup) || has_ended(w, setup)) break
    Sys.sleep(0.5)
  }
  stop(fleet_error(sprintf("redis connection: the exported object %s (%s) could not be had", name, file_size_text(o$bytes)), "fleetExportError"))
}

# A late task of a loop that is over: its objects may be gone.
has_ended <- function(w, setup) nzchar(or_else(redis_call(w$con, "HGET", fleet_key("loop", setup$loop), "endedAt"), ""))

# NULL without success; asks for a new address then
fetch_export <- function(w, o) {
  address <- await_address(w$con, export_object(o$digest), 60)
  if (is.null(address) || identical(address, NO_ADDRESS)) {
    if (!is.null(address)) ask_addresses(w$con, export_object(o$digest), again = TRUE)
    return(NULL)
  }
  file <- unlist(download_all(address))
  on.exit(unlink(file))
  if (!length(file) || file.size(file) != o$bytes) {
    ask_addresses(w$con, export_object(o$digest), again = TRUE)
    return(NULL)
  }
  readBin(file, "raw", o$bytes)
}
