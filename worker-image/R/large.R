# Large results, the worker's side: they leave as files by the signed form of the attempt, and only their entry goes through Redis.
#
# A form cannot say "only if it is not there yet", and may not replace an object either. So each upload has a name of its own, made of what it
# holds (and of the try: after a lost answer the first name may be taken). Which of several counts is decided as for small results, by the
# journal; what a late duplicate uploaded is named by nobody.

LARGE_RESULT_BYTES <- 4 * 2^20
MAX_FILE_BYTES <- 2000 * 2^20 # R reads and writes at most 2^31 - 1 bytes at once
UPLOAD_TRIES <- 5L

may_upload <- function(inputs, what) !is.null(inputs[[what]]$url)

# The most that one result may have on this worker
largest_result <- function(w) if (may_upload(w$inputs, "results")) MAX_FILE_BYTES else largest_in_redis(w$con)

# Name below the attempt's folder. The control plane accepts no other form.
result_object <- function(loop, i, sha256, try = 1L) {
  sprintf("loop-%s/iteration-%06.0f-%s%s.rds", whole(loop), i, substr(sha256, 1L, 16L), if (try > 1L) paste0("-", try) else "")
}

# A large entry without its value, which is in the bucket; other entries as they are. Without success it stays as it is, if Redis can take it.
upload_large <- function(w, loop, e) {
  if (e$bytes <= LARGE_RESULT_BYTES || !may_upload(w$inputs, "results")) return(e)
  if (identical(redis_call(w$con, "GETBIT", fleet_key("done", loop), whole(e$i)), 1)) return(e) # journal_store() will find that out as well
  restart_clock(loop, e$i)
  e$sha256 <- sha256(e$v)
  e$md5 <- .Call(fleet_sum, e$v, "md5")
  e$object <- upload_bytes(w$inputs, "results", e$v, UPLOAD_TRIES, function(try) result_object(loop, e$i, e$sha256, try))
  if (!is.null(e$object)) {
    e$v <- NULL
  } else if (e$bytes > largest_in_redis(w$con)) {
    stop(fleet_error(sprintf("the result is %s and could not be uploaded; see the log of worker %s", file_size_text(e$bytes), w$pod), "fleetValueError"))
  }
  e
}

# As post_with_tries, of bytes
upload_bytes <- function(inputs, what, bytes, tries, name) {
  path <- tempfile("upload", tmpdir = scratch_dir())
  on.exit(unlink(path))
  writeBin(bytes, path)
  post_with_tries(inputs, what, path, tries, name)
}
