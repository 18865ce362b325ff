# Independence of the streams of loops and iterations. Deterministic: fixed seeds. Run in a session with the backend
# registered; needs no worker. The construction: stream s of a base is that base advanced by s jumps of 2^127 (of a
# period of about 2^191), s = loop * 2^32 + iteration. Streams of one base are therefore 2^127 draws apart and cannot
# meet. Here the jumps are checked against R's own, and what comes out is tested for what a mistake in them would show.
# That is equal or shifted streams, correlation, uneven spread.
stream <- function(words, loop, i, n = 0L) .Call(foreachfleet:::fleet_stream_seed, words, loop, i, n)
unit <- function(words) ifelse(words < 0, words + 2^32, words) * 2.328306549295727688e-10
set.seed(2024)
base <- foreachfleet:::random_base()$words

# a jump is nextRNGStream(), also across the seam of 2^32 between loops, where it is followed from both sides
following <- function(words) parallel::nextRNGStream(c(10407L, words))[-1]
for (at in list(c(1, 0), c(1, 1), c(1, 2^31), c(3, 2^32 - 1), c(1000, 5e5))) {
  stopifnot(identical(following(stream(base, at[1], at[2])), stream(base, at[1], at[2] + 1)))
}
stopifnot(identical(stream(base, 3, 2^32), stream(base, 4, 0)))

# no two of many loops and iterations begin alike, for one base and for bases of neighbouring seeds
begins <- c()
for (seed in 1:3) {
  set.seed(seed)
  words <- foreachfleet:::random_base()$words
  for (loop in c(1:5, 100)) for (i in c(1:20, 1e6)) begins <- c(begins, paste(stream(words, loop, i), collapse = " "))
}
stopifnot(!anyDuplicated(begins))

# neighbours in iteration, loop and seed: uniform, and not correlated, neither in step nor shifted
columns <- list()
for (seed in 1:2) {
  set.seed(seed)
  words <- foreachfleet:::random_base()$words
  for (loop in 1:4) for (i in 1:8) columns[[length(columns) + 1L]] <- unit(stream(words, loop, i, 4000L))
}
m <- do.call(cbind, columns)
chance <- 5.2 / sqrt(nrow(m)) # of 2016 pairs and 10 shifts the largest: one in a hundred such tables would exceed it
for (shift in 0:9) {
  r <- cor(m[seq_len(4000 - shift), ], m[seq_len(4000 - shift) + shift, ])
  if (shift == 0) diag(r) <- 0
  stopifnot(max(abs(r)) < chance)
}
stopifnot(min(apply(m, 2, function(u) chisq.test(tabulate(ceiling(u * 50), 50))$p.value)) > 1e-5)
# across streams: the k-th draws of all streams are a sample as well, also in pairs
across <- as.vector(t(m))
stopifnot(chisq.test(tabulate(ceiling(across * 1000), 1000))$p.value > 1e-4)
pairs <- ceiling(matrix(across, nrow = 2) * 32)
stopifnot(chisq.test(tabulate((pairs[1, ] - 1) * 32 + pairs[2, ], 1024))$p.value > 1e-4)

# Mersenne-Twister, R's default, is filled from the stream: the same tests for what it then draws, and for rnorm()
drawn <- function(loop, i, f) {
  foreachfleet:::use_stream(list(kind = RNGkind(), code = get(".Random.seed", globalenv())[1], words = base), loop, i)
  f(2000)
}
RNGkind("default", "default", "default")
u <- sapply(1:40, function(k) drawn(1 + k %/% 8, k, runif))
stopifnot(max(abs(cor(u)[upper.tri(diag(40))])) < 4.9 / sqrt(2000))
z <- sapply(1:40, function(k) drawn(1 + k %/% 8, k, rnorm))
stopifnot(min(apply(z, 2, function(x) ks.test(x, "pnorm")$p.value)) > 1e-4)
cat("streams are independent\n")
