/* What cannot leave its process. */
#include "fleet.h"

/* Does the value itself (not a frame it captured) hold something that cannot leave its process? */
static int holds_dead(SEXP x, int depth) {
  if (TYPEOF(x) == EXTPTRSXP || TYPEOF(x) == WEAKREFSXP) return 1;
  if (TYPEOF(x) == INTSXP && inherits(x, "connection")) return 1;
  if (TYPEOF(x) == VECSXP && depth < 50) {
    /* a pointer beside the bytes that it was made from is made again from them by its package */
    int has_bytes = 0;
    for (R_xlen_t i = 0; i < XLENGTH(x); i++) has_bytes |= TYPEOF(VECTOR_ELT(x, i)) == RAWSXP;
    for (R_xlen_t i = 0; i < XLENGTH(x); i++) {
      SEXP element = VECTOR_ELT(x, i);
      if (!(has_bytes && TYPEOF(element) == EXTPTRSXP) && holds_dead(element, depth + 1)) return 1;
    }
  }
  /* slots; other attributes may point at memory for speed only, as those of data.table do */
  if (TYPEOF(x) == S4SXP && depth < 50)
    for (SEXP slot = ATTRIB(x); slot != R_NilValue; slot = CDR(slot))
      if (holds_dead(CAR(slot), depth + 1)) return 1;
  return 0;
}

SEXP fleet_dead_reference(SEXP value) { return ScalarLogical(holds_dead(value, 0)); }
