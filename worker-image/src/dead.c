/* What cannot leave its process. */
#include "fleet.h"

/* Does the value itself (not a frame it captured) hold something that cannot leave its process? */
static int holds_dead(SEXP x, int depth) {
  if (TYPEOF(x) == EXTPTRSXP || TYPEOF(x) == WEAKREFSXP) return 1;
  if (TYPEOF(x) == INTSXP && inherits(x, "connection")) return 1;
  if (TYPEOF(x) == VECSXP && depth < 50)
    for (R_xlen_t i = 0; i < XLENGTH(x); i++)
      if (holds_dead(VECTOR_ELT(x, i), depth + 1)) return 1;
  /* slots; other attributes may point at memory for speed only, as those of data.table do */
  if (TYPEOF(x) == S4SXP && depth < 50)
    for (SEXP slot = ATTRIB(x); slot != R_NilValue; slot = CDR(slot))
      if (holds_dead(CAR(slot), depth + 1)) return 1;
  return 0;
}

SEXP fleet_dead_reference(SEXP value) { return ScalarLogical(holds_dead(value, 0)); }
