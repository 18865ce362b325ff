/* Objects that a walk has met, by address: each has the number under which it came first. Memory is R_alloc's, so an
 * error on the way leaves nothing behind. */
#ifndef FOREACHFLEET_POINTERS_H
#define FOREACHFLEET_POINTERS_H
#include <stdint.h>
#include <string.h>
#include "fleet.h"

typedef struct {
  SEXP *keys;
  int *numbers;
  size_t room; /* a power of two, or 0 before the first key */
  int count;
} pointer_table;

static inline size_t pointer_place(const pointer_table *table, SEXP key) {
  uint64_t mixed = ((uint64_t)(uintptr_t)key >> 4) * 0x9e3779b97f4a7c15ULL;
  size_t place = (size_t)(mixed >> 20) & (table->room - 1);
  while (table->keys[place] && table->keys[place] != key) place = (place + 1) & (table->room - 1);
  return place;
}

static inline void pointer_grow(pointer_table *table) {
  pointer_table old = *table;
  table->room = old.room ? old.room * 2 : 64;
  table->keys = (SEXP *)R_alloc(table->room, sizeof(SEXP));
  table->numbers = (int *)R_alloc(table->room, sizeof(int));
  memset(table->keys, 0, table->room * sizeof(SEXP));
  for (size_t k = 0; k < old.room; k++) {
    if (!old.keys[k]) continue;
    size_t place = pointer_place(table, old.keys[k]);
    table->keys[place] = old.keys[k];
    table->numbers[place] = old.numbers[k];
  }
}

/* The key's number if it was met before; -1 if it is new, and it is met now. */
static inline int pointer_meet(pointer_table *table, SEXP key) {
  if ((size_t)table->count * 2 >= table->room) pointer_grow(table);
  size_t place = pointer_place(table, key);
  if (table->keys[place]) return table->numbers[place];
  table->keys[place] = key;
  table->numbers[place] = table->count++;
  return -1;
}
#endif
