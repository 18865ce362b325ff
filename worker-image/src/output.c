/* What a task prints, line by line as it happens: an R connection that sink() diverts to, and that writes each line,
 * marked, to the worker's log.
 *
 * A line that has no end yet is shown when it is three seconds old, so that a row of dots is seen to grow. Text that
 * a carriage return takes back (progress bars) is shown at most every three seconds. The last part of everything is
 * kept for the error report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "fleet.h"
#include "last_output.h"
#include <R_ext/Connections.h>

#if R_CONNECTIONS_VERSION != 1
#error "unknown version of R's connections"
#endif

#define PATIENCE_SECONDS 3
#define CRASH " *** caught " /* a segfault, a bus error, an illegal operation: R says so and prints its frames */

static char mark[128];
static size_t mark_length;
static time_t line_began, shown_at;
static last_output in_memory, *said = &in_memory;
static int reached;

/* A forked child of a task (mclapply) prints as well: two writers would run over the ends. */
static void leave_to_parent(void) {
  if (said != &in_memory) memcpy(&in_memory, said, sizeof in_memory);
  said = &in_memory;
}

/* From now on in a file, so that a supervisor finds it after a death; where that cannot be, only here. Its room is
 * reserved: on a full disk a write to the map would end R. */
SEXP fleet_output_keep(SEXP path) {
  int file = open(CHAR(STRING_ELT(path, 0)), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return R_NilValue;
  int ready = posix_fallocate(file, 0, sizeof *said) == 0 && pthread_atfork(NULL, NULL, leave_to_parent) == 0;
  void *mapped = ready ? mmap(NULL, sizeof *said, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  close(file);
  if (mapped != MAP_FAILED) said = mapped;
  return R_NilValue;
}

static void write_all(const char *text, size_t length) {
  while (length > 0) {
    ssize_t n = write(2, text, length);
    if (n <= 0) return; /* a log that nobody takes must not end a task */
    text += n;
    length -= (size_t)n;
  }
}

static void keep(const char *text, size_t length) {
  if (said->closed) return; /* all of it is in the log */
  if (length > KEPT) {
    text += length - KEPT;
    length = KEPT;
    said->kept_length = 0;
    said->kept_cut = 1;
  }
  if (said->kept_length + length > sizeof said->kept) {
    size_t rest = said->kept_length < KEPT ? said->kept_length : KEPT;
    memmove(said->kept, said->kept + said->kept_length - rest, rest);
    said->kept_length = rest;
    said->kept_cut = 1;
  }
  memcpy(said->kept + said->kept_length, text, length);
  said->kept_length += length;
}

static void show_line(void) {
  static char whole[sizeof mark + LINE_MAX_BYTES + 1];
  memcpy(whole, mark, mark_length);
  memcpy(whole + mark_length, said->line, said->line_length);
  whole[mark_length + said->line_length] = '\n';
  write_all(whole, mark_length + said->line_length + 1);
  keep(whole + mark_length, said->line_length + 1);
  if (said->line_length >= sizeof CRASH - 1 && memcmp(said->line, CRASH, sizeof CRASH - 1) == 0) said->closed = 1;
  said->line_length = 0;
  shown_at = time(NULL);
}

static void take(const char *text, size_t length) {
  time_t now = time(NULL);
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '\n') {
      show_line();
    } else if (text[i] == '\r') {
      if (said->line_length > 0 && now - shown_at >= PATIENCE_SECONDS) show_line();
      said->line_length = 0;
    } else {
      if (said->line_length == 0) line_began = now;
      said->line[said->line_length++] = text[i];
      if (said->line_length == LINE_MAX_BYTES) show_line();
    }
  }
  if (said->line_length > 0 && now - line_began >= PATIENCE_SECONDS) show_line();
}

static size_t output_write(const void *data, size_t size, size_t count, struct Rconn *con) {
  (void)con;
  reached = 1;
  take(data, size * count);
  return count;
}

static Rboolean output_open(struct Rconn *con) {
  con->isopen = TRUE;
  return TRUE;
}

SEXP fleet_output_connection(void) {
  Rconnection con;
  SEXP out = PROTECT(R_new_custom_connection("output of the task", "w", "foreachfleet", &con));
  con->canread = FALSE;
  con->canwrite = TRUE;
  con->text = TRUE;
  con->open = output_open;
  con->write = output_write;
  con->isopen = TRUE;
  UNPROTECT(1);
  return out;
}

/* The next iteration begins. */
SEXP fleet_output_begin(SEXP loop, SEXP iteration) {
  mark_length = (size_t)snprintf(mark, sizeof mark, "[loop %.0f iteration %.0f] ", asReal(loop), asReal(iteration));
  said->line_length = said->kept_length = 0;
  said->kept_cut = said->closed = 0;
  shown_at = time(NULL);
  return R_NilValue;
}

/* Does what is printed come here? Printing nothing shows it: R hands that on as well. */
SEXP fleet_output_reached(void) {
  reached = 0;
  Rprintf("%s", "");
  return ScalarLogical(reached);
}

/* A message or a warning, in the order of what is printed. */
SEXP fleet_output_add(SEXP text) {
  const char *given = CHAR(STRING_ELT(text, 0));
  take(given, strlen(given));
  return R_NilValue;
}

/* The iteration has ended: the last part of what it printed. */
SEXP fleet_output_end(void) {
  if (said->line_length > 0) show_line();
  size_t end = said->kept_length;
  if (end > 0 && said->kept[end - 1] == '\n') end--;
  size_t begin = end > KEPT ? end - KEPT : 0;
  while (begin > 0 && begin < end && ((unsigned char)said->kept[begin] & 0xC0) == 0x80) begin++;
  size_t length = end - begin;
  char *out = R_alloc(length + 4, 1);
  size_t head = 0;
  if (begin > 0 || said->kept_cut) memcpy(out, "...", head = 3);
  size_t n = head;
  for (size_t i = 0; i < length; i++)
    if (said->kept[begin + i] != 0) out[n++] = said->kept[begin + i];
  return ScalarString(mkCharLenCE(out, (int)n, CE_UTF8));
}
