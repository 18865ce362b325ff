/* The connection below the Redis protocol: bytes out and bytes in, with a deadline, that a signal can end and that
 * never raise SIGPIPE. It knows nothing of what the bytes mean. */
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
#include "socket.h"

double fleet_monotonic_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + t.tv_nsec / 1e9;
}

/* A server whose machine has vanished sends nothing that would tell, and the kernel may wait a quarter of an hour for
 * it. So what ends a call is silence, however long a large value takes. */
static void note_progress(connection *c) { c->deadline = c->patience + fleet_monotonic_seconds(); }

void fleet_socket_begin(connection *c, double patience) {
  c->patience = patience;
  note_progress(c);
}

void fleet_socket_close(connection *c) {
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
  c->start = c->end = 0;
}

static void finalize_connection(SEXP pointer) {
  connection *c = R_ExternalPtrAddr(pointer);
  if (!c) return;
  fleet_socket_close(c);
  free(c->data);
  free(c);
  R_ClearExternalPtr(pointer);
}

static void check_interrupt(void *unused) { R_CheckUserInterrupt(); }

/* Every failure of the transport leaves the connection closed, so that a half-read reply can never be taken for the
 * next one. */
void fleet_socket_fail(connection *c, const char *what, const char *detail) {
  fleet_socket_close(c);
  Rf_error("redis connection: %s%s%s", what, detail ? ": " : "", detail ? detail : "");
}

/* Waits until the socket is ready; returns 0 when a termination signal arrived instead. */
static int wait_ready(connection *c, short events, int may_leave) {
  for (;;) {
    struct pollfd p = {c->fd, events, 0};
    int wait_ms = 200;
    if (c->patience > 0) {
      double left = c->deadline - fleet_monotonic_seconds();
      if (left <= 0) fleet_socket_fail(c, "no answer in time", NULL);
      if (left < 0.2) wait_ms = (int)(left * 1000) + 1;
    }
    int n = poll(&p, 1, wait_ms);
    if (n > 0) return 1;
    if (n < 0 && errno != EINTR) fleet_socket_fail(c, "poll", strerror(errno));
    if (may_leave && fleet_termination_requested()) return 0;
    if (!R_ToplevelExec(check_interrupt, NULL)) {
      fleet_socket_close(c);
      Rf_onintr();
    }
  }
}

void fleet_socket_write(connection *c, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t n = send(c->fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      bytes += n;
      count -= (size_t)n;
      if (n > 0) note_progress(c);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_ready(c, POLLOUT, 0);
    } else if (errno != EINTR) {
      fleet_socket_fail(c, "write", strerror(errno));
    }
  }
}

/* Reads at least one byte, and what there is of the rest. */
size_t fleet_socket_read(connection *c, char *into, size_t most) {
  for (;;) {
    ssize_t n = recv(c->fd, into, most, MSG_DONTWAIT);
    if (n > 0) {
      note_progress(c);
      return (size_t)n;
    }
    if (n == 0) fleet_socket_fail(c, "closed by the server", NULL);
    if (errno == EAGAIN || errno == EWOULDBLOCK) wait_ready(c, POLLIN, 0);
    else if (errno != EINTR) fleet_socket_fail(c, "read", strerror(errno));
  }
}

/* Reads more bytes into the buffer; returns 0 when a termination signal ended the wait. */
int fleet_socket_fill(connection *c, int may_leave) {
  if (c->start == c->end) c->start = c->end = 0;
  if (c->end == c->capacity) {
    if (c->start > c->capacity / 2) {
      memmove(c->data, c->data + c->start, c->end - c->start);
      c->end -= c->start;
      c->start = 0;
    } else {
      size_t larger = c->capacity * 2;
      char *grown = realloc(c->data, larger);
      if (!grown) fleet_socket_fail(c, "out of memory", NULL);
      c->data = grown;
      c->capacity = larger;
    }
  }
  if (!wait_ready(c, POLLIN, may_leave)) return 0;
  c->end += fleet_socket_read(c, c->data + c->end, c->capacity - c->end);
  return 1;
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
    int ready = poll(&p, 1, seconds * 1000) == 1;
    rc = ready && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0 ? 0 : -1;
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

SEXP fleet_disconnect(SEXP pointer) {
  connection *c = R_ExternalPtrAddr(pointer);
  if (c) fleet_socket_close(c);
  return R_NilValue;
}
