/* Opens the job's Redis and sends commands. Nothing is repeated here: the supervisor calls again. Knows no verb
 * and no meaning of a key. */
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include "keys.h"
#include "server.h"

#define CONNECT_SECONDS 3

static const char *setting(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value && *value ? value : otherwise;
}

char *key_name(const char *name, const char *rest) {
  const char *prefix = getenv("FF_PREFIX") ? getenv("FF_PREFIX") : KEY_PREFIX;
  char *key = calloc(strlen(prefix) + strlen(name) + strlen(rest) + 1, 1);
  if (!key) abort();
  return strcat(strcat(strcpy(key, prefix), name), rest);
}

/* An empty password would be sent as well, and refused by a server that has none. */
static int greet(redisContext *server) {
  const char *password = setting("FF_REDIS_PASSWORD", NULL);
  if (!password) return 1;
  command hello = {{"AUTH", password, NULL}};
  redisReply *reply = NULL;
  int ok = send_commands(server, &hello, 1, &reply);
  if (reply) freeReplyObject(reply);
  return ok;
}

redisContext *open_server(void) {
  struct timeval patience = {CONNECT_SECONDS, 0};
  const char *host = setting("FF_REDIS_HOST", "127.0.0.1");
  redisContext *server = redisConnectWithTimeout(host, atoi(setting("FF_REDIS_PORT", "6379")), patience);
  if (!server || server->err || redisSetTimeout(server, patience) != REDIS_OK || !greet(server)) return NULL;
  return server;
}

int send_commands(redisContext *server, const command *commands, int count, redisReply **replies) {
  int ok = 1;
  for (int i = 0; i < count; i++) {
    const char **words = (const char **)commands[i].words;
    int length = 0;
    while (words[length]) length++;
    redisAppendCommandArgv(server, length, words, NULL);
  }
  for (int i = 0; i < count; i++) {
    replies[i] = NULL;
    if (redisGetReply(server, (void **)&replies[i]) != REDIS_OK) return 0;
    if (replies[i]->type == REDIS_REPLY_ERROR) ok = 0;
  }
  return ok;
}
