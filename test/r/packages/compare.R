# Rscript compare.R PLAIN FLEET: one line of JSON for each answer: its name, and how the fleet's differs ("" when it
# does not). Values must be identical. Environments of functions and formulas are not looked into: two R never share
# one.
files <- commandArgs(TRUE)
# so that objects of formal classes can be compared
for (package in loadedNamespaces()) requireNamespace(package, quietly = TRUE)
plain <- readRDS(files[1])
fleet <- readRDS(files[2])

without_environments <- function(x) {
  if (is.environment(x)) return("an environment")
  if (is.function(x)) return(list(formals(x), body(x)))
  given <- attributes(x)
  if (is.list(x)) x <- lapply(unclass(x), without_environments)
  if (!is.null(given)) attributes(x) <- lapply(given, without_environments)
  x
}

differs <- function(a, b) {
  if (!is.null(a$error)) return(paste("plain R fails:", a$error))
  if (is.null(b)) return("the session ended before it")
  if (!is.null(b$error)) return(paste("error on the workers:", b$error))
  a <- without_environments(a$value)
  b <- without_environments(b$value)
  if (identical(a, b)) return("")
  how <- tryCatch(all.equal(a, b, tolerance = 0), error = conditionMessage)
  paste(c("not identical:", head(format(how), 5), "plain R:", head(deparse(a), 3), "workers:", head(deparse(b), 3)),
        collapse = " ")
}

for (name in names(plain)) {
  line <- list(name = name, differs = differs(plain[[name]], fleet[[name]]))
  cat(as.character(jsonlite::toJSON(line, auto_unbox = TRUE)), "\n", sep = "")
}
