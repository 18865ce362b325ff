/* What can be put into a package's variable in another R process: data, code, and functions that need nothing but
 * packages, the script, and small frames of their own. */
#include "fleet.h"
#include "environments.h"
#include "pointers.h"

#define DEEPEST 100
#define MOST_OBJECTS 20000

typedef struct {
  pointer_table seen;
  SEXP own; /* environments that a copy must not stand for: each a list that begins with it */
} sending;

static int is_sendable(sending *s, SEXP x, int depth);

static int is_sendable_environment(sending *s, SEXP env, int depth) {
  if (env == R_GlobalEnv || fleet_of_package(env)) return 1;
  for (R_xlen_t k = 0; k < XLENGTH(s->own); k++)
    if (VECTOR_ELT(VECTOR_ELT(s->own, k), 0) == env) return 0;
  SEXP names = PROTECT(R_lsInternal3(env, TRUE, FALSE));
  int all = is_sendable(s, enclosure(env), depth + 1);
  for (R_xlen_t i = 0; all && i < XLENGTH(names); i++) {
    SEXP symbol = installTrChar(STRING_ELT(names, i));
    all = !R_BindingIsActive(symbol, env) && is_sendable(s, findVarInFrame3(env, symbol, TRUE), depth + 1);
  }
  UNPROTECT(1);
  return all;
}

static int is_sendable(sending *s, SEXP x, int depth) {
  if (depth > DEEPEST || s->seen.count > MOST_OBJECTS) return 0;
  if (TYPEOF(x) == CHARSXP || TYPEOF(x) == SYMSXP) return 1;
  if (pointer_meet(&s->seen, x) >= 0) return 1;
  switch (TYPEOF(x)) {
  case NILSXP: case LGLSXP: case INTSXP: case REALSXP: case CPLXSXP: case STRSXP: case RAWSXP: case S4SXP:
  case BUILTINSXP: case SPECIALSXP: case BCODESXP:
    break;
  case ENVSXP:
    if (!is_sendable_environment(s, x, depth)) return 0;
    break;
  case CLOSXP:
    if (!is_sendable(s, CLOENV(x), depth + 1)) return 0;
    break;
  case PROMSXP:
    if (PRVALUE(x) != R_UnboundValue) return is_sendable(s, PRVALUE(x), depth + 1);
    return is_sendable(s, PRENV(x), depth + 1) && is_sendable(s, R_PromiseExpr(x), depth + 1);
  case VECSXP: case EXPRSXP:
    for (R_xlen_t i = 0; i < XLENGTH(x); i++)
      if (!is_sendable(s, VECTOR_ELT(x, i), depth + 1)) return 0;
    break;
  case LANGSXP: case LISTSXP: case DOTSXP:
    for (SEXP rest = x; rest != R_NilValue; rest = CDR(rest))
      if (!is_sendable(s, CAR(rest), depth + 1)) return 0;
    break;
  default: return 0; /* pointers, weak references */
  }
  for (SEXP a = ATTRIB(x); a != R_NilValue; a = CDR(a))
    if (TAG(a) != install("srcref") && !is_sendable(s, CAR(a), depth + 1)) return 0;
  return !(TYPEOF(x) == INTSXP && Rf_inherits(x, "connection"));
}

SEXP fleet_sendable(SEXP value, SEXP own) {
  sending s;
  memset(&s, 0, sizeof s);
  s.own = own;
  return ScalarLogical(is_sendable(&s, value, 0));
}
