/* Signals, the "current iteration" mark and unbuffered lines: the parts of a worker that the supervisor beside it relies on. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <time.h>
#include "fleet.h"

static volatile sig_atomic_t termination_requested = 0;
static int mark_fd = -1;

int fleet_termination_requested(void) { return termination_requested; }

static void on_termination(int signal_number) { termination_requested = 1; }

/* R turns SIGPIPE into an R error inside whatever runs, and doRedis' keep-alive thread writes to sockets that may be dead:
 * without this a restart of Redis ends in a stack smashing abort in the middle of the user's task. */
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

/* Seconds since 1970: ten times as fast as Sys.time(), which is asked several times for each iteration */
SEXP fleet_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return ScalarReal((double)now.tv_sec + 1e-9 * (double)now.tv_nsec);
}

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

/* Written before each iteration in one call of fixed width: after a crash the file names the iteration that ran. */
SEXP fleet_mark(SEXP text) {
  char line[96];
  memset(line, ' ', sizeof line);
  const char *s = CHAR(STRING_ELT(text, 0));
  size_t count = strlen(s);
  if (count > sizeof line - 1) count = sizeof line - 1;
  memcpy(line, s, count);
  line[sizeof line - 1] = '\n';
  if (mark_fd >= 0 && pwrite(mark_fd, line, sizeof line, 0) < 0) return ScalarLogical(0);
  return ScalarLogical(1);
}
