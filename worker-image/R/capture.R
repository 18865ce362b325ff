# What a task prints: shown in the worker's log as it happens, each line marked with loop and iteration, and kept for error reports (src/output.c).

start_capture <- function() {
  con <- NULL
  depth <- 0L
  divert <- function() {
    con <<- .Call(fleet_output_connection)
    sink(con)
    sink(con, type = "message") # cat(file = stderr()) is output of the task as well
    depth <<- sink.number()
  }
  divert()
  list(
    begin = function(mark) {
      if (sink.number() < depth) divert() # an earlier task called closeAllConnections()
      .Call(fleet_output_begin, mark)
    },
    add = function(text) .Call(fleet_output_add, enc2utf8(text)),
    end = function() {
      while (sink.number() > depth) sink()
      .Call(fleet_output_end)
    },
    stop = function() {
      sink(type = "message")
      while (sink.number() >= depth && sink.number() > 0L) sink()
      tryCatch(close(con), error = function(e) NULL)
    })
}
