/* Looks at all that travels with a value: what serialize() would follow. */
#include "follow.h"

#define NO_CONNECTION 1000000 /* more than R can have */

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
