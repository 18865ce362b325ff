/* MurmurHash3's 128-bit mixing: fast, not cryptographic. */
#ifndef FOREACHFLEET_MIXING_H
#define FOREACHFLEET_MIXING_H
#include <stdint.h>
#include <string.h>

typedef struct {
  uint64_t h1, h2, total;
  unsigned char tail[16];
  size_t held;
} mixer;

static inline uint64_t rotl(uint64_t x, int r) { return (x << r) | (x >> (64 - r)); }

static inline void mix_block(mixer *h, const unsigned char *p) {
  const uint64_t c1 = 0x87c37b91114253d5ULL, c2 = 0x4cf5ad432745937fULL;
  uint64_t k1, k2;
  memcpy(&k1, p, 8);
  memcpy(&k2, p + 8, 8);
  k1 = rotl(k1 * c1, 31) * c2;
  h->h1 = (rotl(h->h1 ^ k1, 27) + h->h2) * 5 + 0x52dce729;
  k2 = rotl(k2 * c2, 33) * c1;
  h->h2 = (rotl(h->h2 ^ k2, 31) + h->h1) * 5 + 0x38495ab5;
}

static inline void mix(mixer *h, const void *bytes, size_t count) {
  const unsigned char *p = bytes;
  h->total += count;
  if (h->held) {
    size_t take = 16 - h->held < count ? 16 - h->held : count;
    memcpy(h->tail + h->held, p, take);
    h->held += take;
    p += take;
    count -= take;
    if (h->held < 16) return;
    mix_block(h, h->tail);
    h->held = 0;
  }
  for (; count >= 16; p += 16, count -= 16) mix_block(h, p);
  memcpy(h->tail, p, count);
  h->held = count;
}

static inline uint64_t finish_word(uint64_t k) {
  k = (k ^ (k >> 33)) * 0xff51afd7ed558ccdULL;
  k = (k ^ (k >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return k ^ (k >> 33);
}

static inline void finish(mixer *h) {
  memset(h->tail + h->held, 0, 16 - h->held);
  mix_block(h, h->tail);
  h->h1 ^= h->total;
  h->h2 ^= h->total;
  h->h1 += h->h2;
  h->h2 += h->h1;
  h->h1 = finish_word(h->h1);
  h->h2 = finish_word(h->h2);
  h->h1 += h->h2;
  h->h2 += h->h1;
}
#endif
