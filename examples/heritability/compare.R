# Shows that run.R gives the same result whoever runs its loop: first %do%, then doRedis with two local workers.
# Rscript compare.R [replicates]   needs redis-server; ends with status 1 when anything differs

arguments <- commandArgs(trailingOnly = TRUE)
replicates <- if (length(arguments) >= 1) arguments[1] else "24"
example_folder <- normalizePath(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])))
data_files <- file.path(example_folder, c("panel.RData", "cohort.RData"))
if (!all(file.exists(data_files))) {
  system2(file.path(R.home("bin"), "Rscript"),
          c(shQuote(file.path(example_folder, "make-data.R")), shQuote(example_folder)))
}

# A fresh R process in a folder of its own runs some lines, then the unchanged script; what it leaves behind is the
# result.
run_with <- function(label, before, after = character()) {
  folder <- file.path(tempdir(), label)
  dir.create(folder)
  file.symlink(data_files, folder)
  writeLines(c(before, sprintf("source(%s)", deparse(file.path(example_folder, "run.R"))),
               "saveRDS(estimates, 'estimates.rds')", after), file.path(folder, "main.R"))
  previous <- setwd(folder)
  on.exit(setwd(previous))
  seconds <- system.time(
    status <- system2(file.path(R.home("bin"), "Rscript"), c("--no-save", "main.R", replicates), stdout = "output.txt",
                      stderr = "output.txt")
  )[["elapsed"]]
  if (status != 0) stop(label, " failed:\n", paste(readLines("output.txt"), collapse = "\n"))
  cat(sprintf("%-28s %6.1f s\n", label, seconds))
  list(estimates = readRDS("estimates.rds"), table = readLines("heritability.csv"))
}

port <- 20000 + Sys.getpid() %% 20000
redis_arguments <- c("--port", port, "--bind", "127.0.0.1", "--save", "''", "--daemonize", "yes", "--dir", tempdir(),
                     "--pidfile", file.path(tempdir(), "redis.pid"))
if (system2("redis-server", redis_arguments, stdout = FALSE) != 0) stop("redis-server could not be started")
redis_pid <- function() as.integer(readLines(file.path(tempdir(), "redis.pid")))

outcome <- tryCatch({
  plain <- run_with("%do%", "`%dopar%` <- foreach::`%do%`")
  redis <- run_with(
    "doRedis, two local workers",
    c("library(doRedis)", sprintf("registerDoRedis('replicates', port = %d)", port),
      sprintf("startLocalWorkers(n = 2, queue = 'replicates', port = %d, linger = 1, log = '/dev/null')", port)),
    "removeQueue('replicates')"
  )
  c(estimates = identical(plain$estimates, redis$estimates), table = identical(plain$table, redis$table))
}, finally = tools::pskill(redis_pid()))

cat(sprintf("identical %s: %s\n", names(outcome), outcome), sep = "")
quit(status = if (all(outcome)) 0 else 1)
