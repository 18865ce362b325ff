# Records: the objects that many functions share (the back end, a loop, a worker). Each has one constructor, which lists
# its fields.
#
# A record is an environment that takes no further fields: a misspelt one is R's own error when it is assigned. Reading
# an unknown field gives NULL, as everywhere in R; a class with a `$` method of its own would make each read ten times
# slower. So the reads are compared with the constructors by a test instead (test-records.R).

new_record <- function(...) {
  record <- list2env(list(...), parent = emptyenv())
  lockEnvironment(record)
  record
}
