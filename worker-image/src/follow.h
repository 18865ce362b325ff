/* A walk along all that travels with a value: what serialize() would follow. */
#ifndef FOREACHFLEET_FOLLOW_H
#define FOREACHFLEET_FOLLOW_H
#include "fleet.h"
#include "growing.h"
#include "pointers.h"

typedef struct {
  pointer_table seen;
  SEXP *todo;
  int count, room;
  SEXP levels;
} walker;

static inline void push(walker *w, SEXP x) {
  if (TYPEOF(x) == CHARSXP || TYPEOF(x) == SYMSXP || x == R_NilValue) return;
  if (isVectorAtomic(x) && ATTRIB(x) == R_NilValue) return;
  w->todo = with_room(w->todo, w->count, &w->room, sizeof(SEXP));
  w->todo[w->count++] = x;
}

static inline int stays(walker *w, SEXP env) {
  if (env == R_GlobalEnv || env == R_BaseEnv || env == R_BaseNamespace || env == R_EmptyEnv) return 1;
  if (R_IsNamespaceEnv(env) || R_IsPackageEnv(env)) return 1;
  for (R_xlen_t k = 0; k < XLENGTH(w->levels); k++)
    if (VECTOR_ELT(w->levels, k) == env) return 1;
  return 0;
}

static inline void enter_environment(walker *w, SEXP env) {
  SEXP names = PROTECT(R_lsInternal3(env, TRUE, FALSE));
  for (R_xlen_t i = 0; i < XLENGTH(names); i++) {
    SEXP symbol = installTrChar(STRING_ELT(names, i));
    if (R_existsVarInFrame(env, symbol)) push(w, fleet_binding(env, symbol));
  }
  UNPROTECT(1);
  push(w, ENCLOS(env));
}

static inline void enter(walker *w, SEXP x) {
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
#endif
