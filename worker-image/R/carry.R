# How variables of a loop travel. The script's functions, methods and classes are one object, the same for all loops
# until one of them changes. The variables that the loop uses are another, in which environments keep their identity. Of
# the frames that the loop sees no more is sent than is used. Functions of these frames find the copy. Large plain data
# travel by themselves (exports.R).

SCOPE_INLINE_BYTES <- 2^20  # a carried up to here is part of the loop's description

# The script's definitions as an object for workers. What has not changed is not even serialized: closures are compared
# by address.
publish_definitions <- function(fleet, loop) {
  now <- loop$carried$definitions
  parts <- if (length(now$classes)) hash_value(definition_functions(now))
  last <- fleet$definitions
  same <- function(part) identical(last$now[[part]], now[[part]])
  unchanged <- !is.null(last) && identical(last$parts, parts) && same("functions") && same("methods") && same("locked")
  bytes <- if (unchanged) last$bytes else serialize(now, NULL, version = 3L)
  digest <- if (unchanged) last$digest else sha256(bytes)
  fleet$definitions <- list(now = now, parts = parts, bytes = bytes, digest = digest)
  publish_bytes(fleet, loop, "the script's functions", bytes, digest)
}

# The used variables of each level, and of frames and the script also unused functions, which methods may be; as
# environments, so that nothing is evaluated.
# apart: of each level, variables that travel by themselves
mirror_levels <- function(carried, apart = list()) {
  mirrors <- lapply(seq_along(carried$levels), function(k) {
    level <- carried$levels[[k]]
    names <- c(carried$used[[k]], carried$unused[[k]])
    if (k == carried$depth + 1L) names <- setdiff(names, names(carried$definitions$functions))
    copy_bindings(level, setdiff(names, if (k <= length(apart)) apart[[k]]))
  })
  c(mirrors, parents = if (length(carried$captured)) list(lapply(carried$captured, parent.env)))
}

# Environments that are named instead of sent: those that the loop sees, and captured ones (captured.R)
sent_frames <- function(carried) c(carried$levels[seq_len(carried$depth)], carried$captured)

copy_bindings <- function(from, names, to = new.env(parent = emptyenv())) {
  .Call(fleet_copy_bindings, from, to, names)
  to
}

unused_functions <- function(carried, k) {
  if (k > carried$depth + 1L) return(character())
  level <- carried$levels[[k]]
  names <- setdiff(ls(level, all.names = TRUE, sorted = FALSE),
    c(carried$used[[k]], carried$hidden, names(carried$definitions$functions), NEVER_CARRIED))
  names <- names[.Call(fleet_holds_function, level, names)]
  names[vapply(names, function(name) is_light_function(get(name, envir = level), carried$levels), NA)]
}

# Functions of packages are there without being sent.
is_light_function <- function(f, levels) !isNamespace(environment(f)) && .Call(fleet_weight, f, levels,
  UNUSED_BYTES) < UNUSED_BYTES

serialize_scope <- function(value, carried) {
  serialize(value, NULL, version = 3L, refhook = frame_names(sent_frames(carried)))
}

# Of a loop, what workers put in place before its first iteration (install.R)
carried_setup <- function(fleet, loop) {
  loop$objects <- lent_objects(loop)
  carried <- loop$carried
  definitions <- publish_definitions(fleet, loop)
  apart <- set_objects_apart(fleet, loop)
  bytes <- named_errors(carried, function() serialize_scope(mirror_levels(carried, apart), carried))
  if (length(bytes) > SCOPE_INLINE_BYTES) {
    check_room(fleet, loop, bytes)
    bytes <- publish_bytes(fleet, loop, "the loop's variables", bytes)
  }
  forget_objects(fleet, loop)
  list(depth = carried$depth, captured = length(carried$captured), package = carried$package,
       attached = carried$attached, definitions = definitions, fixed = carried$fixed, locks = level_locks(loop),
       variables = bytes, hidden = carried$hidden,
       asked = carried$asked, names = unlist(carried$used), lent = loop$loans$names,
       dead = carried$dead, left = left_behind(loop))
}

check_room <- function(fleet, loop, bytes) {
  by_file <- length(bytes) <= MAX_FILE_BYTES && may_upload(fleet$inputs, "exports")
  if (by_file || redis_takes(fleet, loop, length(bytes))) return(invisible())
  stop(too_large_message(loop, length(bytes), largest_in_redis(fleet$con)), call. = FALSE)
}

too_large_message <- function(loop, bytes, largest = MAX_VALUE_BYTES) {
  carried <- loop$carried
  # object.size() does not look into environments; a serialization does
  sizes <- unlist(lapply(seq_along(carried$levels), function(k) {
    one <- function(name) as.numeric(length(serialize_scope(list(copy_bindings(carried$levels[[k]], name)), carried)))
    vapply(setdiff(carried$used[[k]], vapply(loop$objects, function(object) object$name, "")), one, 0)
  }))
  shown <- utils::head(sort(sizes, decreasing = TRUE), 3L)
  sprintf(paste("this loop would send %s to every worker; at most %s is possible. Largest objects: %s.",
                "Put large data into a file of the job (data: in job.yaml) so that each worker loads it once,",
                "or keep unused objects away with .noexport."),
          file_size_text(bytes), file_size_text(largest),
          paste(sprintf("%s (%s)", names(shown), vapply(shown, file_size_text, "")), collapse = ", "))
}

# The same for whoever runs an iteration later (replay.R), if it is small
described_scope <- function(loop) {
  carried <- loop$carried
  weights <- lapply(seq_along(carried$levels), function(k) {
    variables <- copy_bindings(carried$levels[[k]], carried$used[[k]])
    .Call(fleet_weight, variables, carried$levels, 8 * MAX_DESCRIPTION_BYTES)
  })
  if (sum(unlist(weights)) > 8 * MAX_DESCRIPTION_BYTES) stop("too large")
  list(depth = carried$depth, captured = length(carried$captured), package = carried$package,
       attached = carried$attached, script = carried$definitions, hidden = carried$hidden, names = unlist(carried$used),
       variables = serialize_scope(mirror_levels(carried), carried))
}

# Neither our digest nor R's serialization can follow a value that is nested ten thousands deep: its error has no name.
named_errors <- function(carried, handle) {
  tryCatch(handle(), error = function(e) {
    for (k in seq_along(carried$levels)) for (name in carried$used[[k]]) {
      one <- list(copy_bindings(carried$levels[[k]], name))
      tried <- try({
        hash_value(one)
        serialize_scope(one, carried)
      }, silent = TRUE)
      if (!inherits(tried, "try-error")) next
      stop(sprintf(paste("the object %s (%s) cannot be sent to workers: %s. Make it in the loop's expression,",
                         "or keep it flat: a vector or a list instead of nested ones."),
                   name, class(carried$levels[[k]][[name]])[1], conditionMessage(e)), call. = FALSE)
    }
    stop(e)
  })
}

# --- what is missing on a worker

MOST_LEFT <- 5000L # names that workers are told of

# Variables of the script that neither travel with the loop nor are lent
left_behind <- function(loop) {
  carried <- loop$carried
  present <- lapply(carried$levels, ls, all.names = TRUE, sorted = FALSE)
  sent <- c(unlist(carried$used), unlist(carried$unused), unlist(loop$loans$names),
            names(carried$definitions$functions), carried$from_data, NEVER_CARRIED)
  utils::head(setdiff(grep(CLASS_METADATA, unlist(present), value = TRUE, invert = TRUE), sent), MOST_LEFT)
}

explain_error <- function(error, carried, args) explain_dead(explain_missing(error, carried), carried, args)

# External pointers and connections travel, dead: what does not touch them is as in the session, and R or the pointer's
# package says when something does.
DEAD <- paste("of the script holds an external pointer or a connection, which mean nothing outside the R process that",
              "made them: make it in the loop's expression")
ABOUT_DEAD <- "pointer|connection|handle|closed|NULL value|not valid"

explain_dead <- function(error, carried, args) {
  text <- conditionMessage(error)
  if (!grepl(ABOUT_DEAD, text, ignore.case = TRUE)) return(error)
  dead <- c(carried$dead, names(args)[vapply(args, function(value) .Call(fleet_dead_reference, value), NA)])
  if (length(dead)) error$message <- sprintf("%s (%s %s)", text, paste(dead, collapse = ", "), DEAD)
  error
}

# R says only what it did not find. Where the script has it, the error says how to send it.
explain_missing <- function(error, carried) {
  text <- conditionMessage(error)
  name <- regmatches(text, regexpr("(?<=['\"\u2018\u201c])[^'\"\u2019\u201d]+", text, perl = TRUE))
  if (!length(name) || !name %in% carried$left) return(error)
  templates <- c(gettextf("object '%s' not found", name, domain = "R"),
                 gettextf("could not find function \"%s\"", name, domain = "R"),
                 gettextf("object '%s' of mode '%s' was not found", name, "function", domain = "R"),
                 gettextf("value for %s not found", sQuote(name), domain = "R-base"))
  if (!text %in% templates) return(error)
  is_hidden <- name %in% carried$hidden
  remedy <- if (is_hidden) "is kept away by .noexport" else sprintf("is sent with .export = \"%s\"", name)
  error$message <- sprintf("%s (the script has an object of this name, which %s)", text, remedy)
  error
}
