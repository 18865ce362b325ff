/* Bindings as they are: a promise unevaluated, a missing argument, an active binding by its function, a locked one
 * locked. */
#include "fleet.h"
#include "pointers.h"

/* What is bound, without evaluating anything; the function of an active binding. The variable must exist. */
SEXP fleet_binding(SEXP env, SEXP symbol) {
  if (R_BindingIsActive(symbol, env)) return R_ActiveBindingFunction(symbol, env);
  return findVarInFrame3(env, symbol, TRUE);
}

static int is_value(SEXP env, SEXP symbol) {
  if (symbol == R_DotsSymbol || R_BindingIsActive(symbol, env)) return 0;
  SEXP value = findVarInFrame3(env, symbol, TRUE);
  return value != R_MissingArg && (TYPEOF(value) != PROMSXP || PRVALUE(value) != R_UnboundValue);
}

/* The first of these values, named by the first labels */
SEXP fleet_keep_some(SEXP values, SEXP labels, R_xlen_t count) {
  values = PROTECT(Rf_lengthgets(values, count));
  labels = PROTECT(Rf_lengthgets(labels, count));
  setAttrib(values, R_NamesSymbol, labels);
  UNPROTECT(2);
  return values;
}

/* What is bound to the names, as a list: values, but promises that are not evaluated as they are. */
SEXP fleet_bindings(SEXP env, SEXP names) {
  R_xlen_t n = XLENGTH(names), kept = 0;
  SEXP values = PROTECT(allocVector(VECSXP, n)), labels = PROTECT(allocVector(STRSXP, n));
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP symbol = installTrChar(STRING_ELT(names, i));
    if (!R_existsVarInFrame(env, symbol)) continue;
    SEXP value = findVarInFrame3(env, symbol, TRUE);
    if (TYPEOF(value) == PROMSXP && PRVALUE(value) != R_UnboundValue) value = PRVALUE(value);
    MARK_NOT_MUTABLE(value);
    SET_VECTOR_ELT(values, kept, value);
    SET_STRING_ELT(labels, kept++, STRING_ELT(names, i));
  }
  values = fleet_keep_some(values, labels, kept);
  UNPROTECT(2);
  return values;
}

/* Of each name whether env has a variable of that name that is as `is` says. */
static SEXP each_variable(SEXP env, SEXP names, int (*is)(SEXP env, SEXP symbol)) {
  SEXP out = PROTECT(allocVector(LGLSXP, XLENGTH(names)));
  for (R_xlen_t i = 0; i < XLENGTH(names); i++) {
    SEXP symbol = installTrChar(STRING_ELT(names, i));
    LOGICAL(out)[i] = R_existsVarInFrame(env, symbol) && is(env, symbol);
  }
  UNPROTECT(1);
  return out;
}

static int is_function(SEXP env, SEXP symbol) {
  if (!is_value(env, symbol)) return 0;
  SEXP value = findVarInFrame3(env, symbol, TRUE);
  return TYPEOF(TYPEOF(value) == PROMSXP ? PRVALUE(value) : value) == CLOSXP;
}

static int is_locked(SEXP env, SEXP symbol) { return R_BindingIsLocked(symbol, env) != 0; }

/* A value: no argument that is missing or not yet evaluated, no dots. */
SEXP fleet_holds_value(SEXP env, SEXP names) { return each_variable(env, names, is_value); }

/* Bound to a function, without evaluating anything. */
SEXP fleet_holds_function(SEXP env, SEXP names) { return each_variable(env, names, is_function); }

SEXP fleet_is_locked(SEXP env, SEXP names) { return each_variable(env, names, is_locked); }

/* Copies variables from one environment to another as they are, with their locks. */
SEXP fleet_copy_bindings(SEXP from, SEXP to, SEXP names) {
  for (R_xlen_t i = 0; i < XLENGTH(names); i++) {
    SEXP symbol = installTrChar(STRING_ELT(names, i));
    if (!R_existsVarInFrame(from, symbol)) continue;
    SEXP value = PROTECT(fleet_binding(from, symbol));
    if (R_BindingIsActive(symbol, from)) R_MakeActiveBinding(symbol, value, to);
    else {
      MARK_NOT_MUTABLE(value);
      defineVar(symbol, value, to);
    }
    if (R_BindingIsLocked(symbol, from)) R_LockBinding(symbol, to);
    UNPROTECT(1);
  }
  return R_NilValue;
}

static SEXP top_environment(SEXP env) {
  while (env != R_EmptyEnv && env != R_GlobalEnv && env != R_BaseEnv && env != R_BaseNamespace &&
    !R_IsNamespaceEnv(env) && !R_IsPackageEnv(env)) env = enclosure(env);
  return env;
}

/* Of a table of registered methods, those that no package has made. 1 stands for functions of the script, 2 for those
 * of a package under a name that it does not have there. Its NAMESPACE file may say so. */
SEXP fleet_foreign_methods(SEXP table) {
  SEXP names = PROTECT(R_lsInternal3(table, TRUE, FALSE));
  SEXP out = PROTECT(allocVector(INTSXP, XLENGTH(names)));
  for (R_xlen_t i = 0; i < XLENGTH(names); i++) {
    SEXP symbol = installTrChar(STRING_ELT(names, i));
    SEXP method = findVarInFrame3(table, symbol, TRUE);
    INTEGER(out)[i] = 0;
    if (TYPEOF(method) == PROMSXP) method = PRVALUE(method);
    if (TYPEOF(method) != CLOSXP) continue;
    SEXP top = top_environment(CLOENV(method));
    if (top == R_GlobalEnv || top == R_EmptyEnv) INTEGER(out)[i] = 1;
    else if (!R_existsVarInFrame(top, symbol)) INTEGER(out)[i] = 2;
  }
  setAttrib(out, R_NamesSymbol, names);
  UNPROTECT(2);
  return out;
}

typedef struct {
  pointer_table seen;
  double bytes, limit;
} weighing;

/* Roughly what serialize() would write: environments count with all they hold, save those of packages and levels. */
static void weigh(weighing *w, SEXP x, SEXP levels, int depth) {
  if (w->bytes > w->limit || x == R_NilValue || TYPEOF(x) == SYMSXP) return;
  if (depth > 1000) {
    w->bytes = w->limit + 1; /* too deep to be sent without need */
    return;
  }
  if (TYPEOF(x) != CHARSXP && pointer_meet(&w->seen, x) >= 0) return;
  w->bytes += 32;
  R_xlen_t n = isVector(x) ? XLENGTH(x) : 0;
  switch (TYPEOF(x)) {
  case LGLSXP: case INTSXP: w->bytes += 4.0 * (double)n; break;
  case REALSXP: w->bytes += 8.0 * (double)n; break;
  case CPLXSXP: w->bytes += 16.0 * (double)n; break;
  case RAWSXP: w->bytes += (double)n; break;
  case STRSXP: w->bytes += 16.0 * (double)n; break;
  case VECSXP: case EXPRSXP:
    for (R_xlen_t i = 0; i < n; i++) weigh(w, VECTOR_ELT(x, i), levels, depth + 1);
    break;
  case LISTSXP: case LANGSXP: case DOTSXP:
    for (; TYPEOF(x) == LISTSXP || TYPEOF(x) == LANGSXP || TYPEOF(x) == DOTSXP; x = CDR(x)) {
      w->bytes += 32;
      weigh(w, CAR(x), levels, ++depth); /* R reads each cell within the one before */
    }
    return;
  case CLOSXP: weigh(w, CLOENV(x), levels, depth + 1); break;
  case PROMSXP:
    if (PRVALUE(x) != R_UnboundValue) weigh(w, PRVALUE(x), levels, depth + 1);
    else weigh(w, PRENV(x), levels, depth + 1);
    break;
  case ENVSXP:
    if (top_environment(x) == x) break;
    for (R_xlen_t k = 0; k < XLENGTH(levels); k++)
      if (VECTOR_ELT(levels, k) == x) return;
    SEXP names = PROTECT(R_lsInternal3(x, TRUE, FALSE));
    for (R_xlen_t i = 0; i < XLENGTH(names); i++) weigh(w, fleet_binding(x, installTrChar(STRING_ELT(names, i))),
      levels, depth + 1);
    UNPROTECT(1);
    weigh(w, enclosure(x), levels, depth + 1);
    break;
  default: break;
  }
  if (TYPEOF(x) != CHARSXP && ATTRIB(x) != R_NilValue)
    for (SEXP a = ATTRIB(x); a != R_NilValue; a = CDR(a)) weigh(w, CAR(a), levels, depth + 1);
}

/* Bytes that the value would travel with, or a little more than the limit. levels: environments that travel anyway. */
SEXP fleet_weight(SEXP value, SEXP levels, SEXP limit) {
  weighing w = {{0}, 0, asReal(limit)};
  weigh(&w, value, levels, 0);
  return ScalarReal(w.bytes);
}

static int holds(SEXP env, SEXP symbol, SEXP value) {
  if (!R_existsVarInFrame(env, symbol) || R_BindingIsActive(symbol, env)) return 0;
  SEXP now = findVarInFrame3(env, symbol, TRUE);
  return now == value || (TYPEOF(now) == PROMSXP && PRVALUE(now) == value);
}

static int holds_all(SEXP env, SEXP values) {
  SEXP names = getAttrib(values, R_NamesSymbol);
  for (R_xlen_t i = 0; i < XLENGTH(values); i++)
    if (!holds(env, installTrChar(STRING_ELT(names, i)), VECTOR_ELT(values, i))) return 0;
  return 1;
}

/* Are these the locked ones among the names? All of them are there. */
static int has_locks(SEXP env, SEXP names, SEXP locked) {
  R_xlen_t count = 0;
  for (R_xlen_t i = 0; i < Rf_xlength(names); i++)
    count += R_BindingIsLocked(installTrChar(STRING_ELT(names, i)), env) != 0;
  for (R_xlen_t i = 0; i < Rf_xlength(locked); i++)
    if (!R_BindingIsLocked(installTrChar(STRING_ELT(locked, i)), env)) return 0;
  return count == Rf_xlength(locked);
}

/* Has the environment these very values? R copies a value that somebody else holds, too, before it changes it.
 * locked: the names of those that are to be locked, and no others; NULL: locks do not matter */
SEXP fleet_holds_same(SEXP env, SEXP values, SEXP locked) {
  if (!holds_all(env, values)) return ScalarLogical(0);
  return ScalarLogical(locked == R_NilValue || has_locks(env, getAttrib(values, R_NamesSymbol), locked));
}

/* Which of them (from 1) have other values, more names or fewer, or were locked since. Each is a list: env, names, held
 * (what was not locked). */
SEXP fleet_changed_environments(SEXP kept) {
  SEXP out = PROTECT(allocVector(INTSXP, XLENGTH(kept)));
  R_xlen_t count = 0;
  for (R_xlen_t k = 0; k < XLENGTH(kept); k++) {
    SEXP one = VECTOR_ELT(kept, k), env = VECTOR_ELT(one, 0);
    SEXP held = VECTOR_ELT(one, 2);
    int same = Rf_length(env) == Rf_length(VECTOR_ELT(one, 1)) && holds_all(env, held) &&
      has_locks(env, getAttrib(held, R_NamesSymbol), R_NilValue);
    if (!same) INTEGER(out)[count++] = (int)k + 1;
  }
  out = Rf_lengthgets(out, count);
  UNPROTECT(1);
  return out;
}
