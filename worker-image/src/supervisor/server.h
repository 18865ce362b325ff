/* The job's Redis, as a supervisor needs it: see server.c. */
#ifndef FLEET_SUPERVISOR_SERVER_H
#define FLEET_SUPERVISOR_SERVER_H
#include <hiredis/hiredis.h>

#define MOST_ARGUMENTS 8

/* One command: its words, the last one NULL. */
typedef struct {
  const char *words[MOST_ARGUMENTS];
} command;

redisContext *open_server(void);
/* Sends all, then reads all replies. The caller frees them; one is NULL when the connection was cut. True when
 * none is an error. */
int send_commands(redisContext *server, const command *commands, int count, redisReply **replies);
/* The name of a key: the prefix, and what follows it. To be freed. */
char *key_name(const char *name, const char *rest);
#endif
