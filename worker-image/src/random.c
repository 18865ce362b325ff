/* Random-number streams that depend on (base seed, loop, iteration) and on nothing else.
 *
 * Stream s of a base seed is that seed advanced by s jumps of 2^127 steps of L'Ecuyer's MRG32k3a (the jump of
 * parallel::nextRNGStream). Here s = loop * 2^32 + iteration: 2^64 disjoint streams of length 2^127. The jump matrices
 * are squared, so any stream costs microseconds. */
#include <stdint.h>
#include <string.h>
#include "fleet.h"

#define M1 4294967087ULL
#define M2 4294944443ULL
typedef uint64_t matrix[3][3];

/* A^(2^127) mod m, the constants of L'Ecuyer, Simard, Chen and Kelton (2002) */
static const matrix JUMP1 = {
  {2427906178ULL, 3580155704ULL, 949770784ULL},
  {226153695ULL, 1230515664ULL, 3580155704ULL},
  {1988835001ULL, 986791581ULL, 1230515664ULL}};
static const matrix JUMP2 = {
  {1464411153ULL, 277697599ULL, 1610723613ULL},
  {32183930ULL, 1464411153ULL, 1022607788ULL},
  {2824425944ULL, 32183930ULL, 2093834863ULL}};

static void multiply(matrix out, const matrix a, const matrix b, uint64_t m) {
  matrix r;
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) {
      uint64_t sum = 0;
      for (int k = 0; k < 3; k++) sum = (sum + (a[i][k] * b[k][j]) % m) % m;
      r[i][j] = sum;
    }
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) out[i][j] = r[i][j];
}

static void apply(uint64_t v[3], const matrix a, uint64_t m) {
  uint64_t r[3];
  for (int i = 0; i < 3; i++) {
    r[i] = 0;
    for (int k = 0; k < 3; k++) r[i] = (r[i] + (a[i][k] * v[k]) % m) % m;
  }
  for (int i = 0; i < 3; i++) v[i] = r[i];
}

/* POWERS[g][k] = (A_g^(2^127))^(2^k): made once, so that a stream costs a product of a matrix and a vector for each
 * bit of its number. */
static matrix POWERS[2][64];
static int powers_made = 0;

static void make_powers(void) {
  for (int g = 0; g < 2; g++)
    for (int k = 0; k < 64; k++) {
      if (k == 0) memcpy(POWERS[g][0], g ? JUMP2 : JUMP1, sizeof(matrix));
      else multiply(POWERS[g][k], POWERS[g][k - 1], POWERS[g][k - 1], g ? M2 : M1);
    }
  powers_made = 1;
}

static void jump(uint64_t v[3], int generator, uint64_t count) {
  if (!powers_made) make_powers();
  for (int k = 0; count; k++, count >>= 1)
    if (count & 1) apply(v, POWERS[generator][k], generator ? M2 : M1);
}

static uint32_t next_word(uint64_t s[6]) {
  int64_t p1 = (int64_t)((1403580ULL * s[1] % M1 + ((M1 - 810728ULL) * s[0]) % M1) % M1);
  s[0] = s[1];
  s[1] = s[2];
  s[2] = (uint64_t)p1;
  int64_t p2 = (int64_t)((527612ULL * s[5] % M2 + ((M2 - 1370589ULL) * s[3]) % M2) % M2);
  s[3] = s[4];
  s[4] = s[5];
  s[5] = (uint64_t)p2;
  return (uint32_t)(p1 >= p2 ? p1 - p2 : p1 - p2 + (int64_t)M1);
}

static void find_stream(uint64_t s[6], SEXP base, SEXP loop, SEXP iteration) {
  for (int i = 0; i < 6; i++) s[i] = (uint32_t)INTEGER(base)[i];
  uint64_t stream = ((uint64_t)asReal(loop) << 32) + (uint64_t)asReal(iteration);
  jump(s, 0, stream);
  jump(s + 3, 1, stream);
}

/* The six words of the stream (count = 0), or that many 32-bit words drawn from it (the state of another generator). */
static void put_words(int *out, uint64_t s[6], int count) {
  for (int i = 0; i < (count > 0 ? count : 6); i++) out[i] = (int)(uint32_t)(count > 0 ? next_word(s) : s[i]);
}

SEXP fleet_stream_seed(SEXP base, SEXP loop, SEXP iteration, SEXP words) {
  uint64_t s[6];
  find_stream(s, base, loop, iteration);
  int count = asInteger(words);
  SEXP out = PROTECT(allocVector(INTSXP, count > 0 ? count : 6));
  put_words(INTEGER(out), s, count);
  UNPROTECT(1);
  return out;
}

#define MERSENNE_TWISTER 3 /* as R counts its generators; the first number of .Random.seed has all three kinds */
#define LECUYER 7
#define MT_WORDS 624

/* Makes the stream R's state, for the two generators whose state is known here: FALSE for others. code: the first
 * number of .Random.seed. */
SEXP fleet_use_stream(SEXP base, SEXP code, SEXP loop, SEXP iteration) {
  int generator = asInteger(code) % 100;
  if (generator != MERSENNE_TWISTER && generator != LECUYER) return ScalarLogical(0);
  uint64_t s[6];
  find_stream(s, base, loop, iteration);
  int head = generator == LECUYER ? 1 : 2;
  SEXP state = PROTECT(allocVector(INTSXP, head + (generator == LECUYER ? 6 : MT_WORDS)));
  INTEGER(state)[0] = asInteger(code);
  /* all of them are used up: the next draw makes new ones */
  if (generator == MERSENNE_TWISTER) INTEGER(state)[1] = MT_WORDS;
  put_words(INTEGER(state) + head, s, generator == LECUYER ? 0 : MT_WORDS);
  defineVar(install(".Random.seed"), state, R_GlobalEnv);
  UNPROTECT(1);
  return ScalarLogical(1);
}
