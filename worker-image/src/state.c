/* A look at the state of R and of the process that iterations may change. Nearly always nothing has changed, so the
 * look copies nothing: it compares with what take_state() (state.R) kept. */
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include "fleet.h"
#include <R_ext/GraphicsEngine.h>

extern char **environ;

/* The bits of fleet_state_changed(), in the order of STATE_PARTS in state.R */
enum { OPTIONS = 1, ENVIRONMENT = 2, LOCALE = 4, SEARCH = 8, UMASK = 16, DEVICES = 32 };

SEXP fleet_environment(void) {
  R_xlen_t n = 0;
  while (environ[n] != NULL) n++;
  SEXP entries = PROTECT(allocVector(STRSXP, n));
  for (R_xlen_t i = 0; i < n; i++) SET_STRING_ELT(entries, i, mkChar(environ[i]));
  UNPROTECT(1);
  return entries;
}

/* R's options: their values, named. A set option has a new value object: comparing addresses finds every change. */
SEXP fleet_options(SEXP options) {
  SEXP values = PROTECT(allocVector(VECSXP, Rf_length(options))), names = PROTECT(allocVector(STRSXP, XLENGTH(values)));
  R_xlen_t i = 0;
  for (SEXP cell = options; cell != R_NilValue; cell = CDR(cell), i++) {
    SET_VECTOR_ELT(values, i, CAR(cell));
    SET_STRING_ELT(names, i, PRINTNAME(TAG(cell)));
  }
  setAttrib(values, R_NamesSymbol, names);
  UNPROTECT(2);
  return values;
}

SEXP fleet_locale(void) { return mkString(setlocale(LC_ALL, NULL)); }

SEXP fleet_umask(SEXP mask) {
  mode_t was = umask(mask == R_NilValue ? 0 : (mode_t)asInteger(mask));
  if (mask == R_NilValue) umask(was);
  return ScalarInteger((int)was);
}

SEXP fleet_devices(void) { return ScalarInteger(NumDevices()); }

/* The environments from the global one to the base */
SEXP fleet_search(void) {
  R_xlen_t n = 0;
  for (SEXP e = R_GlobalEnv; e != R_BaseEnv && e != R_EmptyEnv; e = enclosure(e)) n++;
  SEXP found = PROTECT(allocVector(VECSXP, n));
  SEXP e = R_GlobalEnv;
  for (R_xlen_t i = 0; i < n; i++, e = enclosure(e)) SET_VECTOR_ELT(found, i, e);
  UNPROTECT(1);
  return found;
}

static int same_options(SEXP kept, SEXP options) {
  SEXP names = getAttrib(kept, R_NamesSymbol);
  R_xlen_t i = 0;
  for (SEXP cell = options; cell != R_NilValue; cell = CDR(cell), i++)
    if (i >= XLENGTH(kept) || VECTOR_ELT(kept, i) != CAR(cell) || STRING_ELT(names, i) != PRINTNAME(TAG(cell)))
      return 0;
  return i == XLENGTH(kept);
}

static int same_environment(SEXP kept) {
  R_xlen_t i = 0;
  for (; environ[i] != NULL; i++)
    if (i >= XLENGTH(kept) || strcmp(environ[i], CHAR(STRING_ELT(kept, i))) != 0) return 0;
  return i == XLENGTH(kept);
}

static int same_search(SEXP kept) {
  R_xlen_t i = 0;
  for (SEXP e = R_GlobalEnv; e != R_BaseEnv && e != R_EmptyEnv; e = enclosure(e), i++)
    if (i >= XLENGTH(kept) || VECTOR_ELT(kept, i) != e) return 0;
  return i == XLENGTH(kept);
}

/* state: options, environment, locale, search, umask, devices, in this order */
SEXP fleet_state_changed(SEXP state, SEXP options) {
  int changed = 0;
  if (!same_options(VECTOR_ELT(state, 0), options)) changed |= OPTIONS;
  if (!same_environment(VECTOR_ELT(state, 1))) changed |= ENVIRONMENT;
  if (strcmp(setlocale(LC_ALL, NULL), CHAR(STRING_ELT(VECTOR_ELT(state, 2), 0))) != 0) changed |= LOCALE;
  if (!same_search(VECTOR_ELT(state, 3))) changed |= SEARCH;
  mode_t mask = umask(0);
  umask(mask);
  if ((int)mask != asInteger(VECTOR_ELT(state, 4))) changed |= UMASK;
  if (NumDevices() != asInteger(VECTOR_ELT(state, 5))) changed |= DEVICES;
  return ScalarInteger(changed);
}
