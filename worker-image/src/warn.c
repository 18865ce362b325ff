/* R's own treatment of a warning that no handler has taken: kept until the top level, or shown at once. */
#include "fleet.h"

typedef struct {
  SEXP call;
  const char *text;
} warning_shown;

static void show(void *data) {
  const warning_shown *shown = data;
  Rf_warningcall(shown->call, "%s", shown->text);
}

/* Handlers are not asked again: they have seen the condition itself, without what is added for people. */
SEXP fleet_warn(SEXP call, SEXP text) {
  warning_shown shown = {call, Rf_translateChar(STRING_ELT(text, 0))};
  R_ToplevelExec(show, &shown);
  return R_NilValue;
}
