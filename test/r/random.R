# Random numbers of the iterations. Run in a session with the backend registered; prints a digest that must not depend
# on the number of workers.
stream <- function(words, loop, i, n = 0L) .Call(foreachfleet:::fleet_stream_seed, words, loop, i, n)
base <- foreachfleet:::random_base()

# the jumps are those of parallel::nextRNGStream, and the words those that R itself draws
seed <- c(10407L, base$words)
for (k in 1:3) seed <- parallel::nextRNGStream(seed)
stopifnot(identical(seed[-1], stream(base$words, 0, 3)))
RNGkind("L'Ecuyer-CMRG")
assign(".Random.seed", c(10407L, stream(base$words, 2, 5)), envir = globalenv())
drawn <- runif(5)
words <- stream(base$words, 2, 5, 5L)
stopifnot(isTRUE(all.equal(drawn, ifelse(words < 0, words + 2^32, words) * 2.328306549295727688e-10, tolerance = 1e-9)))
RNGkind("Mersenne-Twister")

set.seed(42)
a <- foreach(i = 1:8) %dopar% rnorm(3)
b <- foreach(i = 1:8) %dopar% rnorm(3)
stopifnot(!anyDuplicated(unlist(c(a, b))))
set.seed(43)
c <- foreach(i = 1:8) %dopar% rnorm(3)
stopifnot(!any(unlist(c) %in% unlist(c(a, b))))

set.seed(5)
before <- .Random.seed
x <- foreach(i = 1:3, .combine = c) %dopar% runif(1)
stopifnot(identical(before, .Random.seed))

RNGkind("L'Ecuyer-CMRG", "Box-Muller", "Rounding")
set.seed(1)
kinds <- foreach(i = 1:2) %dopar% c(RNGkind(), sample(100, 1))
stopifnot(identical(kinds[[1]][1:3], c("L'Ecuyer-CMRG", "Box-Muller", "Rounding")))
RNGkind("default", "default", "default")

# streams do not go together: the largest correlation among 30 of them is what chance gives
set.seed(9)
m <- do.call(cbind, foreach(i = 1:30) %dopar% runif(2000))
r <- cor(m)[upper.tri(diag(30))]
stopifnot(max(abs(r)) < 0.1, abs(mean(m) - 0.5) < 0.01)

cat("digest", foreachfleet:::hash_value(list(a, b, c, x, kinds, m)), "\n")
