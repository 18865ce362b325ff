# Scripts written for a laptop register a backend of their own: registerDoRedis() and startLocalWorkers(),
# registerDoParallel(), registerDoSEQ(). In the fleet they stay as they are. The loops run on its workers all the same,
# and the log says so.

# Every registration, whichever package makes it, writes three variables of foreach: those are watched, so no package
# needs to be known by name. doRNG's is accepted: it stands in front of the backend that it finds, and without it
# registerDoRNG() would lose its meaning.
keep_registered <- function() {
  globals <- get(".foreachGlobals", envir = asNamespace("foreach"))
  kept <- mget(c("fun", "data", "info"), envir = globals)
  told <- character()
  accepted <- TRUE
  watch <- function(name, on_set) {
    rm(list = name, envir = globals)
    makeActiveBinding(name, function(value) if (missing(value)) kept[[name]] else on_set(value), globals)
  }
  keep <- function(name) function(value) if (accepted) kept[name] <<- list(value)
  # foreach sets them in this order
  watch("fun", function(value) {
    accepted <<- is_welcome(value)
    if (accepted) kept["fun"] <<- list(value)
  })
  watch("data", keep("data"))
  watch("info", function(value) {
    if (accepted) {
      kept["info"] <<- list(value)
      return(invisible())
    }
    name <- tryCatch(as.character(value(NULL, "name")), error = function(e) "unnamed")
    if (!name %in% told) say_kept(sprintf("another backend (%s) is registered", name))
    told <<- c(told, name)
  })
  keep_queue()
}

is_welcome <- function(fun) identical(fun, do_fleet) || identical(environmentName(topenv(environment(fun))), "doRNG")

# Of a function that is not needed in the driver or a worker of a job
say_kept <- function(what) {
  say(paste("%s%s: not needed here, the loops run on this job's workers (a loop that should run in the driver itself",
            "is written with %%do%%)"),
      if (is.null(.fleet$script_line)) "" else paste0(.fleet$script_line, ": "), what)
}

# What doRedis offers beside loops. A connection of its own would take ours away, and its workers would compute here
# what the fleet computes.
keep_queue <- function() {
  told <- FALSE
  unneeded <- function(...) {
    if (!told) say_kept("a queue and workers of doRedis are asked for")
    told <<- TRUE
    invisible()
  }
  space <- asNamespace("doRedis")
  for (name in c("registerDoRedis", "startLocalWorkers", "removeQueue", "redisConnect",
                 "setChunkSize", "setFtinterval", "setProgress")) {
    unlockBinding(name, space)
    assign(name, unneeded, envir = space)
    lockBinding(name, space)
  }
}
