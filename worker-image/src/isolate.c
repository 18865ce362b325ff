/* A child of this R: it has all that its parent has loaded, and whatever happens in it stays there. Used where an
 * iteration, or all that a worker runs, is to leave nothing behind (R/isolation.R).
 *
 * Not parallel's mcfork(): that gives no death signal, turns the compiler of R's code off, and leaves the parent's
 * session folder and finalizers to the child. */
#define _GNU_SOURCE /* pipe2() */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fleet.h"
#define R_INTERFACE_PTRS 1
#include <Rembedded.h>
#include <Rinterface.h>

#define EAGER_TO_BE_KILLED 200 /* of 1000, added to what the parent has: its child goes first where memory runs out */
#define LOOK_AGAIN_MS 10       /* where the kernel does not tell of a child's end by a file descriptor */
#define LONGEST_WAIT_MS 1000   /* a signal that comes right before a wait does not end it */

extern Rboolean R_isForkedChild; /* R then opens no window, and leaves event loops alone */

SEXP fleet_threads(void) {
  int count = 0;
  DIR *tasks = opendir("/proc/self/task");
  if (!tasks) return ScalarInteger(NA_INTEGER);
  for (struct dirent *entry; (entry = readdir(tasks));) count += entry->d_name[0] != '.';
  closedir(tasks);
  return ScalarInteger(count);
}

SEXP fleet_parent(void) { return ScalarInteger((int)getppid()); }

static void flush_output(void) {
  fflush(stdout);
  fflush(stderr);
}

/* quit(), and errors that nothing handles, come here. R's own way would run the finalizers of the parent's objects. */
static void end_child(SA_TYPE save, int status, int run_last) {
  (void)save;
  (void)run_last;
  flush_output();
  _exit(status);
}

static void volunteer(void) {
  char text[16];
  int file = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  ssize_t length = read(file, text, sizeof text - 1);
  if (length > 0) {
    text[length] = '\0';
    int score = atoi(text) + EAGER_TO_BE_KILLED;
    length = snprintf(text, sizeof text, "%d", score > 1000 ? 1000 : score);
    if (pwrite(file, text, (size_t)length, 0) < 0) errno = 0; /* then parent and child are equal */
  }
  close(file);
}

/* c(pid, file descriptor): in the child the pid is 0, and what is written to the descriptor is its answer. */
SEXP fleet_fork(void) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) error("cannot make a pipe: %s", strerror(errno));
  flush_output(); /* else it is said twice */
  pid_t parent = getpid(), pid = fork();
  if (pid < 0) {
    int kept = errno;
    close(ends[0]);
    close(ends[1]);
    error("cannot fork: %s", strerror(kept));
  }
  close(ends[pid == 0 ? 0 : 1]);
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1); /* it died before the signal was asked for */
    R_isForkedChild = TRUE;
    ptr_R_CleanUp = end_child;
    volunteer();
    fleet_usage_forked();
  }
  SEXP out = allocVector(INTSXP, 2);
  INTEGER(out)[0] = (int)pid;
  INTEGER(out)[1] = ends[pid == 0 ? 1 : 0];
  return out;
}

/* R makes a session folder, and removes it at its end, where it has none: tempdir(check = TRUE) gives the child its own
 * after this. */
SEXP fleet_forget_folder(void) {
  R_TempDir = strdup("/nonexistent/of-the-parent");
  return R_NilValue;
}

static void write_bytes(int file, const void *bytes, size_t left) {
  const char *from = bytes;
  while (left > 0) {
    ssize_t n = write(file, from, left);
    if (n < 0 && errno != EINTR) _exit(1); /* nobody listens */
    if (n > 0) {
      from += n;
      left -= (size_t)n;
    }
  }
}

/* The child's answer, and its end. Finalizers do not run: those of the parent's objects are among them. */
SEXP fleet_answer(SEXP file, SEXP bytes) {
  size_t length = (size_t)XLENGTH(bytes);
  write_bytes(asInteger(file), &length, sizeof length);
  write_bytes(asInteger(file), RAW(bytes), length);
  flush_output();
  _exit(0);
}

/* Ends this process as another one has ended: a status as waitpid() tells it. */
SEXP fleet_end(SEXP status) {
  int how = asInteger(status);
  flush_output();
  if (WIFSIGNALED(how)) {
    signal(WTERMSIG(how), SIG_DFL);
    raise(WTERMSIG(how));
  }
  _exit(WIFEXITED(how) ? WEXITSTATUS(how) : 1);
}

typedef struct {
  int file;
  size_t wanted, have; /* bytes, the length before the answer included */
  char *bytes;
} incoming;

/* 1: something came; 0: nothing more will; -1: nothing is there just now. */
static int read_some(incoming *in) {
  char *into = in->bytes ? in->bytes : (char *)&in->wanted;
  size_t head = sizeof in->wanted, upto = in->bytes ? in->wanted : head, at = in->bytes ? in->have - head : in->have;
  if (at == upto) return 0;
  ssize_t n = read(in->file, into + at, upto - at);
  if (n < 0) return errno == EINTR || errno == EAGAIN ? -1 : 0;
  in->have += (size_t)n;
  if (!in->bytes && in->have == head) in->bytes = malloc(in->wanted ? in->wanted : 1);
  return n > 0 && (in->bytes || in->have < head);
}

static int watch_process(pid_t pid) {
#ifdef SYS_pidfd_open
  return (int)syscall(SYS_pidfd_open, pid, 0);
#else
  return -1;
#endif
}

static int await_end(pid_t pid, incoming *in, int forwards) {
  int status = 0, told = 0, ended = watch_process(pid), reading = 1;
  for (;;) {
    /* a process that the child has left behind may hold the pipe open: its own end counts as well */
    struct pollfd both[] = {{reading ? in->file : -1, POLLIN, 0}, {ended, POLLIN, 0}};
    int ready = poll(both, 2, ended < 0 ? LOOK_AGAIN_MS : LONGEST_WAIT_MS);
    if (forwards && !told && fleet_termination_requested()) told = kill(pid, SIGTERM) == 0;
    if (ready > 0 && both[0].revents) {
      reading = read_some(in) != 0;
      continue;
    }
    if (ended >= 0 && !(ready > 0 && both[1].revents)) continue;
    pid_t done = waitpid(pid, &status, WNOHANG);
    if (done == pid || (done < 0 && errno == ECHILD)) break; /* a package's handler may have taken its status */
  }
  if (ended >= 0) close(ended);
  return status;
}

/* list(status as of waitpid(), answer or NULL). forwards: a request to terminate is handed on to the child. */
SEXP fleet_await(SEXP pid, SEXP file, SEXP forwards) {
  incoming in = {asInteger(file), 0, 0, NULL};
  fcntl(in.file, F_SETFL, O_NONBLOCK);
  int status = await_end((pid_t)asInteger(pid), &in, asLogical(forwards));
  while (read_some(&in) > 0) continue;
  close(in.file);
  SEXP out = PROTECT(allocVector(VECSXP, 2));
  SET_VECTOR_ELT(out, 0, ScalarInteger(status));
  if (status == 0 && in.bytes && in.have == sizeof in.wanted + in.wanted) {
    SEXP answer = allocVector(RAWSXP, (R_xlen_t)in.wanted);
    SET_VECTOR_ELT(out, 1, answer);
    memcpy(RAW(answer), in.bytes, in.wanted);
  }
  free(in.bytes);
  UNPROTECT(1);
  return out;
}
