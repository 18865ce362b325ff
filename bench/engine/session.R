# One way to run a loop with two workers, kept ready between measurements. Arguments: BACKEND REDIS-PORT, or job PIPE:
# then this is a job's script, which finds its backend registered. Reads a line "TASKS SECONDS BYTES KIND" from stdin or
# the pipe, runs so many tasks of that length and that size of result, and answers "seconds X". KIND: sleep, or busy
# (which computes meanwhile).
arguments <- commandArgs(trailingOnly = TRUE)
backend <- arguments[1]
port <- if (backend != "job") as.integer(arguments[2])
quietly <- function(...) suppressWarnings(suppressPackageStartupMessages(library(..., character.only = TRUE)))

# The same function for everybody; bare doRedis has to be told that a loop in a function needs it. Sys.sleep() cannot be
# exact; busy work is by the clock, so that it takes as long on a slow machine.
task <- function(i, seconds, bytes, kind) {
  if (kind == "sleep") Sys.sleep(seconds)
  else {
    end <- Sys.time() + seconds
    while (Sys.time() < end) sqrt(i)
  }
  if (bytes > 0) raw(bytes) else i
}

loop <- function(n, seconds, bytes, kind) {
  foreach(i = seq_len(n), .export = "task") %dopar% task(i, seconds, bytes, kind)
}

# Each registers two workers and answers the function that runs the tasks.
backends <- list(
  job = function() {
    quietly("foreach")
    loop
  },
  fleet = function() {
    quietly("foreach")
    quietly("foreachfleet")
    address <- paste0("localhost:", port)
    startFleetWorkers(2, redis = address)
    registerForeachFleet(address)
    loop
  },
  doRedis = function() {
    quietly("doRedis")
    registerDoRedis("bench", port = port)
    startLocalWorkers(n = 2, queue = "bench", port = port, linger = 1, log = "/dev/null")
    loop
  },
  doParallel = function() {
    quietly("doParallel")
    registerDoParallel(makePSOCKcluster(2))
    loop
  },
  doMC = function() {
    quietly("doMC")
    registerDoMC(2)
    loop
  },
  doFuture = function() {
    quietly("doFuture")
    registerDoFuture()
    future::plan(future::multisession, workers = 2)
    loop
  },
  mirai = function() {
    quietly("mirai")
    daemons(2)
    function(n, seconds, bytes, kind) {
      mirai_map(seq_len(n), task, .args = list(seconds = seconds, bytes = bytes, kind = kind))[]
    }
  },
  crew = function() {
    quietly("crew")
    controller <- crew_controller_local(workers = 2, seconds_idle = 600)
    controller$start()
    function(n, seconds, bytes, kind) {
      controller$map(task(i, seconds, bytes, kind), iterate = list(i = seq_len(n)),
                     data = list(seconds = seconds, bytes = bytes, kind = kind),
                     globals = list(task = task), verbose = FALSE)$result
    }
  })

run <- backends[[backend]]()
# crew's map() does not promise an order
check <- function(values, n, bytes) {
  stopifnot(length(values) == n)
  if (bytes > 0) stopifnot(all(lengths(values) == bytes))
  else stopifnot(identical(sort(as.integer(unlist(values))), seq_len(n)))
}
# workers are up, packages are loaded, code is compiled
for (round in 1:3) check(run(8L, 0.1, 0, "sleep"), 8L, 0)
cat("ready", "\n")

input <- if (backend == "job") fifo(arguments[2], "r", blocking = TRUE) else file("stdin", "r")
while (length(line <- readLines(input, 1L))) {
  asked <- strsplit(line, " ", fixed = TRUE)[[1]]
  n <- as.integer(asked[1])
  seconds <- system.time(values <- run(n, as.numeric(asked[2]), as.numeric(asked[3]), asked[4]))[[3]]
  check(values, n, as.numeric(asked[3]))
  rm(values)
  invisible(gc())
  cat("seconds", seconds, "\n")
}
if (backend == "fleet") stopFleetWorkers()
if (backend == "doRedis") removeQueue("bench")
if (backend == "mirai") mirai::daemons(0)
