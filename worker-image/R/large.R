# Large results, the worker's side: they leave as files by the signed form of the attempt, and only their entry goes
# through Redis.
#
# A form cannot say "only if it is not there yet", and may not replace an object either. So each upload has a name of
# its own, made of what it holds (and of the try: after a lost answer the first name may be taken). Which of several
# counts is decided as for small results, by the journal; what a late duplicate uploaded is named by nobody.

LARGE_RESULT_BYTES <- 4 * 2^20
MAX_FILE_BYTES <- 2000 * 2^20 # R reads and writes at most 2^31 - 1 bytes at once
UPLOAD_TRIES <- 5L

may_upload <- function(inputs, what) !is.null(inputs[[what]]$url)

# The most that one result may have on this worker
largest_result <- function(worker) {
  if (may_upload(worker$inputs, "results")) MAX_FILE_BYTES else largest_in_redis(worker$con)
}

# Name below the attempt's folder. The control plane accepts no other form.
result_object <- function(loop, i, sha256, try = 1L) {
  again <- if (try > 1L) paste0("-", try) else ""
  sprintf("loop-%s/iteration-%06.0f-%s%s.rds", whole(loop), i, substr(sha256, 1L, 16L), again)
}

# A large entry without its value, which is in the bucket; other entries as they are. Without success it stays as it is,
# if Redis can take it.
upload_large <- function(worker, loop, entry) {
  if (entry$bytes <= LARGE_RESULT_BYTES || !may_upload(worker$inputs, "results")) return(entry)
  # journal_store() will find that out as well
  if (identical(redis_call(worker$con, "GETBIT", done_key(loop), whole(entry$i)), 1)) return(entry)
  restart_clock(loop, entry$i)
  entry$sha256 <- sha256(entry$v)
  entry$md5 <- .Call(fleet_sum, entry$v, "md5")
  name <- function(try) result_object(loop, entry$i, entry$sha256, try)
  entry$object <- upload_bytes(worker$inputs, "results", entry$v, UPLOAD_TRIES, name)
  if (!is.null(entry$object)) {
    entry$v <- NULL
  } else if (entry$bytes > largest_in_redis(worker$con)) {
    text <- "the result is %s and could not be uploaded; see the log of worker %s"
    stop(fleet_error(sprintf(text, file_size_text(entry$bytes), worker$pod), "fleetValueError"))
  }
  entry
}

# As post_with_tries, of bytes
upload_bytes <- function(inputs, what, bytes, tries, name) {
  path <- tempfile("upload", tmpdir = scratch_dir())
  on.exit(unlink(path))
  writeBin(bytes, path)
  post_with_tries(inputs, what, path, tries, name)
}
