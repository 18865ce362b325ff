/* Frames of functions that have ended, and live on because closures or formulas have captured them. */
#include "follow.h"

static int is_large(SEXP value, double limit) {
  if (TYPEOF(value) == PROMSXP) value = PRVALUE(value);
  return isVector(value) && asReal(fleet_size(value)) > limit && asLogical(fleet_plain(value));
}

/* What is more than variables (R6, what is locked, active bindings) travels as it is. */
static int holds_large(SEXP env, double limit) {
  if (ATTRIB(env) != R_NilValue || R_EnvironmentIsLocked(env)) return 0;
  int found = 0;
  SEXP names = PROTECT(R_lsInternal3(env, TRUE, FALSE));
  for (R_xlen_t i = 0; i < XLENGTH(names); i++) {
    SEXP symbol = installTrChar(STRING_ELT(names, i));
    if (!R_existsVarInFrame(env, symbol)) continue;
    if (R_BindingIsActive(symbol, env) || R_BindingIsLocked(symbol, env)) {
      found = 0;
      break;
    }
    found |= is_large(fleet_binding(env, symbol), limit);
  }
  UNPROTECT(1);
  return found;
}

/* The environments, besides the levels, that the values lead to and that hold plain data above the limit; so many
 * at most. */
SEXP fleet_captured_frames(SEXP values, SEXP levels, SEXP limit, SEXP most) {
  walker w;
  memset(&w, 0, sizeof w);
  w.levels = levels;
  int room = asInteger(most), count = 0;
  SEXP found = PROTECT(allocVector(VECSXP, room));
  for (R_xlen_t i = XLENGTH(values); i-- > 0;) push(&w, VECTOR_ELT(values, i));
  for (R_xlen_t k = 0; k < XLENGTH(levels); k++) pointer_meet(&w.seen, VECTOR_ELT(levels, k));
  while (w.count && count < room) {
    SEXP x = w.todo[--w.count];
    if (TYPEOF(x) == ENVSXP && stays(&w, x)) continue;
    if (pointer_meet(&w.seen, x) >= 0) continue;
    if (TYPEOF(x) == ENVSXP && holds_large(x, asReal(limit))) SET_VECTOR_ELT(found, count++, x);
    enter(&w, x);
  }
  found = Rf_lengthgets(found, count);
  UNPROTECT(1);
  return found;
}

/* Names of those variables of env that are plain data above the limit */
SEXP fleet_large_variables(SEXP env, SEXP names, SEXP limit) {
  SEXP out = PROTECT(allocVector(LGLSXP, XLENGTH(names)));
  for (R_xlen_t i = 0; i < XLENGTH(names); i++) {
    SEXP symbol = installTrChar(STRING_ELT(names, i));
    LOGICAL(out)[i] = R_existsVarInFrame(env, symbol) && is_large(fleet_binding(env, symbol), asReal(limit));
  }
  UNPROTECT(1);
  return out;
}

/* --- a result brings copies of the frames that it sees: their originals take their place */

static SEXP original(SEXP x, SEXP frames) {
  if (TYPEOF(x) != ENVSXP || x == R_EmptyEnv || x == R_GlobalEnv || x == R_BaseEnv) return x;
  SEXP around = enclosure(x);
  if (TYPEOF(around) != ENVSXP || ATTRIB(around) == R_NilValue) return x;
  SEXP mark = getAttrib(around, install("fleet_frame"));
  if (TYPEOF(mark) != INTSXP || XLENGTH(mark) != 1) return x;
  int k = INTEGER_ELT(mark, 0);
  return k >= 1 && k <= XLENGTH(frames) ? VECTOR_ELT(frames, k - 1) : x;
}

static void relink_environment(walker *w, SEXP env, SEXP frames) {
  SEXP names = PROTECT(R_lsInternal3(env, TRUE, FALSE));
  for (R_xlen_t i = 0; i < XLENGTH(names); i++) {
    SEXP symbol = installTrChar(STRING_ELT(names, i));
    if (!R_existsVarInFrame(env, symbol) || R_BindingIsActive(symbol, env)) continue;
    SEXP value = fleet_binding(env, symbol), real = original(value, frames);
    if (real == value) push(w, value);
    else if (!R_BindingIsLocked(symbol, env)) defineVar(symbol, real, env);
  }
  UNPROTECT(1);
  SEXP around = original(enclosure(env), frames);
  if (around == enclosure(env)) push(w, around);
  else SET_ENCLOS(env, around);
}

static void relink_cell(walker *w, SEXP cell, SEXP frames) {
  SEXP real = original(CAR(cell), frames);
  if (real == CAR(cell)) push(w, real);
  else SETCAR(cell, real);
}

static void relink_one(walker *w, SEXP x, SEXP frames) {
  switch (TYPEOF(x)) {
  case VECSXP: case EXPRSXP:
    for (R_xlen_t i = 0; i < XLENGTH(x); i++) {
      SEXP value = VECTOR_ELT(x, i), real = original(value, frames);
      if (real == value) push(w, value);
      else SET_VECTOR_ELT(x, i, real);
    }
    break;
  case LISTSXP: case LANGSXP: case DOTSXP:
    relink_cell(w, x, frames);
    push(w, CDR(x));
    break;
  case CLOSXP: {
    SEXP real = original(CLOENV(x), frames);
    if (real == CLOENV(x)) push(w, real);
    else SET_CLOENV(x, real);
    break;
  }
  case ENVSXP: relink_environment(w, x, frames); break;
  case PROMSXP: push(w, PRVALUE(x) != R_UnboundValue ? PRVALUE(x) : PRENV(x)); break;
  default: break;
  }
  if (ATTRIB(x) != R_NilValue) push(w, ATTRIB(x));
}

/* value: just read, and held by nobody else. */
SEXP fleet_relink(SEXP value, SEXP frames) {
  SEXP top = original(value, frames);
  if (top != value) return top;
  walker w;
  memset(&w, 0, sizeof w);
  w.levels = frames;
  push(&w, value);
  while (w.count) {
    SEXP x = w.todo[--w.count];
    if ((TYPEOF(x) == ENVSXP && stays(&w, x)) || pointer_meet(&w.seen, x) >= 0) continue;
    relink_one(&w, x, frames);
  }
  return value;
}
