# The constructors list a record's fields; whatever else is assigned or read is a misspelling.
ns <- asNamespace("foreachfleet")
code <- lapply(Filter(is.function, mget(ls(ns, all.names = TRUE), envir = ns)), body)

# All calls of `name` within an expression
calls_of <- function(expr, name) {
  found <- list()
  visit <- function(e) {
    if (is.call(e)) {
      if (identical(e[[1]], as.name(name))) found[[length(found) + 1L]] <<- e
      for (part in as.list(e)) if (!missing(part)) visit(part)
    } else if (is.pairlist(e)) {
      for (part in as.list(e)) if (!missing(part)) visit(part)
    }
  }
  visit(expr)
  found
}

# Of each noun, the fields that its constructor lists: new_loop() holds `loop <- new_record(...)`. The package's own
# record is made when it is built.
constructed <- function() {
  fields <- list(.fleet = ls(ns$.fleet))
  for (assignment in unlist(lapply(code, calls_of, "<-"), recursive = FALSE)) {
    made <- assignment[[3]]
    if (!is.call(made) || !identical(made[[1]], as.name("new_record"))) next
    fields[[as.character(assignment[[2]])]] <- names(made)[-1]
  }
  fields
}

# noun$field, by noun, and the same where the noun is itself a field: obj$loop$tasks
mentioned <- function(dollars = unlist(lapply(code, calls_of, "$"), recursive = FALSE)) {
  owner <- vapply(dollars, function(d) {
    of <- d[[2]]
    if (is.call(of) && identical(of[[1]], as.name("$"))) of <- of[[3]]
    if (is.symbol(of)) as.character(of) else ""
  }, "")
  owner[owner == "current"] <- "loop"
  owner[owner == "driver"] <- "fleet"
  split(vapply(dollars, function(d) as.character(d[[3]]), ""), owner)
}

# Without those that are only assigned: `noun$field <- value`
read_somewhere <- function() {
  targets <- lapply(unlist(lapply(code, calls_of, "<-"), recursive = FALSE), `[[`, 2)
  written <- mentioned(Filter(function(e) is.call(e) && identical(e[[1]], as.name("$")), targets))
  all <- mentioned()
  sapply(names(all), function(noun) {
    fields <- unique(all[[noun]])
    times <- function(where) vapply(fields, function(field) sum(where == field), 1)
    fields[times(all[[noun]]) > times(as.character(written[[noun]]))]
  }, simplify = FALSE)
}

test_that("a record takes no field that its constructor does not list", {
  record <- ns$new_record(size = 1)
  record$size <- 2
  expect_identical(record$size, 2)
  expect_error(record$sise <- 3, "cannot add binding")
})

test_that("every field that is read is one of the constructor's, and every one of the constructor's is read", {
  fields <- constructed()
  nouns <- c("fleet", "loop", "window", "reuse", "suspicion", "counters", "spill", "combiner", "con",
             "transfer", "worker", "session")
  expect_identical(setdiff(nouns, names(fields)), character())
  used <- mentioned()
  read <- read_somewhere()
  # what others write as well: of these, some is read elsewhere
  foreign <- list(heard = c(ns$FIELDS$workers, "changed_at"), batch = ns$FIELDS$batch)
  for (noun in names(foreign)) {
    expect_identical(setdiff(used[[noun]], foreign[[noun]]), character(), label = paste("unknown fields of", noun))
  }
  for (noun in names(fields)) {
    expect_identical(setdiff(used[[noun]], fields[[noun]]), character(), label = paste("unknown fields of", noun))
    expect_identical(setdiff(fields[[noun]], read[[noun]]), character(), label = paste("unread fields of", noun))
  }
})
