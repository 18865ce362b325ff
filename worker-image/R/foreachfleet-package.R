#' Safe and resumable parallel foreach loops
#'
#' A back end for `foreach(...) %dopar% ...` that uses 'doRedis' to move tasks to workers, and adds what long
#' computations on machines that come and go need. Scripts stay as they are.
#'
#' - Every iteration counts exactly once, in order, whatever dies meanwhile: values are identical for any number of
#'   workers.
#' - An interrupted script resumes where it stopped, and says what is reused and what is not.
#' - Random numbers belong to the iteration, not to the worker.
#' - Errors arrive with their iteration, arguments, traceback, warnings and output, and can be replayed.
#' - The number of iterations that a worker takes at a time follows their measured times.
#'
#' On one machine: [startFleetWorkers()] and [registerForeachFleet()]; [fleetLoops()] says what the loops did. Of a job
#' in the cloud: [readResults()] and [partialValue()] read what is finished, [replay()] runs a failed iteration again.
#'
#' `vignette("laptop-to-cloud", package = "foreachfleet")` tells how a script goes from `%do%` over workers on a laptop
#' to a job in the cloud. It is there when the package was installed from a built archive; in the sources its text is
#' `vignettes/laptop-to-cloud.Rmd`.
#'
#' @useDynLib foreachfleet, .registration = TRUE
#' @importFrom foreach accumulate getErrorIndex getErrorValue getResult registerDoSEQ setDoPar
#' @importFrom iterators iter nextElem
#' @keywords internal
"_PACKAGE"
