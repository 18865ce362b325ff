# Signed URLs of objects below the attempt's folder. Pods cannot sign: they ask in Redis, a pass of the control
# plane answers there, and a line of progress makes it come soon. Asked in hash ff:need (name -> when), answered in hash
# ff:urls (name -> "<good until> <url>", or "none" when there is no such object). The name "ledger" stands for what the
# bucket has of the whole job.

NO_ADDRESS <- "none"
SPARE_SECONDS <- 120 # an address that expires sooner is not begun with
ASK_AGAIN_SECONDS <- 10 # a Redis that was killed may have lost the wish, or its answer

# again: what was answered before is of no use any more
ask_addresses <- function(con, names, again = FALSE) {
  con$wished[names] <- now_seconds()
  redis_send(con, c(if (again) list(list("HDEL", urls_key(), names)),
                    list(c(list("HSET", need_key()),
                           as.list(as.vector(rbind(names, sprintf("%.3f", now_seconds()))))))))
  if (now_seconds() - or_else(con$asked_at, 0) < 1) return(invisible())
  con$asked_at <- now_seconds()
  emit("needs-addresses", count = length(names))
}

# A list: NULL where there is no answer yet, NO_ADDRESS, or an address. What has expired is asked for again, and what
# has no answer for long.
known_addresses <- function(con, names) {
  answers <- redis_call(con, "HMGET", urls_key(), names)
  parsed <- lapply(answers, parse_address, now = now_seconds())
  open <- vapply(parsed, is.null, NA)
  expired <- open & lengths(answers) > 0L
  if (any(expired)) ask_addresses(con, names[expired], again = TRUE)
  silent <- open & (now_seconds() > con$wished[names] + ASK_AGAIN_SECONDS) %in% TRUE
  if (any(silent)) ask_addresses(con, names[silent])
  parsed
}

# Pure. NULL: none yet, or none that is still good
parse_address <- function(answer, now) {
  if (!length(answer)) return(NULL)
  if (identical(answer, NO_ADDRESS)) return(NO_ADDRESS)
  until <- suppressWarnings(as.numeric(sub(" .*", "", answer)))
  if (is.na(until) || until < now + SPARE_SECONDS) NULL else sub("^[^ ]* ", "", answer)
}

forget_addresses <- function(con, names) {
  con$wished <- con$wished[setdiff(names(con$wished), names)]
  redis_send(con, list(list("HDEL", urls_key(), names), list("HDEL", need_key(), names)))
}

# Waits for one answer; patience in seconds. NULL when there is none.
await_address <- function(con, name, patience, again = FALSE, meanwhile = function() NULL) {
  if (again || is.null(known_addresses(con, name)[[1]])) ask_addresses(con, name, again)
  until <- now_seconds() + patience
  repeat {
    answer <- known_addresses(con, name)[[1]]
    if (!is.null(answer)) return(answer)
    if (now_seconds() > until) return(NULL)
    meanwhile()
    Sys.sleep(0.3)
  }
}
