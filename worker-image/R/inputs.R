# The job's files: downloaded by signed URL into the working directory, once per process' lifetime, complete or not at
# all.

DOWNLOAD_ROUNDS <- 8L

read_inputs <- function(path) {
  inputs <- jsonlite::fromJSON(path, simplifyVector = FALSE)
  schema <- as.integer(inputs$schema)
  if (!identical(schema, 1L)) stop("inputs.json has schema ", schema, "; this image reads schema 1")
  inputs$path <- path
  inputs
}

scratch_dir <- function() {
  dir <- or_else(.fleet$scratch, tempdir())
  dir.create(dir, recursive = TRUE, showWarnings = FALSE)
  dir
}

# One file to its place. `url` is a function: after a failure the inputs are read again, for the URLs may have been
# renewed.
download_to <- function(url, target, bytes = NULL) {
  dir.create(dirname(target), recursive = TRUE, showWarnings = FALSE)
  part <- tempfile("part", tmpdir = scratch_dir())
  on.exit(unlink(part))
  for (attempt in seq_len(DOWNLOAD_ROUNDS)) {
    problem <- download_file(url(), part)
    size <- if (file.exists(part)) file.size(part) else 0
    if (is.null(problem) && !is.null(bytes) && size != bytes) problem <- sprintf("%.0f of %s bytes", size, bytes)
    if (is.null(problem)) {
      if (!file.rename(part, target) && !file.copy(part, target, overwrite = TRUE)) stop("cannot write ", target)
      return(invisible(target))
    }
    say("downloading %s failed (%s), try %d of %d", basename(target), problem, attempt, DOWNLOAD_ROUNDS)
    Sys.sleep(min(2^attempt / 4, 10))
  }
  stop("cannot download ", basename(target))
}

check_name <- function(name) {
  if (grepl("(^|/)\\.\\.(/|$)|^/|[\r\n]", name) || !nzchar(name)) {
    stop("unacceptable file name in the job: ", encodeString(name, quote = "\""))
  }
  name
}

file_url <- function(inputs, name) {
  force(name)
  function() {
    fresh <- tryCatch(read_inputs(inputs$path), error = function(e) inputs)
    for (file in fresh$files) if (identical(file$name, name)) return(file$url)
    stop("the job no longer has a file ", name)
  }
}

# Places every file of the job below `dir`. What is there already, with its size and as it was left, is not fetched
# again.
place_files <- function(inputs, dir) {
  record_path <- file.path(scratch_dir(), "placed.rds")
  placed <- if (file.exists(record_path)) readRDS(record_path) else list()
  for (file in inputs$files) {
    target <- file.path(dir, check_name(file$name))
    known <- placed[[file$name]]
    info <- file.info(target)
    if (!is.null(known) && !is.na(info$size) && info$size == known$size && identical(info$mtime, known$mtime)) next
    download_to(file_url(inputs, file$name), target, file$bytes)
    info <- file.info(target)
    placed[[file$name]] <- list(size = info$size, mtime = info$mtime)
    saveRDS(placed, record_path)
  }
  invisible(placed)
}

# commandArgs() of driver and workers is what Rscript would have set: a task may read the job's arguments, as it may
# under %do%.
set_arguments <- function(inputs) {
  arguments <- as.character(unlist(inputs$arguments))
  of_r <- c("R", "--no-echo", "--no-restore", paste0("--file=", inputs$script$name))
  .Call(fleet_set_arguments, c(of_r, if (length(arguments)) "--args", arguments))
}

# load() of the job's data files into the global environment; returns the names and the values as loaded.
load_data <- function(inputs, dir) {
  data <- list()
  hashes <- character()
  for (name in unlist(inputs$load)) {
    path <- file.path(dir, check_name(name))
    loaded <- tryCatch(load(path, envir = globalenv()), error = function(e) {
      stop("cannot load ", name, ": ", conditionMessage(e), call. = FALSE)
    })
    data[loaded] <- mget(loaded, envir = globalenv())
    hashes[loaded] <- .Call(fleet_hash_file, path)
  }
  list(data = data, hashes = hashes)
}
