/* Variables of packages, and the environments that they lead to: what a script's calls can change inside a package
 * (package-state.R). Nothing is evaluated: what a package's file has and nobody has used yet is as it was. */
#include "fleet.h"
#include "growing.h"
#include "pointers.h"
#include "environments.h"

typedef struct {
  SEXP value;
  int parent; /* the place that leads to it; -1 for a variable of the package */
  SEXP step;  /* from there */
} place;

typedef struct {
  pointer_table seen;
  place *places;
  int count, room;
  R_xlen_t longest; /* longer lists are data */
} search;

static int leads_on(const search *s, SEXP x) {
  switch (TYPEOF(x)) {
  case ENVSXP: return !fleet_of_package(x) && x != R_GlobalEnv;
  case CLOSXP: return !IS_S4_OBJECT(x);
  case VECSXP: case EXPRSXP: return XLENGTH(x) <= s->longest;
  case S4SXP: return 1;
  default: return ATTRIB(x) != R_NilValue && TYPEOF(x) != CHARSXP && TYPEOF(x) != SYMSXP;
  }
}

static void reach_place(search *s, SEXP x, int parent, const char *kind, const char *name) {
  if (TYPEOF(x) == PROMSXP) x = PRVALUE(x);
  if (x == R_UnboundValue || !leads_on(s, x)) return;
  if (pointer_meet(&s->seen, x) >= 0) return;
  s->places = with_room(s->places, s->count, &s->room, sizeof(place));
  char *text = R_alloc(strlen(kind) + strlen(name) + 1, 1);
  strcat(strcpy(text, kind), name);
  place one = {x, parent, R_NilValue};
  one.step = Rf_install(text); /* symbols stay */
  s->places[s->count++] = one;
}

static void reach_attributes(search *s, SEXP x, int at) {
  for (SEXP a = ATTRIB(x); a != R_NilValue; a = CDR(a))
    if (TAG(a) != install("srcref") && TAG(a) != R_NamesSymbol)
      reach_place(s, CAR(a), at, "@", CHAR(PRINTNAME(TAG(a))));
}

static SEXP record_of(SEXP env) {
  const char *labels[] = {"env", "names", "held", "path", ""};
  SEXP one = PROTECT(Rf_mkNamed(VECSXP, labels));
  SET_VECTOR_ELT(one, 0, env);
  SET_VECTOR_ELT(one, 1, R_lsInternal3(env, TRUE, TRUE));
  SET_VECTOR_ELT(one, 2, fleet_values_to_keep(env, VECTOR_ELT(one, 1)));
  UNPROTECT(1);
  return one;
}

static void set_path(const search *s, int at, SEXP one) {
  int steps = 0;
  for (int k = at; k >= 0; k = s->places[k].parent) steps++;
  SEXP path = allocVector(STRSXP, steps);
  SET_VECTOR_ELT(one, 3, path);
  for (int k = at; k >= 0; k = s->places[k].parent) SET_STRING_ELT(path, --steps, PRINTNAME(s->places[k].step));
}

/* roots: variables of a package by name; known: environments that need not be looked at. Of each environment that they
 * lead to: itself, the shortest path, its names, and its values that may be changed. */
SEXP fleet_package_environments(SEXP roots, SEXP known, SEXP most, SEXP longest) {
  search s;
  memset(&s, 0, sizeof s);
  s.longest = (R_xlen_t)asReal(longest);
  SEXP keep = PROTECT(Rf_cons(R_NilValue, R_NilValue)), names = getAttrib(roots, R_NamesSymbol);
  for (R_xlen_t i = 0; i < XLENGTH(known); i++) pointer_meet(&s.seen, VECTOR_ELT(known, i));
  for (R_xlen_t i = 0; i < XLENGTH(roots); i++)
    reach_place(&s, VECTOR_ELT(roots, i), -1, "", CHAR(STRING_ELT(names, i)));
  int found = 0;
  for (int at = 0; at < s.count && at < asInteger(most); at++) {
    SEXP x = s.places[at].value;
    if (TYPEOF(x) == ENVSXP) {
      SEXP one = PROTECT(record_of(x));
      set_path(&s, at, one);
      SETCDR(keep, Rf_cons(one, CDR(keep)));
      found++;
      UNPROTECT(1);
      SEXP held = VECTOR_ELT(one, 2), labels = getAttrib(held, R_NamesSymbol);
      for (R_xlen_t i = 0; i < XLENGTH(held); i++)
        reach_place(&s, VECTOR_ELT(held, i), at, "$", CHAR(STRING_ELT(labels, i)));
      reach_place(&s, enclosure(x), at, "<", "");
      continue; /* its attributes are a class's */
    }
    if (TYPEOF(x) == CLOSXP) reach_place(&s, CLOENV(x), at, "^", "");
    if (TYPEOF(x) == VECSXP || TYPEOF(x) == EXPRSXP) {
      char number[24];
      for (R_xlen_t i = 0; i < XLENGTH(x); i++) {
        snprintf(number, sizeof number, "%lld", (long long)i + 1);
        reach_place(&s, VECTOR_ELT(x, i), at, "#", number);
      }
    }
    reach_attributes(&s, x, at);
  }
  SEXP out = PROTECT(allocVector(VECSXP, found));
  for (SEXP p = CDR(keep); p != R_NilValue; p = CDR(p)) SET_VECTOR_ELT(out, --found, CAR(p));
  UNPROTECT(2);
  return out;
}

/* direct TRUE: variables that are not lazily loaded, or no more: set when the package was loaded, or since.
 * FALSE: those whose value is there and may lead to an environment. */
SEXP fleet_package_variables(SEXP space, SEXP direct) {
  SEXP names = PROTECT(R_lsInternal3(space, TRUE, FALSE));
  SEXP values = PROTECT(allocVector(VECSXP, XLENGTH(names))), labels = PROTECT(allocVector(STRSXP, XLENGTH(names)));
  R_xlen_t count = 0;
  for (R_xlen_t i = 0; i < XLENGTH(names); i++) {
    const char *text = CHAR(STRING_ELT(names, i));
    if (!strncmp(text, ".__", 3)) continue; /* of R itself: S4's classes and methods, S3's tables */
    SEXP symbol = installTrChar(STRING_ELT(names, i));
    if (R_BindingIsActive(symbol, space)) continue;
    SEXP value = findVarInFrame3(space, symbol, FALSE);
    int is_lazy = TYPEOF(value) == PROMSXP;
    if (is_lazy) value = PRVALUE(value);
    if (value == R_UnboundValue || (asLogical(direct) && is_lazy)) continue;
    if (!asLogical(direct)) {
      int leads = TYPEOF(value) == ENVSXP || TYPEOF(value) == VECSXP || TYPEOF(value) == S4SXP ||
        (TYPEOF(value) == CLOSXP && !IS_S4_OBJECT(value) && CLOENV(value) != space);
      if (!leads) continue;
    }
    MARK_NOT_MUTABLE(value);
    SET_VECTOR_ELT(values, count, value);
    SET_STRING_ELT(labels, count++, STRING_ELT(names, i));
  }
  values = fleet_keep_some(values, labels, count);
  UNPROTECT(3);
  return values;
}

/* Have two named lists the same names and the very same values, in the same order? */
SEXP fleet_same_values(SEXP a, SEXP b) {
  if (XLENGTH(a) != XLENGTH(b)) return ScalarLogical(0);
  SEXP names_a = getAttrib(a, R_NamesSymbol), names_b = getAttrib(b, R_NamesSymbol);
  for (R_xlen_t i = 0; i < XLENGTH(a); i++)
    if (VECTOR_ELT(a, i) != VECTOR_ELT(b, i) || STRING_ELT(names_a, i) != STRING_ELT(names_b, i))
      return ScalarLogical(0);
  return ScalarLogical(1);
}
