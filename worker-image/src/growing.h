/* Lists that grow one by one. Memory is R_alloc's, so an error on the way leaves nothing behind. */
#ifndef FOREACHFLEET_GROWING_H
#define FOREACHFLEET_GROWING_H
#include <string.h>
#include "fleet.h"

/* The list with room for one more: the same, or a larger copy. each: bytes of one */
static inline void *with_room(void *items, int count, int *room, size_t each) {
  if (count < *room) return items;
  *room = *room ? *room * 2 : 256;
  void *more = R_alloc((size_t)*room, (int)each);
  if (count) memcpy(more, items, (size_t)count * each);
  return more;
}
#endif
