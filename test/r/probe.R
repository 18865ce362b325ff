# probe(name, expression): the expression must give under %dopar% what it gives under %do%; it writes %run% where the
# operator stands. Run in a session with the backend registered and workers waiting; ends with finish_probes().
library(iterators)

differing <- character()

probe <- function(name, expression, compare = identical) {
  code <- substitute(expression)
  evaluate <- function(operator) {
    env <- new.env(parent = globalenv())
    env$`%run%` <- operator
    set.seed(1)
    tryCatch(eval(code, env), error = function(e) paste("error:", conditionMessage(e)))
  }
  sequential <- evaluate(foreach::`%do%`)
  fleet <- evaluate(foreach::`%dopar%`)
  if (!isTRUE(compare(sequential, fleet))) {
    cat("DIFFERS:", name, "\n  %do%:    ", deparse(sequential, nlines = 3), "\n  %dopar%: ", deparse(fleet, nlines = 3),
        "\n")
    differing <<- c(differing, name)
  }
}

finish_probes <- function() {
  if (length(differing)) stop("different from %do%: ", paste(differing, collapse = "; "))
  cat("all probes agree\n")
}
