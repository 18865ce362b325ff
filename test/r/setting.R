# setting(name, set, task): what the script has told R holds in the iterations of its loops. `set` tells it; `task` must
# give under %dopar% what it gives under %do%. Run in a session with the backend registered and workers waiting; ends
# with finish_settings(). `set` is undone afterwards.
differing <- character()

setting <- function(name, set, task, undo = NULL) {
  code <- substitute(task)
  kept <- list(options = options(), variables = Sys.getenv(),
        locale = sapply(c("LC_COLLATE", "LC_TIME"), Sys.getlocale))
  folder <- getwd()
  attached <- search()
  suppressWarnings(eval(substitute(set), globalenv()))
  run <- function(operator) {
    env <- new.env(parent = globalenv())
    env$`%run%` <- operator
    env$i <- NULL
    call <- bquote(foreach(i = 1:3) %run% .(code))
    set.seed(1)
    tryCatch(eval(call, env), error = function(e) paste("error:", conditionMessage(e)))
  }
  sequential <- run(foreach::`%do%`)
  fleet <- run(foreach::`%dopar%`)
  if (!identical(sequential, fleet)) {
    cat("DIFFERS:", name, "\n  %do%:    ", deparse(sequential, nlines = 3),
        "\n  %dopar%: ", deparse(fleet, nlines = 3), "\n")
    differing <<- c(differing, name)
  }
  eval(substitute(undo), globalenv())
  for (one in setdiff(search(), attached)) detach(one, character.only = TRUE)
  options(kept$options)
  for (one in setdiff(names(options()), names(kept$options))) options(stats::setNames(list(NULL), one))
  Sys.unsetenv(setdiff(names(Sys.getenv()), names(kept$variables)))
  do.call(Sys.setenv, as.list(kept$variables))
  for (category in names(kept$locale)) Sys.setlocale(category, kept$locale[[category]])
  setwd(folder)
}

finish_settings <- function() {
  if (length(differing)) stop("different from %do%: ", paste(differing, collapse = "; "))
  cat("all settings agree\n")
}
