/* What reach.c (values) and scan.c (code) share. */
#ifndef FOREACHFLEET_REACH_H
#define FOREACHFLEET_REACH_H
#include "fleet.h"
#include "pointers.h"

#define MOST_ORIGINS 65536 /* variables that can be named in an error */
#define MOST_DEAD 1024     /* of them that hold what cannot travel */
#define MOST_TEXTS 100     /* strings in one vector that may be names of functions */

enum { AS_VALUE, AS_FUNCTION, AS_TEXT,
  AS_NAME }; /* AS_TEXT: a string, as a function's name; AS_NAME: as any variable's */

typedef struct {
  SEXP value;
  int origin;   /* the variable through which it was reached; -1: the code itself */
  int is_aside; /* an attribute of data: what it points at is not needed elsewhere */
} reach_item;

typedef struct {
  SEXP levels;
  int level_count;
  SEXP home; /* where names in data are looked up */
  pointer_table seen;
  pointer_table *used; /* symbols, by level */
  reach_item *todo;
  int todo_count, todo_room;
  int origin, is_aside; /* of what is being entered */
  SEXP origins[MOST_ORIGINS];
  int origin_count;
  int dead[MOST_DEAD], dead_count;
  int makes_names;     /* code looks up names that it makes */
  int reads_arguments; /* code reads the command line */
} reach;

void reach_name(reach *r, SEXP symbol, SEXP home, int kind);
void reach_text(reach *r, SEXP text, SEXP home, int kind);
int is_of_script(SEXP home);
void reach_value(reach *r, SEXP value);
void scan_code(reach *r, SEXP code, SEXP home);
void scan_function(reach *r, SEXP formals, SEXP body, SEXP home);
void scan_loop(reach *r, SEXP code, SEXP home, SEXP bound);
#endif
