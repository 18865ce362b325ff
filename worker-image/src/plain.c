/* Plain data: what is the same object wherever it is read again. */
#include "fleet.h"

#define DEEPEST 50

static int is_plain(SEXP x, int depth) {
  if (depth > DEEPEST) return 0;
  switch (TYPEOF(x)) {
  case NILSXP: case CHARSXP: case LGLSXP: case INTSXP: case REALSXP: case CPLXSXP: case STRSXP: case RAWSXP: case S4SXP:
    break;
  case VECSXP:
    for (R_xlen_t i = 0; i < XLENGTH(x); i++)
      if (!is_plain(VECTOR_ELT(x, i), depth + 1)) return 0;
    break;
  default: return 0; /* environments, functions, pointers, promises; language may hold any of them */
  }
  if (TYPEOF(x) == CHARSXP) return 1; /* its attributes belong to R's cache of strings */
  for (SEXP a = ATTRIB(x); a != R_NilValue; a = CDR(a))
    if (!is_plain(CAR(a), depth + 1)) return 0;
  return !(TYPEOF(x) == INTSXP && Rf_inherits(x, "connection"));
}

SEXP fleet_plain(SEXP value) { return Rf_ScalarLogical(is_plain(value, 0)); }
