/* Signals, the "current iteration" mark and unbuffered lines: the parts of a worker that the supervisor beside it
 * relies on. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <time.h>
#include "fleet.h"

static volatile sig_atomic_t termination_requested = 0;
static int mark_fd = -1;

#define MARK_BYTES 160
#define LOADS_BYTES 80 /* of the name of what is loaded */

/* The mark's begin while R loads what an iteration needs; empty otherwise. */
static char loading[64];

int fleet_termination_requested(void) { return termination_requested; }

static void on_termination(int signal_number) { termination_requested = 1; }

/* R turns SIGPIPE into an R error inside whatever runs, and the user's code may have connections of its own to what is
 * dead. */
SEXP fleet_ignore_sigpipe(void) {
  signal(SIGPIPE, SIG_IGN);
  return R_NilValue;
}

SEXP fleet_catch_termination(SEXP on) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = asLogical(on) ? on_termination : SIG_DFL;
  sigaction(SIGTERM, &action, NULL);
  return R_NilValue;
}

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Seconds since 1970: ten times as fast as Sys.time(), which is asked several times for each iteration */
SEXP fleet_now(void) { return ScalarReal(seconds_now()); }

SEXP fleet_termination(void) { return ScalarLogical(termination_requested != 0); }

/* One write per line, so that lines of parallel processes never mix. */
SEXP fleet_write(SEXP fd, SEXP bytes) {
  const char *from = (const char *)RAW(bytes);
  size_t left = (size_t)XLENGTH(bytes);
  while (left > 0) {
    ssize_t n = write(asInteger(fd), from, left);
    if (n < 0 && errno != EINTR && errno != EAGAIN) break;
    if (n > 0) {
      from += n;
      left -= (size_t)n;
    }
  }
  return R_NilValue;
}

SEXP fleet_mark_open(SEXP path) {
  if (mark_fd >= 0) close(mark_fd);
  mark_fd = open(CHAR(STRING_ELT(path, 0)), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  return ScalarLogical(mark_fd >= 0);
}

static void write_mark(char line[MARK_BYTES], int count) {
  memset(line + count, ' ', (size_t)(MARK_BYTES - count));
  line[MARK_BYTES - 1] = '\n';
  if (mark_fd >= 0 && pwrite(mark_fd, line, MARK_BYTES, 0) < 0) return; /* then a crash is not explained */
}

/* R begins to load what this iteration needs. It does not run yet: no time limit holds. */
SEXP fleet_mark_loading(SEXP loop, SEXP iteration) {
  snprintf(loading, sizeof loading, "%.0f:%.0f %.3f", asReal(loop), asReal(iteration), seconds_now());
  return R_NilValue;
}

/* What R loads next, with a third word and more in the mark. Outside loading it says nothing. */
SEXP fleet_tell_loading(SEXP what) {
  char line[MARK_BYTES];
  if (*loading)
    write_mark(line, snprintf(line, sizeof line, "%s %.*s", loading, LOADS_BYTES, CHAR(STRING_ELT(what, 0))));
  return R_NilValue;
}

/* Written before each iteration in one call of fixed width: after a crash the file names the iteration that ran.
 * Returns when it began. */
SEXP fleet_mark(SEXP loop, SEXP iteration) {
  char line[MARK_BYTES];
  double now = seconds_now();
  *loading = '\0';
  write_mark(line, snprintf(line, sizeof line, "%.0f:%.0f %.3f", asReal(loop), asReal(iteration), now));
  return ScalarReal(now);
}

/* No iteration runs. */
SEXP fleet_unmark(void) {
  char line[MARK_BYTES];
  *loading = '\0';
  write_mark(line, 0);
  return R_NilValue;
}
