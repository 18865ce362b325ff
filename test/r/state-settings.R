# Members for state.R: what can be put back.
# --- settings of R
member("options", {
  found <- list(getOption("digits"), getOption("my.own", "none"), getOption("contrasts"), getOption("OutDec"))
  options(digits = 3, my.own = i, contrasts = c("contr.sum", "contr.poly"), OutDec = ",", scipen = NULL)
  c(found, format(1/3), getOption("scipen", "gone"))
})
member("environment variables", {
  found <- Sys.getenv(c("MY_OWN", "LANG_OF_MINE", "USER_OF_MINE"), NA)
  was <- nzchar(Sys.getenv("PATH"))
  Sys.setenv(MY_OWN = i)
  Sys.unsetenv("PATH")
  list(found, was)
})
member("locale", {
  found <- Sys.getlocale("LC_TIME") == "POSIX"
  Sys.setlocale("LC_TIME", "POSIX")
  Sys.setlocale("LC_COLLATE", "POSIX")
  found
})
member("time zone", {
  found <- format(as.POSIXct(0, origin = "1970-01-01"), "%H:%M %Z")
  Sys.setenv(TZ = "Asia/Tokyo")
  c(found, format(as.POSIXct(0, origin = "1970-01-01"), "%H:%M %Z"))
})
member("umask", {
  found <- Sys.umask(NA)
  Sys.umask("077")
  found
})
member("random number generator", {
  found <- RNGkind()
  RNGkind("Wichmann-Hill", "Box-Muller", "Rounding")
  set.seed(1)
  list(found, rnorm(3))
})
member("time limit", {
  setTimeLimit(elapsed = if (i == 1) 0.3 else Inf)
  if (i == 2) Sys.sleep(0.6)
  TRUE
})
member("hooks and library folders", {
  found <- list(length(getHook("my.hook")), "/tmp" %in% .libPaths())
  setHook("my.hook", function(...) NULL)
  .libPaths(c("/tmp", .libPaths()))
  found
})

# --- the search path
member("library()", {
  found <- grep("MASS|splines", search())
  library(MASS)
  library(splines, pos = 4)
  found
})
member("attach() and detach()", {
  found <- list(setdiff(search(), c("package:foreachfleet", "package:iterators")), exists("attached_here"))
  attach(list(attached_here = i, sd = function(x) "mine"), name = "mine")
  detach("package:datasets")
  detach("package:graphics")
  found
})
member("a package with S4 methods", {
  found <- list(grep("stats4", search()), exists("mle"))
  library(stats4)
  c(found, isVirtualClass("mle"))
})
member("options that a package sets when it is loaded stay with it", {
  options(another.own = i)
  library(data.table)
  x <- data.table(a = 1:3)
  print(x)
  list(getOption("datatable.print.nrows"), x[, b := a * 2L][, sum(b)], is.null(getOption("datatable.my")))
})

# --- output, files, devices
member("sink() and connections", {
  found <- c(sink.number(), nrow(showConnections()))
  lost <- file(tempfile(), "w")
  text <- textConnection("never read")
  sink(lost)
  print("lost")
  sink(textConnection("caught", "w"))
  found - found[1] * (i > 0)
})
member("folder", {
  found <- basename(getwd()) == "elsewhere"
  dir.create(file.path(tempdir(), "elsewhere"), showWarnings = FALSE)
  setwd(file.path(tempdir(), "elsewhere"))
  found
})
member("devices, par() and palette()", {
  found <- list(dev.list(), palette()[2])
  pdf(NULL)
  was <- par("mar")
  par(mar = c(1, 1, 1, 1))
  palette("Set 1")
  list(found, was)
})

# --- other packages' state
member("the registered backend", {
  found <- c(getDoParName(), getDoSeqName(), getDoParWorkers())
  setDoPar(function(...) stop("not here"), NULL, function(data, item) if (item == "name") "mine" else 7L)
  found
})
member("data.table's threads", {
  found <- getDTthreads()
  setDTthreads(if (found == 1) 2 else 1)
  found == 1
}, packages = "data.table")

# --- variables
member("variables", {
  found <- list(exists("left_here"), shared, environmentName(environment(mean)))
  left_here <<- i
  assign("shared", i, envir = globalenv())
  shared <<- 99
  lockBinding("shared", globalenv())
  makeActiveBinding("mine", function() stop("asked"), globalenv())
  found
}, shared = 5)
Stack <- R6::R6Class("Stack", list(items = NULL, push = function(x) {
  self$items <- c(self$items, x)
  length(self$items)
}))
counter <- local({ n <- 0; function() { n <<- n + 1; n } })
member("closures and reference objects", {
  inner$n <- inner$n + 1
  c(counter(), stack$push(1), inner$n, sum(deep[[1]]$e$x <- c(deep[[1]]$e$x, 1)))
}, counter = counter, inner = list2env(list(n = 1)), deep = list(list(e = list2env(list(x = 1)))),
stack = Stack$new(), packages = "R6")
