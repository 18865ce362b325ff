# Signed URLs of objects below the attempt's folder. Pods cannot sign: they ask in Redis (ff:need), a pass of the
# control plane answers there (ff:urls), and a line of progress makes it come soon. The name "ledger" stands for what
# the bucket has of the whole job.

SPARE_SECONDS <- 120 # a URL that expires sooner is not begun with
ASK_AGAIN_SECONDS <- 10 # a Redis that was killed may have lost the question, or its answer

# again: what was answered before is of no use any more
ask_urls <- function(con, names, again = FALSE) {
  con$asked[names] <- now_seconds()
  questions <- as.vector(rbind(names, redis_line("need", askedAt = time_text(now_seconds()))))
  redis_send(con, c(if (again) list(list("HDEL", urls_key(), names)), list(list("HSET", need_key(), questions))))
  if (now_seconds() - or_else(con$asked_at, 0) < 1) return(invisible())
  con$asked_at <- now_seconds()
  emit("needs-urls", count = length(names))
}

# A list: NULL where there is no answer yet, NO_URL, or a URL. What has expired is asked for again, and what has no
# answer for long.
known_urls <- function(con, names) {
  answers <- redis_call(con, "HMGET", urls_key(), names)
  urls <- lapply(answers, parse_url_answer, now = now_seconds())
  open <- vapply(urls, is.null, NA)
  expired <- open & lengths(answers) > 0L
  if (any(expired)) ask_urls(con, names[expired], again = TRUE)
  silent <- open & (now_seconds() > con$asked[names] + ASK_AGAIN_SECONDS) %in% TRUE
  if (any(silent)) ask_urls(con, names[silent])
  urls
}

# Pure. NULL: none yet, or none that is still good
parse_url_answer <- function(answer, now) {
  if (!length(answer)) return(NULL)
  if (identical(answer, NO_URL)) return(NO_URL)
  signed <- parse_line("urls", answer)
  until <- suppressWarnings(as.numeric(signed$goodUntil))
  if (!is.na(until) && until >= now + SPARE_SECONDS) signed$url
}

forget_urls <- function(con, names) {
  con$asked <- con$asked[setdiff(names(con$asked), names)]
  redis_send(con, list(list("HDEL", urls_key(), names), list("HDEL", need_key(), names)))
}

# Waits for one answer; patience in seconds. NULL when there is none.
await_url <- function(con, name, patience, again = FALSE, meanwhile = function() NULL) {
  if (again || is.null(known_urls(con, name)[[1]])) ask_urls(con, name, again)
  until <- now_seconds() + patience
  repeat {
    answer <- known_urls(con, name)[[1]]
    if (!is.null(answer)) return(answer)
    if (now_seconds() > until) return(NULL)
    meanwhile()
    Sys.sleep(0.3)
  }
}
