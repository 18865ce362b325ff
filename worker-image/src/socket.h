/* One connection to Redis: see socket.c. */
#ifndef FOREACHFLEET_SOCKET_H
#define FOREACHFLEET_SOCKET_H
#include <stddef.h>
#include "fleet.h"

typedef struct {
  int fd;
  char *data; /* bytes received and not yet parsed: data[start..end) */
  size_t start, end, capacity;
  double patience; /* of the call under way: seconds in which not one byte comes or goes; 0 = no end */
  double deadline; /* monotonic seconds: when it is over */
} connection;

double fleet_monotonic_seconds(void);
void fleet_socket_begin(connection *c, double patience);
void fleet_socket_close(connection *c);
void fleet_socket_fail(connection *c, const char *what, const char *detail);
void fleet_socket_write(connection *c, const char *bytes, size_t count);
size_t fleet_socket_read(connection *c, char *into, size_t most);
int fleet_socket_fill(connection *c, int may_leave);
#endif
