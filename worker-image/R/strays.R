# Files that tasks write in the job's folder: they stay on their worker and go with it, which nothing else would show.
# The files themselves cannot be results: several workers may write the same name, and a task that is run again
# elsewhere would write it twice.

WATCHED_FOLDERS <- 1000L

# From now on files in `dir` and its folders are strays.
watch_folder <- function(dir) {
  folders <- utils::head(list.dirs(dir), WATCHED_FOLDERS)
  list(dir = dir, changed = stats::setNames(file.mtime(folders), folders),
       names = list.files(folders, all.files = TRUE, full.names = TRUE, no.. = TRUE))
}

# Looks at a folder again only if something came or went there, which one look at its time tells.
tell_strays <- function(worker, setup) {
  watched <- worker$folder
  if (is.null(watched) || identical(file.mtime(names(watched$changed)), unname(watched$changed))) return(invisible())
  worker$folder <- watch_folder(watched$dir)
  strays <- setdiff(worker$folder$names, watched$names)
  if (!length(strays) || !serves_session(worker, redis_call(worker$con, "GET", session_key()))) return(invisible())
  text <- stray_text(sub(paste0(watched$dir, "/"), "", strays, fixed = TRUE), worker$pod)
  say("loop %s: %s", whole(setup$loop), text)
  redis_call(worker$con, "HSET", loop_key(setup$loop), redis_pairs("loop", c(strays = text)))
}

# Pure
stray_text <- function(names, pod) {
  shown <- paste(c(utils::head(names, 3L), if (length(names) > 3L) sprintf("%d more", length(names) - 3L)),
                 collapse = ", ")
  sprintf("a task wrote %s on worker %s: files of tasks are lost; return the values, and write files after the loop",
          shown, pod)
}
