/* Assignment in place, for vectors that only the package holds. */
#include "fleet.h"

/* vector[index] <- value; value is recycled when it has one element. For a list with one index, value is the element
 * itself. */
SEXP fleet_put(SEXP vector, SEXP index, SEXP value) {
  PROTECT(index = coerceVector(index, INTSXP));
  R_xlen_t count = XLENGTH(index);
  if (TYPEOF(vector) == VECSXP) {
    if (count != 1) Rf_error("one index for a list");
  } else {
    value = coerceVector(value, TYPEOF(vector));
  }
  PROTECT(value);
  for (R_xlen_t k = 0; k < count; k++) {
    R_xlen_t i = (R_xlen_t)INTEGER(index)[k] - 1;
    if (i < 0 || i >= XLENGTH(vector)) Rf_error("index out of range");
    R_xlen_t from = TYPEOF(vector) == VECSXP || XLENGTH(value) == 1 ? 0 : k;
    switch (TYPEOF(vector)) {
    case VECSXP: SET_VECTOR_ELT(vector, i, value); break;
    case STRSXP: SET_STRING_ELT(vector, i, STRING_ELT(value, from)); break;
    case REALSXP: REAL(vector)[i] = REAL(value)[from]; break;
    case INTSXP: INTEGER(vector)[i] = INTEGER(value)[from]; break;
    default: Rf_error("unexpected kind of vector");
    }
  }
  UNPROTECT(2);
  return R_NilValue;
}

/* list[index[k]] <- values[[k]] for each k; NULL as values clears them all. */
SEXP fleet_put_all(SEXP list, SEXP index, SEXP values) {
  PROTECT(index = coerceVector(index, INTSXP));
  R_xlen_t count = XLENGTH(index);
  if (values != R_NilValue && XLENGTH(values) != count) Rf_error("as many values as indices");
  for (R_xlen_t k = 0; k < count; k++) {
    R_xlen_t i = (R_xlen_t)INTEGER(index)[k] - 1;
    if (i < 0 || i >= XLENGTH(list)) Rf_error("index out of range");
    SET_VECTOR_ELT(list, i, values == R_NilValue ? R_NilValue : VECTOR_ELT(values, k));
  }
  UNPROTECT(1);
  return R_NilValue;
}
