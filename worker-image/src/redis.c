/* A small RESP2 client for the journal.
 *
 * Own code, because the journal needs three things that the package redux cannot do. It needs pipelines that survive a
 * connection cut in the middle of the replies, waiting that a signal can end, and writes that never raise SIGPIPE.
 * redux, doRedis' own connection, stays for doRedis' own keys. This client does not know any key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "socket.h"

#define DIRECT_BYTES 262144 /* what is larger goes to the socket and comes from it without a copy in a buffer */

/* One line without its CRLF, NUL-terminated in place; NULL when a termination signal ended the wait. */
static char *read_line(connection *c, int may_leave) {
  size_t scanned = 0;
  for (;;) {
    char *from = c->data + c->start, *newline = NULL;
    size_t have = c->end - c->start;
    if (have > scanned) newline = memchr(from + scanned, '\n', have - scanned);
    if (newline) {
      newline[-1] = '\0';
      c->start = (size_t)(newline - c->data) + 1;
      return from;
    }
    scanned = have;
    if (!fleet_socket_fill(c, may_leave)) return NULL;
  }
}

static int holds_nul(const char *bytes, size_t count) { return memchr(bytes, '\0', count) != NULL; }

static SEXP read_bulk(connection *c, size_t count, int as_raw) {
  SEXP reply;
  if (as_raw) { /* large values go straight into the vector: no second copy */
    reply = PROTECT(allocVector(RAWSXP, (R_xlen_t)count));
    size_t done = 0;
    while (done < count) {
      if (c->start == c->end && count - done > DIRECT_BYTES) {
        done += fleet_socket_read(c, (char *)RAW(reply) + done, count - done);
        continue;
      }
      if (c->start == c->end) fleet_socket_fill(c, 0);
      size_t piece = c->end - c->start;
      if (piece > count - done) piece = count - done;
      memcpy(RAW(reply) + done, c->data + c->start, piece);
      c->start += piece;
      done += piece;
    }
    while (c->end - c->start < 2) fleet_socket_fill(c, 0);
  } else {
    while (c->end - c->start < count + 2) fleet_socket_fill(c, 0);
    const char *from = c->data + c->start;
    /* serializations begin with "X\n" and hold NUL bytes: the same rule as redux, so that doRedis reads its own keys */
    if (holds_nul(from, count)) {
      reply = PROTECT(allocVector(RAWSXP, (R_xlen_t)count));
      memcpy(RAW(reply), from, count);
    } else {
      reply = PROTECT(ScalarString(mkCharLenCE(from, (int)count, CE_UTF8)));
    }
    c->start += count;
  }
  c->start += 2;
  UNPROTECT(1);
  return reply;
}

static SEXP read_reply(connection *c, int as_raw, int may_leave) {
  char *line = read_line(c, may_leave);
  if (!line) return NULL;
  switch (line[0]) {
  case '+':
    return mkString(line + 1);
  case ':':
    return ScalarReal(atof(line + 1));
  case '-': {
    SEXP reply = PROTECT(mkString(line + 1));
    setAttrib(reply, R_ClassSymbol, mkString("redis_error"));
    UNPROTECT(1);
    return reply;
  }
  case '$': {
    long long count = atoll(line + 1);
    return count < 0 ? R_NilValue : read_bulk(c, (size_t)count, as_raw);
  }
  case '*': {
    long long count = atoll(line + 1);
    if (count < 0) return R_NilValue;
    SEXP reply = PROTECT(allocVector(VECSXP, (R_xlen_t)count));
    for (long long i = 0; i < count; i++) SET_VECTOR_ELT(reply, i, read_reply(c, as_raw, 0));
    UNPROTECT(1);
    return reply;
  }
  default:
    fleet_socket_fail(c, "unexpected reply", line);
    return R_NilValue;
  }
}

typedef struct {
  char *bytes;
  size_t size, capacity;
} outgoing;

static void append(outgoing *o, const char *bytes, size_t count) {
  if (o->size + count > o->capacity) {
    size_t larger = (o->size + count) * 2;
    char *grown = R_alloc(larger, 1);
    if (o->size) memcpy(grown, o->bytes, o->size);
    o->bytes = grown;
    o->capacity = larger;
  }
  memcpy(o->bytes + o->size, bytes, count);
  o->size += count;
}

static void append_header(outgoing *o, char kind, size_t count) {
  char header[32];
  append(o, header, (size_t)snprintf(header, sizeof header, "%c%zu\r\n", kind, count));
}

static void send_argument(connection *c, outgoing *o, const char *bytes, size_t count) {
  append_header(o, '$', count);
  if (count > DIRECT_BYTES) {
    fleet_socket_write(c, o->bytes, o->size);
    o->size = 0;
    fleet_socket_write(c, bytes, count);
  } else {
    append(o, bytes, count);
  }
  append(o, "\r\n", 2);
}

static void send_command(connection *c, outgoing *o, SEXP command) {
  size_t count = 0;
  R_xlen_t n = XLENGTH(command);
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP a = VECTOR_ELT(command, i);
    count += TYPEOF(a) == STRSXP ? (size_t)XLENGTH(a) : TYPEOF(a) == NILSXP ? 0 : 1;
  }
  append_header(o, '*', count);
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP a = VECTOR_ELT(command, i);
    if (TYPEOF(a) == RAWSXP) {
      send_argument(c, o, (const char *)RAW(a), (size_t)XLENGTH(a));
    } else if (TYPEOF(a) == STRSXP) {
      for (R_xlen_t k = 0; k < XLENGTH(a); k++) {
        const char *s = translateCharUTF8(STRING_ELT(a, k));
        send_argument(c, o, s, strlen(s));
      }
    }
  }
}

static int is_sendable(SEXP command) {
  if (TYPEOF(command) != VECSXP || XLENGTH(command) == 0) return 0;
  for (R_xlen_t i = 0; i < XLENGTH(command); i++) {
    int type = TYPEOF(VECTOR_ELT(command, i));
    if (type != STRSXP && type != RAWSXP && type != NILSXP) return 0;
  }
  return 1;
}

/* Sends all commands, then reads all replies. NULL as value = a termination signal ended the wait before the first
 * reply. */
SEXP fleet_pipeline(SEXP pointer, SEXP commands, SEXP as_raw, SEXP seconds, SEXP may_leave) {
  connection *c = R_ExternalPtrAddr(pointer);
  if (!c || c->fd < 0) Rf_error("redis connection: not connected");
  R_xlen_t n = XLENGTH(commands);
  for (R_xlen_t i = 0; i < n; i++)
    if (!is_sendable(VECTOR_ELT(commands, i)))
      Rf_error("redis command %d: every argument must be character or raw", (int)i + 1);
  fleet_socket_begin(c, asReal(seconds));
  outgoing o = {NULL, 0, 0};
  for (R_xlen_t i = 0; i < n; i++) {
    send_command(c, &o, VECTOR_ELT(commands, i));
    if (o.size > 1048576) {
      fleet_socket_write(c, o.bytes, o.size);
      o.size = 0;
    }
  }
  fleet_socket_write(c, o.bytes, o.size);
  SEXP replies = PROTECT(allocVector(VECSXP, n));
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP reply = read_reply(c, asLogical(as_raw), i == 0 && asLogical(may_leave));
    if (!reply) {
      fleet_socket_close(c);
      UNPROTECT(1);
      return R_NilValue;
    }
    SET_VECTOR_ELT(replies, i, reply);
  }
  UNPROTECT(1);
  return replies;
}
