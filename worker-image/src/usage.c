/* What an iteration has used: CPU seconds, those of children that have ended included, and the most memory that this
 * process has had at a time. Linux keeps that peak for the whole life of a process; writing 5 to /proc/self/clear_refs
 * makes it begin anew. Where that is not allowed the peak since the process began is told, as such. */
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "fleet.h"

static int clear_fd = -2; /* -2: not tried yet; -1: not allowed */
static int is_anew = 0;
static double cpu_before = 0;

static double seconds_of(struct timeval time) { return (double)time.tv_sec + 1e-6 * (double)time.tv_usec; }

static double cpu_seconds(int who) {
  struct rusage usage;
  if (getrusage(who, &usage) != 0) return 0;
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

static double cpu_now(void) { return cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN); }

/* What a parent has opened makes the parent's peak begin anew. */
void fleet_usage_forked(void) {
  if (clear_fd >= 0) close(clear_fd);
  clear_fd = -2;
}

/* An iteration begins. */
SEXP fleet_usage_begin(void) {
  if (clear_fd == -2) clear_fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  is_anew = clear_fd >= 0 && pwrite(clear_fd, "5", 1, 0) == 1;
  cpu_before = cpu_now();
  return R_NilValue;
}

/* Of the iteration so far: CPU seconds, the peak in bytes, and 1 where that is the whole process' peak. */
SEXP fleet_usage(void) {
  struct rusage usage;
  SEXP out = PROTECT(allocVector(REALSXP, 3));
  REAL(out)[0] = cpu_now() - cpu_before;
  REAL(out)[1] = getrusage(RUSAGE_SELF, &usage) == 0 ? 1024.0 * (double)usage.ru_maxrss : 0;
  REAL(out)[2] = !is_anew;
  UNPROTECT(1);
  return out;
}
