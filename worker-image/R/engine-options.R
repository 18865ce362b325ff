# Options of the script under which our own code would write numbers that Redis cannot read, or stop at a warning. They
# hold while code of the script runs: its iterations, iterators and .combine. In between R has its own.

ENGINE_OPTIONS <- list(OutDec = ".", scipen = 0L, digits = 7L, warn = 0L)

# Of some options, those that do not hold in our own code
inner_options <- function(values) {
  values <- values[intersect(names(values), names(ENGINE_OPTIONS))]
  if (isTRUE(values$warn < 2L)) values$warn <- NULL
  values[!mapply(same_value, values, ENGINE_OPTIONS[names(values)])]
}

# In the driver, for the time of a loop. Returns a function that ends it.
begin_engine_options <- function() {
  own <- inner_options(options()[names(ENGINE_OPTIONS)])
  if (!length(own)) return(function() NULL)
  options(ENGINE_OPTIONS[names(own)])
  .fleet$script_options <- own
  function() {
    .fleet$script_options <- NULL
    options(own)
  }
}

as_script <- function(code) {
  own <- .fleet$script_options
  if (is.null(own)) return(code)
  ours <- options(own)
  on.exit(options(ours))
  code
}
