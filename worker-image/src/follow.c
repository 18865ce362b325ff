/* Looks at all that travels with a value: what serialize() would follow. */
#include "fleet.h"
#include "growing.h"
#include "pointers.h"

#define NO_CONNECTION 1000000 /* more than R can have */

typedef struct {
  pointer_table seen;
  SEXP *todo;
  int count, room;
  SEXP levels;
} walker;

static void push(walker *w, SEXP x) {
  if (TYPEOF(x) == CHARSXP || TYPEOF(x) == SYMSXP || x == R_NilValue) return;
  if (isVectorAtomic(x) && ATTRIB(x) == R_NilValue) return;
  w->todo = with_room(w->todo, w->count, &w->room, sizeof(SEXP));
  w->todo[w->count++] = x;
}

static int stays(walker *w, SEXP env) {
  if (env == R_GlobalEnv || env == R_BaseEnv || env == R_BaseNamespace || env == R_EmptyEnv) return 1;
  if (R_IsNamespaceEnv(env) || R_IsPackageEnv(env)) return 1;
  for (R_xlen_t k = 0; k < XLENGTH(w->levels); k++)
    if (VECTOR_ELT(w->levels, k) == env) return 1;
  return 0;
}

static void enter_environment(walker *w, SEXP env) {
  SEXP names = PROTECT(R_lsInternal3(env, TRUE, FALSE));
  for (R_xlen_t i = 0; i < XLENGTH(names); i++) {
    SEXP symbol = installTrChar(STRING_ELT(names, i));
    if (R_existsVarInFrame(env, symbol)) push(w, fleet_binding(env, symbol));
  }
  UNPROTECT(1);
  push(w, ENCLOS(env));
}

static void enter(walker *w, SEXP x) {
  switch (TYPEOF(x)) {
  case VECSXP: case EXPRSXP:
    for (R_xlen_t i = 0; i < XLENGTH(x); i++) push(w, VECTOR_ELT(x, i));
    break;
  case LISTSXP: case LANGSXP: case DOTSXP:
    push(w, CAR(x));
    push(w, CDR(x));
    break;
  case CLOSXP:
    push(w, CLOENV(x));
    push(w, FORMALS(x));
    break;
  case PROMSXP: push(w, PRVALUE(x) != R_UnboundValue ? PRVALUE(x) : PRENV(x)); break;
  case ENVSXP: enter_environment(w, x); break;
  default: break;
  }
  if (ATTRIB(x) != R_NilValue) push(w, ATTRIB(x));
}

static int is_open_connection(SEXP x) {
  return TYPEOF(x) == INTSXP && XLENGTH(x) == 1 && Rf_inherits(x, "connection") && INTEGER(x)[0] > 2;
}

/* 1: it met an environment of `met`. closes: connections are changed to one that R does not have. */
static int walk(walker *w, const pointer_table *met, int closes) {
  while (w->count) {
    SEXP x = w->todo[--w->count];
    if (closes && is_open_connection(x)) INTEGER(x)[0] = NO_CONNECTION;
    if (TYPEOF(x) == ENVSXP) {
      if (stays(w, x)) continue;
      if (met && met->room && met->keys[pointer_place(met, x)]) return 1;
    }
    if (pointer_meet(&w->seen, x) < 0) enter(w, x);
  }
  return 0;
}

/* Do they lead to the same environment? Each would have a copy of its own, if they travelled apart. */
SEXP fleet_shares(SEXP value, SEXP others, SEXP levels) {
  walker first, second;
  memset(&first, 0, sizeof first);
  first.levels = levels;
  second = first;
  push(&first, value);
  walk(&first, NULL, 0);
  push(&second, others);
  return ScalarLogical(walk(&second, &first.seen, 0));
}

/* A connection of another process is a number here, which may be another connection. value: just read, and held by
 * nobody else. */
SEXP fleet_close_foreign(SEXP value) {
  walker w;
  memset(&w, 0, sizeof w);
  w.levels = PROTECT(allocVector(VECSXP, 0));
  push(&w, value);
  walk(&w, NULL, 1);
  UNPROTECT(1);
  return R_NilValue;
}
