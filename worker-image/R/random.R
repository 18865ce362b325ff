# Random numbers of the iterations. They depend on the state of the driver's generator when the loop begins, the loop
# and the iteration; not on workers, order, task size or resume. The stream is L'Ecuyer's. When the script uses another
# generator (R's default is Mersenne-Twister), its state is filled from the stream. So a task which calls set.seed(i)
# itself draws exactly what it draws under %do%.

# The loop's base: six words and the kinds (as names, and as R's code for the three), from the driver's present state,
# which is left as it is.
random_base <- function() {
  if (!exists(".Random.seed", envir = globalenv(), inherits = FALSE)) set.seed(NULL)
  state <- get(".Random.seed", envir = globalenv(), inherits = FALSE)
  list(kind = RNGkind(), code = state[1], words = base_words(state))
}

base_words <- function(state) {
  digits <- hash_value(state)
  more <- hash_value(list(digits, "more"))
  hex <- substring(paste0(digits, more), seq(1, 41, 8), seq(8, 48, 8))
  # below both moduli and not zero, as MRG32k3a demands
  numbers <- vapply(hex, function(h) strtoi(substr(h, 1, 4), 16L) * 65536 + strtoi(substr(h, 5, 8), 16L), 0)
  as_word(numbers %% 4294944000 + 1)
}

# R keeps 32-bit words in signed integers
as_word <- function(x) as.integer(ifelse(x >= 2147483648, x - 4294967296, x))

use_stream <- function(base, loop, iteration) {
  if (.Call(fleet_use_stream, base$words, base$code, loop, iteration)) {
    # forgets the second of the pair that was made last
    if (base$kind[2] == "Box-Muller") RNGkind(normal.kind = "Box-Muller")
  } else {
    suppressWarnings(RNGkind(base$kind[1], base$kind[2], base$kind[3]))
    set.seed(.Call(fleet_stream_seed, base$words, loop, iteration, 1L))
  }
  invisible()
}
