# Redis takes any name of a field, so a misspelt one would only be found by who misses the value. The constructors
# refuse it when they are called; the calls with names in quotes are looked at here, also those that no test makes.
ns <- asNamespace("foreachfleet")
code <- lapply(Filter(is.function, mget(ls(ns, all.names = TRUE), envir = ns)), body)

calls_of <- function(name) {
  found <- list()
  visit <- function(e) {
    if (is.call(e) && identical(e[[1]], as.name(name))) found[[length(found) + 1L]] <<- e
    if (is.call(e) || is.pairlist(e)) for (part in as.list(e)) if (!missing(part)) visit(part)
  }
  for (expr in code) visit(expr)
  found
}

# Of the arguments behind the first, those that are texts, or c() of texts
texts_of <- function(call) {
  texts <- lapply(as.list(call)[-(1:2)], function(e) {
    if (is.call(e) && identical(e[[1]], quote(c))) Filter(is.character, as.list(e)[-1]) else if (is.character(e)) e
  })
  unlist(texts)
}

test_that("fields, parts and words that are not listed are refused", {
  expect_identical(ns$redis_field("value", c("key", "toFetch")), c("k", "d"))
  expect_error(ns$redis_field("control", "halt"), "control has no field halt")
  expect_error(ns$redis_field("controls", "stop"), "controls has no field")
  expect_identical(ns$redis_pairs("loop", c(done = "1", total = "")), c("done", "1", "total", ""))
  expect_error(ns$redis_pairs("loop", c(finished = "1")), "loop has no field finished")
  expect_error(ns$redis_pairs("driver", c(state = "ended")), "driver.state is never ended")
  expect_error(ns$redis_object("outputs", name = "a", size = 1), "outputs has no field size")
  expect_error(ns$redis_line("exports", bytes = 1, way = "file"), "has other parts")
  expect_error(ns$is_in_state(list(state = "busy"), "working"), "never working")
})

test_that("a line is made of its parts, and taken apart again", {
  line <- ns$redis_line("replace", worker = "w1#2", reason = "3 iterations failed")
  expect_identical(line, "w1#2 3 iterations failed")
  expect_identical(ns$parse_line("replace", line), list(worker = "w1#2", reason = "3 iterations failed"))
  expect_identical(ns$parse_line("causes", ""), list(word = "", text = ""))
})

test_that("every name that the code spells is listed", {
  for (maker in c("redis_field", "redis_word")) for (call in calls_of(maker)) {
    if (is.character(call[[2]])) for (text in texts_of(call)) expect_identical(ns[[maker]](call[[2]], text) > "", TRUE)
  }
  for (call in calls_of("redis_object")) {
    names <- setdiff(names(call), "")
    expect_length(ns$redis_field(call[[2]], names), length(names))
  }
  for (call in calls_of("redis_line")) expect_identical(names(call)[-(1:2)], ns$FIELDS[[call[[2]]]])
  asked <- list(control = c("ask_control", 2), loop = c("ask_loop", 3), value = c("ask_value", 3))
  for (kind in names(asked)) for (call in calls_of(asked[[kind]][1])) {
    name <- call[[as.integer(asked[[kind]][2])]]
    if (is.character(name)) expect_length(ns$redis_field(kind, name), 1L)
  }
  for (maker in c("is_in_state", "report_state")) for (call in calls_of(maker)) {
    for (text in texts_of(call)) expect_true(text %in% ns$WORDS$workers.state)
  }
})

test_that("an entry of a worker is read as it was written", {
  worker <- list(pod = "w1", session = "s", replaced = 2L, state_dir = NULL)
  command <- ns$report_state(worker, "busy", 3, 1:150, loading = TRUE)
  expect_identical(command[1:3], list("HSET", ns$workers_key(), "w1"))
  entry <- ns$read_entry(command[[4]])
  expect_setequal(names(entry), ns$FIELDS$workers)
  expect_identical(entry[c("state", "loop", "iterations", "count", "session", "loading", "replaced", "last")],
                   list(state = "busy", loop = 3L, iterations = 1:100, count = 150L, session = "s", loading = TRUE,
                        replaced = 2L, last = 150L))
  idle <- ns$read_entry(ns$report_state(modifyList(worker, list(session = NULL, replaced = 0L)), "idle")[[4]])
  expect_setequal(names(idle), setdiff(ns$FIELDS$workers, c("session", "loading", "replaced")))
  expect_identical(idle$iterations, list())
  for (text in c("{", "5", "\"busy\"", "[]")) expect_false(ns$is_in_state(ns$read_entry(text), "busy"))
})
