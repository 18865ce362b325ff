/* Environments that values lead to, each with what it holds now: what an iteration may change by reference, and what is
 * put back after it (scope.R). Values in them are copied by R when they are changed, so keeping them is free. */
#include "fleet.h"
#include "growing.h"
#include "pointers.h"
#include "environments.h"

typedef struct {
  pointer_table seen;
  SEXP *todo;
  int count, room;
  int found_count;
  R_xlen_t longest; /* longer lists are data, if they hold nothing but vectors */
} walker;

/* Is there more than vectors in it? */
static int leads_on(SEXP x) {
  for (R_xlen_t i = 0; i < XLENGTH(x); i++) {
    SEXP element = VECTOR_ELT(x, i);
    if (!isVectorAtomic(element) && element != R_NilValue) return 1;
  }
  return 0;
}

static void push(walker *w, SEXP x) {
  switch (TYPEOF(x)) {
  case ENVSXP: break;
  case CLOSXP:
    if (IS_S4_OBJECT(x)) return; /* generics and generators: what R keeps in them changes as they are used */
    break;
  case VECSXP: case EXPRSXP:
    if (XLENGTH(x) > w->longest && !leads_on(x)) return;
    break;
  case PROMSXP:
    if (PRVALUE(x) != R_UnboundValue) push(w, PRVALUE(x));
    return;
  case S4SXP: break;
  default: return;
  }
  w->todo = with_room(w->todo, w->count, &w->room, sizeof(SEXP));
  w->todo[w->count++] = x;
}

static int starts_with(const char *text, const char *start) { return !strncmp(text, start, strlen(start)); }

int fleet_of_package(SEXP env) {
  if (env == R_BaseEnv || env == R_BaseNamespace || env == R_EmptyEnv || R_IsNamespaceEnv(env) ||
    R_IsPackageEnv(env)) return 1;
  if (getAttrib(env, install("path")) != R_NilValue) return 1;
  SEXP name = getAttrib(env, install("name"));
  if (TYPEOF(name) != STRSXP || XLENGTH(name) != 1) return 0;
  const char *text = CHAR(STRING_ELT(name, 0));
  return starts_with(text, "package") || starts_with(text, "imports") || starts_with(text, "Autoloads");
}

/* What can be put back: neither active bindings, which are code, nor locked ones, which nobody changes, nor arguments
 * that are missing or not evaluated */
static SEXP value_to_keep(SEXP env, SEXP symbol) {
  if (symbol == R_DotsSymbol || !R_existsVarInFrame(env, symbol)) return R_UnboundValue;
  if (R_BindingIsActive(symbol, env) || R_BindingIsLocked(symbol, env)) return R_UnboundValue;
  SEXP value = findVarInFrame3(env, symbol, TRUE);
  if (TYPEOF(value) == PROMSXP) value = PRVALUE(value);
  return value == R_MissingArg ? R_UnboundValue : value;
}

/* Of these variables the values that can be put back, named */
SEXP fleet_values_to_keep(SEXP env, SEXP names) {
  R_xlen_t n = XLENGTH(names), kept = 0;
  SEXP values = PROTECT(allocVector(VECSXP, n)), labels = PROTECT(allocVector(STRSXP, n));
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP value = value_to_keep(env, installTrChar(STRING_ELT(names, i)));
    if (value == R_UnboundValue) continue;
    MARK_NOT_MUTABLE(value);
    SET_VECTOR_ELT(values, kept, value);
    SET_STRING_ELT(labels, kept++, STRING_ELT(names, i));
  }
  values = fleet_keep_some(values, labels, kept);
  UNPROTECT(2);
  return values;
}

static void enter_environment(walker *w, SEXP env, SEXP keep) {
  if (fleet_of_package(env) || env == R_GlobalEnv) return;
  SEXP one = PROTECT(allocVector(VECSXP, 4)), labels = PROTECT(allocVector(STRSXP, 4));
  const char *const names[] = {"env", "names", "held", "closed"};
  for (int i = 0; i < 4; i++) SET_STRING_ELT(labels, i, mkChar(names[i]));
  setAttrib(one, R_NamesSymbol, labels);
  SET_VECTOR_ELT(one, 0, env);
  SET_VECTOR_ELT(one, 1, R_lsInternal3(env, TRUE, FALSE));
  SEXP held = fleet_values_to_keep(env, VECTOR_ELT(one, 1));
  SET_VECTOR_ELT(one, 2, held);
  SET_VECTOR_ELT(one, 3, ScalarLogical(R_EnvironmentIsLocked(env) != 0));
  for (R_xlen_t i = 0; i < XLENGTH(held); i++) push(w, VECTOR_ELT(held, i));
  SETCDR(keep, Rf_cons(one, CDR(keep)));
  w->found_count++;
  UNPROTECT(2);
  push(w, enclosure(env));
}

static void enter(walker *w, SEXP x, SEXP keep) {
  if (TYPEOF(x) == ENVSXP) enter_environment(w, x, keep);
  else if (TYPEOF(x) == CLOSXP) push(w, CLOENV(x));
  else if (TYPEOF(x) == VECSXP || TYPEOF(x) == EXPRSXP)
    for (R_xlen_t i = 0; i < XLENGTH(x); i++) push(w, VECTOR_ELT(x, i));
  else
    for (SEXP a = ATTRIB(x); a != R_NilValue; a = CDR(a)) push(w, CAR(a)); /* slots */
}

/* values: a list; own: an environment that is kept by itself. At most `most` objects are looked at. */
SEXP fleet_environments(SEXP values, SEXP own, SEXP most, SEXP longest) {
  walker w;
  memset(&w, 0, sizeof w);
  w.longest = (R_xlen_t)asReal(longest);
  SEXP keep = PROTECT(Rf_cons(R_NilValue, R_NilValue));
  pointer_meet(&w.seen, own);
  for (R_xlen_t i = 0; i < XLENGTH(values); i++) push(&w, VECTOR_ELT(values, i));
  for (double left = asReal(most); w.count && left > 0; left--) {
    SEXP x = w.todo[--w.count];
    if (pointer_meet(&w.seen, x) < 0) enter(&w, x, keep);
  }
  SEXP out = PROTECT(allocVector(VECSXP, w.found_count));
  R_xlen_t k = w.found_count;
  for (SEXP p = CDR(keep); p != R_NilValue; p = CDR(p)) SET_VECTOR_ELT(out, --k, CAR(p));
  UNPROTECT(2);
  return out;
}

/* Is one of them locked that was not? */
SEXP fleet_newly_closed(SEXP kept) {
  for (R_xlen_t k = 0; k < XLENGTH(kept); k++) {
    SEXP one = VECTOR_ELT(kept, k);
    if (!asLogical(VECTOR_ELT(one, 3)) && R_EnvironmentIsLocked(VECTOR_ELT(one, 0))) return ScalarLogical(1);
  }
  return ScalarLogical(0);
}
