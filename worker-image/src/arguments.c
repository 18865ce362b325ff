/* commandArgs() of driver and workers: script and tasks must see what `Rscript run.R arguments` would show them. */
#include <R.h>
#include <Rinternals.h>
#include <R_ext/RStartup.h>
#include "fleet.h"

SEXP fleet_set_arguments(SEXP arguments) {
  int n = LENGTH(arguments);
  char **argv = (char **)R_alloc((size_t)n, sizeof(char *));
  for (int i = 0; i < n; i++) argv[i] = (char *)CHAR(STRING_ELT(arguments, i));
  R_set_command_line_arguments(n, argv);
  return R_NilValue;
}
