# What a loop is, written down for later. How it combines its results gives it a value at any time; with what its
# iterations need any of them can be run again. The control plane moves it to the bucket. A description that would be
# large is left out; a loop never waits for it.

DESCRIBED_ITERATIONS <- 5000L    # whose keys and arguments are kept
MAX_DESCRIPTION_BYTES <- 2^20    # of each of the two parts, before it is compressed (in a tenth of a second at most)
DESCRIPTIONS_BYTES <- 64 * 2^20  # of all loops of a driver: Redis holds them until the next pass

# What must be taken down before the first result is combined; and what is known by then.
prepare_description <- function(fleet, loop, obj, expr) {
  if (!fleet$durable) return(invisible())
  shape <- tryCatch(loop_shape(loop$it, mirror_scope()), error = function(e) NULL)
  loop$to_describe <- list(packages = obj$packages, expr = expr, shape = shape, told = FALSE, keys = character(),
                           args = list())
  describe_loop(fleet, loop)
}

# At the beginning; and once more when iterations, or turns of an outer loop, were drawn since.
describe_loop <- function(fleet, loop, force = FALSE) {
  draft <- loop$to_describe
  if (is.null(draft)) return(invisible())
  enough <- is.null(draft$shape$sizes) && loop$window$count >= DESCRIBED_ITERATIONS
  whole_loop <- loop$window$exhausted || force || enough
  if (draft$told && !whole_loop) return(invisible())
  draft <- take_down(loop$window, draft)
  loop$to_describe <- if (!whole_loop) draft
  if (fleet$described_bytes > DESCRIPTIONS_BYTES) return(invisible())
  json <- to_json(description(loop, draft))
  fleet$described_bytes <- fleet$described_bytes + nchar(json)
  describe_in_redis(fleet, json)
  invisible()
}

# Keys and arguments as far as they are known; the loop forgets them.
take_down <- function(window, draft) {
  shown <- seq_len(min(window$count, DESCRIBED_ITERATIONS))
  if (window$base == 0L) draft$keys <- key_of(window, shown)
  args <- arguments_of(window, shown[shown > window$base])
  draft$args[names(args)] <- args
  draft$told <- TRUE
  draft
}

description <- function(loop, draft) {
  packed <- function(value) tryCatch(pack_text(value()), error = function(e) NULL)
  combine <- if (!is.null(draft$shape)) packed(function() {
    all <- loop$window$exhausted && length(draft$keys) == loop$window$count
    list(version = 1L, keys = draft$keys, all = all, shape = drawn_shape(loop$it, draft$shape))
  })
  task <- packed(function() {
    list(version = TASK_VERSION, code = draft$expr, carried = described_scope(loop), packages = draft$packages,
         settings = loop$settings, random = loop$random, loop = loop$number, args = draft$args)
  })
  record <- redis_object("described", loop = loop$number, attempt = or_else(.fleet$attempt, 1L), label = loop$label,
                         total = known_total(loop), errorHandling = loop$error_handling, prefix = loop$window$prefix)
  c(record, if (!is.null(combine)) redis_object("described", combine = combine),
    if (!is.null(task)) redis_object("described", task = task))
}

# Since the shape was taken down more turns of an outer loop may have been drawn.
drawn_shape <- function(it, shape) {
  if (inherits(it, "ifilteredforeach")) return(drawn_shape(it$ie1, shape))
  if (!is.null(shape$sizes)) shape$sizes <- it$state$fired
  shape
}

# Base64 text, or NULL when the value is large
pack_text <- function(value, most = MAX_DESCRIPTION_BYTES) {
  if (.Call(fleet_weight, value, list(), 8 * most) > 8 * most) return(NULL)
  bytes <- serialize(value, NULL, version = 3L)
  if (length(bytes) > most) return(NULL)
  compressed_text(bytes)
}

compressed_text <- function(bytes) gsub("\n", "", jsonlite::base64_enc(memCompress(bytes, "gzip")), fixed = TRUE)

unpack_text <- function(text) unserialize(memDecompress(jsonlite::base64_dec(text), "gzip"))

# By iteration; those whose results exist already have no arguments any more.
arguments_of <- function(window, items) {
  args <- stats::setNames(args_of(window, items), whole(items))
  args[!vapply(args, is.null, NA)]
}

# --- how results are combined

# Of a loop: its combine function and what belongs to it. Of nested loops: the outer one, the inner one, and how many
# iterations each turn of the outer one has (those drawn so far).
loop_shape <- function(it, mirror) {
  if (inherits(it, "ifilteredforeach")) return(loop_shape(it$ie1, mirror))
  if (!inherits(it, "ixforeach")) return(combine_of(it, mirror))
  inner <- it$state$ie2
  if (!length(inner)) stop("no turn of the outer loop is known yet")
  list(outer = loop_shape(it$ie1, mirror), inner = loop_shape(inner[[1]], mirror), sizes = it$state$fired)
}

# .init is taken from the accumulator: evaluating it once more could draw random numbers.
combine_of <- function(it, mirror) {
  info <- it$combineInfo
  if (info$has.init && it$state$numResults > 0L) stop("the initial value is combined already")
  info$fun <- mirror(info$fun)
  if (!is.null(info$final)) info$final <- mirror(info$final)
  info["init"] <- list(call("quote", it$state$accum))
  info$handling <- it$errorHandling
  info$in.order <- TRUE # the journal has them in order, whatever the loop says
  info
}

# Copies of functions together with the variables they use, and nothing else of the frames they were made in.
mirror_scope <- function() {
  frames <- list()
  copy_of <- function(env) {
    if (identical(env, baseenv()) || identical(env, emptyenv())) return(env)
    if (isNamespace(env) || startsWith(environmentName(env), "package:")) return(env)
    for (known in frames) if (identical(known$from, env)) return(known$to)
    to <- new.env(parent = globalenv())
    frames[[length(frames) + 1L]] <<- list(from = env, to = to)
    if (!identical(env, globalenv())) parent.env(to) <- copy_of(parent.env(env))
    to
  }
  mirror <- function(fun) {
    home <- if (is.function(fun) && !is.primitive(fun)) environment(fun)
    if (is.null(home) || isNamespace(home)) return(fun)
    for (name in codetools::findGlobals(fun)) bring(name, home)
    fun <- utils::removeSource(fun)
    environment(fun) <- copy_of(home)
    fun
  }
  bring <- function(name, env) {
    frame <- defining_frame(name, env)
    if (is.null(frame)) return(invisible())
    to <- copy_of(frame)
    if (exists(name, envir = to, inherits = FALSE)) return(invisible())
    assign(name, NULL, envir = to) # functions may name each other
    value <- get(name, envir = frame)
    assign(name, if (is.function(value)) mirror(value) else value, envir = to)
  }
  mirror
}
