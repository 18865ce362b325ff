# Runs a case file, an ordinary script that keeps what it found by answer(name, value), and writes the answers to a
# file. It is run twice: in a session with the backend registered, and by plain R with foreach's sequential backend.
# What differs is told by compare.R.
library(foreach)

answers <- list()

# value: what the script computes, with its loops; it is evaluated here. `loops = FALSE`: what has no loop of its own.
answer <- function(name, value, loops = TRUE) {
  before <- count_loops()
  found <- tryCatch(list(value = value), error = function(e) list(error = conditionMessage(e)))
  if (loops && is.null(found$error) && before == count_loops()) found <- list(error = "no loop ran on the workers")
  answers[[name]] <<- found
}

# each call counts for plain R
count_loops <- local({
  calls <- 0L
  function() {
    if (getDoParName() == "doFleet") return(nrow(fleetLoops()))
    calls <<- calls + 1L
    calls
  }
})
