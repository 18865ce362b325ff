/* A small RESP2 client for the journal.
 *
 * doRedis' own connection (redux) stays for doRedis' own keys; the journal needs three things that redux cannot do: pipelines that survive a
 * connection cut in the middle of the replies, waiting that a signal can end, and writes that never raise SIGPIPE. It does not know any key.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "fleet.h"

typedef struct {
  int fd;
  char *data; /* bytes received and not yet parsed: data[start..end) */
  size_t start, end, capacity;
  double deadline; /* of the call under way, monotonic seconds; 0 = none */
} connection;

static double monotonic_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + t.tv_nsec / 1e9;
}

static void close_connection(connection *c) {
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
  c->start = c->end = 0;
}

static void finalize_connection(SEXP pointer) {
  connection *c = R_ExternalPtrAddr(pointer);
  if (!c) return;
  close_connection(c);
  free(c->data);
  free(c);
  R_ClearExternalPtr(pointer);
}

static void check_interrupt(void *unused) { R_CheckUserInterrupt(); }

/* Every failure of the transport leaves the connection closed, so that a half-read reply can never be taken for the next one. */
static void fail(connection *c, const char *what, const char *detail) {
  close_connection(c);
  Rf_error("redis connection: %s%s%s", what, detail ? ": " : "", detail ? detail : "");
}

/* Waits until the socket is ready; returns 0 when a termination signal arrived instead. */
static int wait_ready(connection *c, short events, int may_leave) {
  for (;;) {
    struct pollfd p = {c->fd, events, 0};
    int wait_ms = 200;
    if (c->deadline > 0) {
      double left = c->deadline - monotonic_seconds();
      if (left <= 0) fail(c, "no answer in time", NULL);
      if (left < 0.2) wait_ms = (int)(left * 1000) + 1;
    }
    int n = poll(&p, 1, wait_ms);
    if (n > 0) return 1;
    if (n < 0 && errno != EINTR) fail(c, "poll", strerror(errno));
    if (may_leave && fleet_termination_requested()) return 0;
    if (!R_ToplevelExec(check_interrupt, NULL)) {
      close_connection(c);
      Rf_onintr();
    }
  }
}

static void write_all(connection *c, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t n = send(c->fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      bytes += n;
      count -= (size_t)n;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_ready(c, POLLOUT, 0);
    } else if (errno != EINTR) {
      fail(c, "write", strerror(errno));
    }
  }
}

/* Reads more bytes; returns 0 when a termination signal ended the wait. */
static int fill(connection *c, int may_leave) {
  if (c->start == c->end) c->start = c->end = 0;
  if (c->end == c->capacity) {
    if (c->start > c->capacity / 2) {
      memmove(c->data, c->data + c->start, c->end - c->start);
      c->end -= c->start;
      c->start = 0;
    } else {
      size_t larger = c->capacity * 2;
      char *grown = realloc(c->data, larger);
      if (!grown) fail(c, "out of memory", NULL);
      c->data = grown;
      c->capacity = larger;
    }
  }
  if (!wait_ready(c, POLLIN, may_leave)) return 0;
  ssize_t n = recv(c->fd, c->data + c->end, c->capacity - c->end, MSG_DONTWAIT);
  if (n == 0) fail(c, "closed by the server", NULL);
  if (n < 0) {
    if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) return 1;
    fail(c, "read", strerror(errno));
  }
  c->end += (size_t)n;
  return 1;
}

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
    if (!fill(c, may_leave)) return NULL;
  }
}

static int holds_nul(const char *bytes, size_t count) { return memchr(bytes, '\0', count) != NULL; }

static SEXP read_bulk(connection *c, size_t count, int as_raw) {
  SEXP reply;
  if (as_raw) { /* large values go straight into the vector: no second copy */
    reply = PROTECT(allocVector(RAWSXP, (R_xlen_t)count));
    size_t done = 0;
    while (done < count) {
      if (c->start == c->end) fill(c, 0);
      size_t piece = c->end - c->start;
      if (piece > count - done) piece = count - done;
      memcpy(RAW(reply) + done, c->data + c->start, piece);
      c->start += piece;
      done += piece;
    }
    while (c->end - c->start < 2) fill(c, 0);
  } else {
    while (c->end - c->start < count + 2) fill(c, 0);
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
    fail(c, "unexpected reply", line);
    return R_NilValue;
  }
}

static void set_timeouts(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

static int connect_within(const struct addrinfo *address, int seconds) {
  int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
  if (fd < 0) return -1;
  int flags = fcntl(fd, F_GETFL, 0);
  fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  int rc = connect(fd, address->ai_addr, address->ai_addrlen);
  if (rc < 0 && errno == EINPROGRESS) {
    struct pollfd p = {fd, POLLOUT, 0};
    int error = ETIMEDOUT;
    socklen_t size = sizeof error;
    rc = poll(&p, 1, seconds * 1000) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0 ? 0 : -1;
    if (rc < 0) errno = error;
  }
  if (rc < 0) {
    int kept = errno;
    close(fd);
    errno = kept;
    return -1;
  }
  fcntl(fd, F_SETFL, flags);
  set_timeouts(fd);
  return fd;
}

SEXP fleet_connect(SEXP host, SEXP port, SEXP seconds) {
  struct addrinfo hints = {0}, *list = NULL;
  hints.ai_socktype = SOCK_STREAM;
  int rc = getaddrinfo(CHAR(STRING_ELT(host, 0)), CHAR(STRING_ELT(port, 0)), &hints, &list);
  if (rc != 0) Rf_error("redis connection: cannot resolve %s: %s", CHAR(STRING_ELT(host, 0)), gai_strerror(rc));
  int fd = -1;
  for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) fd = connect_within(a, asInteger(seconds));
  int kept = errno;
  freeaddrinfo(list);
  if (fd < 0) Rf_error("redis connection: cannot connect: %s", strerror(kept));
  connection *c = calloc(1, sizeof *c);
  c->capacity = 65536;
  c->data = malloc(c->capacity);
  c->fd = fd;
  SEXP pointer = PROTECT(R_MakeExternalPtr(c, R_NilValue, R_NilValue));
  R_RegisterCFinalizerEx(pointer, finalize_connection, TRUE);
  UNPROTECT(1);
  return pointer;
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

#define DIRECT_BYTES 262144 /* arguments above this are sent from where they are, not copied into the buffer */

static void send_argument(connection *c, outgoing *o, const char *bytes, size_t count) {
  append_header(o, '$', count);
  if (count > DIRECT_BYTES) {
    write_all(c, o->bytes, o->size);
    o->size = 0;
    write_all(c, bytes, count);
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

/* Sends all commands, then reads all replies. NULL as value = a termination signal ended the wait before the first reply. */
SEXP fleet_pipeline(SEXP pointer, SEXP commands, SEXP as_raw, SEXP seconds, SEXP may_leave) {
  connection *c = R_ExternalPtrAddr(pointer);
  if (!c || c->fd < 0) Rf_error("redis connection: not connected");
  R_xlen_t n = XLENGTH(commands);
  for (R_xlen_t i = 0; i < n; i++)
    if (!is_sendable(VECTOR_ELT(commands, i))) Rf_error("redis command %d: every argument must be character or raw", (int)i + 1);
  c->deadline = asReal(seconds) > 0 ? monotonic_seconds() + asReal(seconds) : 0;
  outgoing o = {NULL, 0, 0};
  for (R_xlen_t i = 0; i < n; i++) {
    send_command(c, &o, VECTOR_ELT(commands, i));
    if (o.size > 1048576) {
      write_all(c, o.bytes, o.size);
      o.size = 0;
    }
  }
  write_all(c, o.bytes, o.size);
  SEXP replies = PROTECT(allocVector(VECSXP, n));
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP reply = read_reply(c, asLogical(as_raw), i == 0 && asLogical(may_leave));
    if (!reply) {
      close_connection(c);
      UNPROTECT(1);
      return R_NilValue;
    }
    SET_VECTOR_ELT(replies, i, reply);
  }
  UNPROTECT(1);
  return replies;
}

SEXP fleet_disconnect(SEXP pointer) {
  connection *c = R_ExternalPtrAddr(pointer);
  if (c) close_connection(c);
  return R_NilValue;
}
