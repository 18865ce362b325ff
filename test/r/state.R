# member(name, task, ...): what a task sees must not depend on the tasks that its worker had before. `task` says what it
# finds and then changes it; plain R's answer is that of a new Rscript. Run in a session with the backend registered and
# one worker, so that the iterations of a loop follow each other in one R process. Ends with finish_members().
library(foreach)

differing <- character()
expected <- list()
seen <- list()

# ...: objects of the script that the task uses
member <- function(name, task, ..., packages = NULL) {
  code <- substitute(task)
  objects <- list(...)
  env <- list2env(objects, parent = globalenv())
  call <- bquote(foreach(i = 1:4, .packages = packages) %dopar% .(code))
  env$packages <- packages
  file <- tempfile()
  # before the loop, so that it cannot have changed them
  saveRDS(list(code = code, objects = objects, packages = packages), file)
  seen[[name]] <<- tryCatch(eval(call, env), error = function(e) paste("error:", conditionMessage(e)))
  plain <- "given <- readRDS(commandArgs(TRUE)[1]); suppressMessages(library(foreach)); registerDoSEQ()
    for (package in given$packages) library(package, character.only = TRUE)
    env <- list2env(given$objects, parent = globalenv()); env$i <- 3L
    saveRDS(eval(given$code, new.env(parent = env)), commandArgs(TRUE)[2])"
  result <- tempfile()
  given <- c("--vanilla", "-e", shQuote(gsub("\n *", "; ", plain)), file, result)
  told <- system2(file.path(R.home("bin"), "Rscript"), given, stdout = TRUE, stderr = TRUE)
  if (!file.exists(result)) stop(name, ": plain R fails: ", paste(told, collapse = "\n"))
  expected[[name]] <<- readRDS(result)
  if (all(vapply(seen[[name]], identical, NA, expected[[name]]))) return(invisible())
  cat("DIFFERS:", name, "\n  new R:    ", deparse(expected[[name]], nlines = 3),
      "\n  a worker: ", deparse(seen[[name]], nlines = 6), "\n")
  differing <<- c(differing, name)
}

finish_members <- function() {
  if (length(differing)) stop("different from a new R: ", paste(differing, collapse = "; "))
  cat("all", length(expected), "members agree\n")
}

