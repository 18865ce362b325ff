# Files over HTTP, in this process (libcurl, by the package curl): downloads by signed URL, uploads by signed form.
# Signed URLs are secrets: they stand in no file and in no list of arguments. What a file must hold (size, SHA-256)
# is checked by those who ask for it.

CONNECT_SECONDS <- 20
STALLED_SECONDS <- 120     # without a byte
TRANSFER_RETRIES <- 4L     # after 1, 2, 4 and 8 seconds,
RETRY_SECONDS <- 120       # but none that would begin later
DOWNLOADS_AT_ONCE <- 16L
CHUNK_BYTES <- 64 * 2^10L  # of each file libcurl reads at most a hundred of them before the event loop goes on

transfer_handle <- function(...) {
  curl::new_handle(failonerror = TRUE, followlocation = TRUE, connecttimeout = CONNECT_SECONDS, low_speed_limit = 1,
                   low_speed_time = STALLED_SECONDS, buffersize = CHUNK_BYTES, ...)
}

# attempt() gives NULL, or what the problem is: then it is made again. Returns the last problem; NULL: none is left.
with_retries <- function(attempt, first_pause = 1) {
  begin <- now_seconds()
  for (retry in 0:TRANSFER_RETRIES) {
    problem <- attempt()
    pause <- first_pause * 2^retry
    if (is.null(problem) || retry == TRANSFER_RETRIES || now_seconds() + pause - begin > RETRY_SECONDS) return(problem)
    Sys.sleep(pause)
  }
}

# NULL, or why the file is not there
download_file <- function(url, path) {
  with_retries(function() {
    tryCatch({
      curl::curl_fetch_disk(url, path, handle = transfer_handle())
      NULL
    }, error = problem_of)
  })
}

problem_of <- function(error) without_url(conditionMessage(error))

# For messages: a signed URL is a secret.
without_url <- function(text) gsub("https?://[^ ]+", "(its URL)", text)

# urls -> temporary files, named by url; a url that cannot be had is absent.
download_all <- function(urls) {
  files <- stats::setNames(vapply(urls, function(url) tempfile("download", tmpdir = scratch_dir()), ""), urls)
  left <- urls
  with_retries(function() {
    pool <- new_pool(DOWNLOADS_AT_ONCE)
    transfers <- lapply(left, function(url) begin_transfer(pool, url, files[[url]]))
    curl::multi_run(pool = pool)
    problems <- lapply(transfers, function(transfer) transfer$problem)
    left <<- left[lengths(problems) > 0L]
    unlist(problems)
  })
  as.list(files[setdiff(urls, left)])
}

# One form upload. fields: named texts, sent before the file. NULL, or why it failed: then it may have arrived all the
# same.
upload_form <- function(url, fields, path) {
  with_retries(function() {
    tryCatch({
      handle <- transfer_handle()
      file <- curl::form_file(path, "application/octet-stream")
      curl::handle_setform(handle, .list = c(lapply(fields, as.character), list(file = file)))
      curl::curl_fetch_memory(url, handle)
      NULL
    }, error = problem_of)
  })
}

# --- downloads that go on while R does other things in between

new_pool <- function(at_once) curl::new_pool(host_con = at_once)

begin_transfer <- function(pool, url, path) {
  transfer <- new_record(
    path = path,
    handle = transfer_handle(url = url),
    ended = FALSE,
    problem = NULL) # of one that has ended; NULL: the file is complete
  writer <- curl::file_writer(path)
  end <- function(message) {
    problem <- if (!is.null(message)) without_url(message)
    writer(close = TRUE)
    if (!is.null(problem)) unlink(path) else if (!file.exists(path)) file.create(path)
    transfer$problem <- problem
    transfer$ended <- TRUE
  }
  curl::multi_add(transfer$handle, done = function(response) end(NULL), fail = end, data = writer, pool = pool)
  transfer
}

# For at most so many seconds; less when one of them ends. They go on only here.
run_transfers <- function(pool, seconds) curl::multi_run(timeout = seconds, poll = TRUE, pool = pool)

cancel_transfer <- function(transfer) {
  curl::multi_cancel(transfer$handle)
  unlink(transfer$path)
}
