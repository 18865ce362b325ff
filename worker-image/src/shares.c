/* Do two values lead to the same environment? Each would have a copy of its own, if they travelled apart. */
#include "fleet.h"
#include "pointers.h"

typedef struct {
  pointer_table seen;
  SEXP *todo;
  int count, room;
  SEXP levels;
} walker;

static void push(walker *w, SEXP x) {
  if (TYPEOF(x) == CHARSXP || TYPEOF(x) == SYMSXP || x == R_NilValue) return;
  if (isVectorAtomic(x) && ATTRIB(x) == R_NilValue) return;
  if (w->count == w->room) {
    int room = w->room ? w->room * 2 : 256;
    SEXP *more = (SEXP *)R_alloc((size_t)room, sizeof(SEXP));
    if (w->count) memcpy(more, w->todo, (size_t)w->count * sizeof(SEXP));
    w->todo = more;
    w->room = room;
  }
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

/* What serialize() would follow */
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

/* 1: it met an environment of `met` */
static int walk(walker *w, const pointer_table *met) {
  while (w->count) {
    SEXP x = w->todo[--w->count];
    if (TYPEOF(x) == ENVSXP) {
      if (stays(w, x)) continue;
      if (met && met->room && met->keys[pointer_place(met, x)]) return 1;
    }
    if (pointer_meet(&w->seen, x) < 0) enter(w, x);
  }
  return 0;
}

SEXP fleet_shares(SEXP value, SEXP others, SEXP levels) {
  walker first, second;
  memset(&first, 0, sizeof first);
  first.levels = levels;
  second = first;
  push(&first, value);
  walk(&first, NULL);
  push(&second, others);
  return ScalarLogical(walk(&second, &first.seen));
}
