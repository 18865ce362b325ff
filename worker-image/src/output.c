/* What a task prints, line by line as it happens: an R connection that sink() diverts to, and that writes each line,
 * marked, to the worker's log.
 *
 * A line that has no end yet is shown when it is three seconds old, so that a row of dots is seen to grow; text that
 * a carriage return takes back (progress bars) is shown at most every three seconds. The last part of everything is
 * kept for the error report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "fleet.h"
#include <R_ext/Connections.h>

#if R_CONNECTIONS_VERSION != 1
#error "unknown version of R's connections"
#endif

#define KEPT 8192
#define LINE_MAX_BYTES 65536
#define PATIENCE_SECONDS 3

static char mark[128];
static size_t mark_length;
static char line[LINE_MAX_BYTES];
static size_t line_length;
static time_t line_began, shown_at;
static char kept[2 * KEPT];
static size_t kept_length;
static int kept_cut;
static int reached;

static void write_all(const char *text, size_t length) {
  while (length > 0) {
    ssize_t n = write(2, text, length);
    if (n <= 0) return; /* a log that nobody takes must not end a task */
    text += n;
    length -= (size_t)n;
  }
}

static void keep(const char *text, size_t length) {
  if (length > KEPT) {
    text += length - KEPT;
    length = KEPT;
    kept_length = 0;
    kept_cut = 1;
  }
  if (kept_length + length > sizeof kept) {
    size_t rest = kept_length < KEPT ? kept_length : KEPT;
    memmove(kept, kept + kept_length - rest, rest);
    kept_length = rest;
    kept_cut = 1;
  }
  memcpy(kept + kept_length, text, length);
  kept_length += length;
}

static void show_line(void) {
  static char whole[sizeof mark + LINE_MAX_BYTES + 1];
  memcpy(whole, mark, mark_length);
  memcpy(whole + mark_length, line, line_length);
  whole[mark_length + line_length] = '\n';
  write_all(whole, mark_length + line_length + 1);
  keep(whole + mark_length, line_length + 1);
  line_length = 0;
  shown_at = time(NULL);
}

static void take(const char *text, size_t length) {
  time_t now = time(NULL);
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '\n') {
      show_line();
    } else if (text[i] == '\r') {
      if (line_length > 0 && now - shown_at >= PATIENCE_SECONDS) show_line();
      line_length = 0;
    } else {
      if (line_length == 0) line_began = now;
      line[line_length++] = text[i];
      if (line_length == LINE_MAX_BYTES) show_line();
    }
  }
  if (line_length > 0 && now - line_began >= PATIENCE_SECONDS) show_line();
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
  line_length = kept_length = 0;
  kept_cut = 0;
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
  if (line_length > 0) show_line();
  size_t end = kept_length > 0 && kept[kept_length - 1] == '\n' ? kept_length - 1 : kept_length;
  size_t begin = end > KEPT ? end - KEPT : 0;
  while (begin > 0 && begin < end && ((unsigned char)kept[begin] & 0xC0) == 0x80) begin++;
  size_t length = end - begin;
  char *out = R_alloc(length + 4, 1);
  size_t head = 0;
  if (begin > 0 || kept_cut) memcpy(out, "...", head = 3);
  size_t n = head;
  for (size_t i = 0; i < length; i++)
    if (kept[begin + i] != 0) out[n++] = kept[begin + i];
  return ScalarString(mkCharLenCE(out, (int)n, CE_UTF8));
}
