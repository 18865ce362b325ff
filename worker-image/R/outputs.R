# Files that the script made: uploaded by the signed POST policy of the attempt, under the names the script gave them.

# Files below dir, named by path relative to it
list_files <- function(dir) {
  file_state(list.files(dir, recursive = TRUE, all.files = TRUE, no.. = TRUE), dir)
}

# A driver that is started again begins in a clean directory: half-written files of the run before must not be taken for
# results.
clean_directory <- function(keep, dir) {
  extra <- setdiff(list_files(dir)$name, keep)
  unlink(file.path(dir, extra))
}

created_files <- function(before, dir) {
  after <- list_files(dir)
  known <- match(after$name, before$name)
  same <- !is.na(known) & after$size == before$size[known] & after$mtime == before$mtime[known]
  after[!same & !is.na(after$size), , drop = FALSE]
}

# TRUE when the object is in the bucket
upload_file <- function(inputs, path, name) {
  !is.null(post_with_tries(inputs, "outputs", path, DOWNLOAD_ROUNDS, function(try) name))
}

# Uploads under the first of the names (a function of the try) that is accepted and returns it; NULL without success.
post_with_tries <- function(inputs, form, path, tries, name) {
  for (try in seq_len(tries)) {
    problem <- post_file(inputs, form, path, name(try))
    if (is.null(problem)) return(name(try))
    say("uploading %s failed (%s), try %d of %d", name(try), problem, try, tries)
    if (try < tries) Sys.sleep(min(2^try / 4, 10))
  }
  NULL
}

# NULL, or the problem. form: which of the signed forms in inputs.json, each with a prefix of its own, read anew as it
# may have been renewed.
post_file <- function(inputs, form, path, name) {
  signed <- read_again(inputs)[[form]]
  fields <- signed$fields
  fields$key <- paste0(signed$prefix, name)
  upload_form(signed$url, fields[c("key", setdiff(names(fields), "key"))], path)
}

# As at the end of every R session: plots and files that the script has left open get their last bytes.
close_what_is_open <- function() {
  closeAllConnections()
  grDevices::graphics.off()
}

# Uploads everything new and lists it in ff:outputs; returns the names that could not be uploaded.
save_outputs <- function(con, inputs, before, dir, log = NULL) {
  close_what_is_open()
  files <- created_files(before, dir)
  failed <- character()
  for (name in files$name) if (!save_output(con, inputs, file.path(dir, name), name)) failed <- c(failed, name)
  if (!is.null(log) && file.exists(log)) {
    # the log still grows: its size and SHA-256 must be those of what is uploaded
    copy <- tempfile("log", tmpdir = scratch_dir())
    on.exit(unlink(copy))
    copy_for_people(log, copy)
    save_output(con, inputs, copy, "driver.log")
  }
  failed
}

# The lines of a log without those that emit() writes for the control plane. As bytes: a script prints what it likes.
copy_for_people <- function(log, copy) {
  from <- file(log, "rb")
  on.exit(close(from))
  to <- file(copy, "wb")
  on.exit(close(to), add = TRUE)
  while (length(lines <- readLines(from, 10000L, warn = FALSE, skipNul = TRUE)) > 0L) {
    writeLines(lines[!grepl("^\\{\"ff\":", lines, useBytes = TRUE)], to, useBytes = TRUE)
  }
}

save_output <- function(con, inputs, path, name) {
  if (!upload_file(inputs, path, name)) return(FALSE)
  entry <- redis_object("outputs", name = name, bytes = file.size(path), sha256 = .Call(fleet_sum_file, path, "sha256"))
  listed <- unlist(redis_call(con, "LRANGE", outputs_key(), "0", "-1"))
  stale <- listed[vapply(listed, function(line) identical(jsonlite::fromJSON(line)$name, name), NA)]
  for (line in stale) redis_call(con, "LREM", outputs_key(), "0", line)
  redis_call(con, "RPUSH", outputs_key(), to_json(entry))
  emit("output", name = name, bytes = entry$bytes)
  TRUE
}
