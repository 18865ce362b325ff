# The job's files: downloaded by signed URL into the working directory, once per process' lifetime, complete or not at
# all.

DOWNLOAD_ROUNDS <- 8L

read_inputs <- function(path) {
  inputs <- jsonlite::fromJSON(path, simplifyVector = FALSE)
  schema <- as.integer(inputs$schema)
  if (!identical(schema, 2L)) stop("inputs.json has schema ", schema, "; this image reads schema 2")
  inputs$path <- path
  inputs
}

# Their URLs may have been renewed since they were read.
read_again <- function(inputs) tryCatch(read_inputs(inputs$path), error = function(e) inputs)

scratch_dir <- function() {
  dir <- or_else(.fleet$scratch, tempdir())
  dir.create(dir, recursive = TRUE, showWarnings = FALSE)
  dir
}

# One file to its place. `url` is a function: after a failure the inputs are read again, for the URLs may have been
# renewed.
download_to <- function(url, target, bytes = NULL) {
  part <- tempfile("part", tmpdir = scratch_dir())
  on.exit(unlink(part))
  for (attempt in seq_len(DOWNLOAD_ROUNDS)) {
    problem <- download_file(url(), part)
    size <- if (file.exists(part)) file.size(part) else 0
    if (is.null(problem) && !is.null(bytes) && size != bytes) problem <- sprintf("%.0f of %s bytes", size, bytes)
    if (is.null(problem)) {
      put_file(part, target)
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

# The job's data files: a data frame of name, url and bytes. However many there are: the list lies in the bucket.
list_job_files <- function(inputs) {
  if (is.null(inputs$files)) return(data.frame(name = character(), url = character(), bytes = numeric()))
  path <- tempfile("files", tmpdir = scratch_dir())
  on.exit(unlink(path))
  download_to(function() read_again(inputs)$files$url, path)
  files <- jsonlite::fromJSON(path)
  lapply(files$name, check_name)
  files
}

FILES_IN_A_BATCH <- 256L

# Places every file of the job below `dir`. What is there already, with its size and as it was left, is not fetched
# again. After a failure the list is read again, for its URLs may have been renewed.
place_files <- function(inputs, dir, files = list_job_files(inputs)) {
  for (round in seq_len(DOWNLOAD_ROUNDS)) {
    left <- files[!are_placed(files$name, dir), , drop = FALSE]
    batches <- split(left, (seq_len(nrow(left)) - 1L) %/% FILES_IN_A_BATCH)
    failed <- unlist(lapply(batches, place_batch, dir = dir), use.names = FALSE)
    if (!length(failed)) return(invisible())
    say("downloading %s failed, try %d of %d", name_some(failed), round, DOWNLOAD_ROUNDS)
    Sys.sleep(min(2^round / 4, 10))
    files <- list_job_files(inputs)
  }
  stop("cannot download ", name_some(failed))
}

# Answers the names of the files that could not be had.
place_batch <- function(some, dir) {
  paths <- download_all(some$url)[some$url]
  whole <- vapply(paths, function(path) if (is.null(path)) NA_real_ else file.size(path), 0) == some$bytes
  whole <- !is.na(whole) & whole
  for (i in which(whole)) put_file(paths[[i]], file.path(dir, some$name[i]))
  unlink(unlist(paths[!whole]))
  note_placed(some$name[whole], dir)
  some$name[!whole]
}

put_file <- function(from, target) {
  dir.create(dirname(target), recursive = TRUE, showWarnings = FALSE)
  if (!file.rename(from, target) && !file.copy(from, target, overwrite = TRUE)) stop("cannot write ", target)
}

name_some <- function(names, most = 3L) {
  shown <- paste(utils::head(names, most), collapse = ", ")
  if (length(names) > most) sprintf("%s and %d more files", shown, length(names) - most) else shown
}

# --- what has been placed: of each file its size and time as they were left

placed_path <- function() file.path(scratch_dir(), "placed.rds")

read_placed <- function() {
  if (file.exists(placed_path())) readRDS(placed_path()) else file_state(character(), "")
}

file_state <- function(names, dir) {
  info <- file.info(file.path(dir, names), extra_cols = FALSE)
  data.frame(name = names, size = info$size, mtime = as.numeric(info$mtime))
}

are_placed <- function(names, dir) {
  now <- file_state(names, dir)
  left <- read_placed()
  left <- left[match(names, left$name), , drop = FALSE]
  same <- now$size == left$size & now$mtime == left$mtime
  !is.na(same) & same
}

note_placed <- function(names, dir) {
  left <- read_placed()
  saveRDS(rbind(left[!left$name %in% names, , drop = FALSE], file_state(names, dir)), placed_path())
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
