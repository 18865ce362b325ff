# What a task prints: shown in the worker's log as it happens, each line marked with loop and iteration, and kept for
# error reports (src/output.c).

start_capture <- function() {
  con <- NULL
  depth <- now <- 0L # of sinks: ours, and what there were when the last iteration ended
  known <- NULL      # connections
  divert <- function() {
    con <<- .Call(fleet_output_connection)
    sink(con)
    sink(con, type = "message") # cat(file = stderr()) is output of the task as well
    depth <<- now <<- sink.number()
    known <<- getAllConnections()
  }
  # sink.number() is slow, and a sink that a task left behind shows: it needs a connection, and takes what comes here
  close_connections <- function() {
    if (.Call(fleet_output_reached) && identical(getAllConnections(), known)) return()
    is_ours <- tryCatch(isOpen(con), error = function(e) FALSE) # FALSE: the task called closeAllConnections()
    while ((now <<- sink.number()) > depth - !is_ours) sink()
    if (is_ours) sink(con, type = "message") # R closes no connection that messages go to
    for (left in setdiff(getAllConnections(), known)) tryCatch(close(getConnection(left)), error = function(e) NULL)
    known <<- getAllConnections()
  }
  divert()
  list(
    begin = function(loop, i) {
      if (now < depth) divert() # an earlier task closed our connection
      .Call(fleet_output_begin, loop, i)
    },
    add = function(text) .Call(fleet_output_add, enc2utf8(text)),
    end = function() {
      close_connections()
      .Call(fleet_output_end)
    },
    stop = function() {
      sink(type = "message")
      while (sink.number() >= depth && sink.number() > 0L) sink()
      tryCatch(close(con), error = function(e) NULL)
    })
}
