/* What a supervisor (bin/run-worker, bin/run-driver) says: to the job's Redis, and as lines of progress. One verb a
 * call, done within five seconds or not at all; exit status 0 = done. The supervisors decide when, and what to do when
 * it failed; no key and no JSON is spelled there.
 *
 *   beat-worker STATE-FILE yes|no       writes this worker's entry (yes: as draining); prints and takes away what
 *                                       asks it to replace its R, if there is anything
 *   beat-driver                         writes the driver's beat; prints the reason to stop, if there is one
 *   return-task [LOOP:I SESSION CAUSE LOADING OUTPUT-FILE]
 *                                       moves this worker's task back to the head of the queue; counts a death of
 *                                       the iteration, and keeps what R was loading then (empty: it ran) and what it
 *                                       printed last, unless the task is not here or another session has begun
 *   leave                               removes this worker's entry
 *   progress FROM EVENT MESSAGE         prints a line of progress, in a job of the control plane
 *
 * Settings: FF_REDIS_HOST, FF_REDIS_PORT, FF_REDIS_PASSWORD (never an argument: others can see those), FF_PREFIX,
 * FF_POD, FF_REPLACED, FF_JOB, FF_ATTEMPT, FF_LARGE (whose tasks come from the queue of those that need more memory).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "json.h"
#include "keys.h"
#include "server.h"
#include "words.h"

#define CALL_SECONDS 5
#define STATE_BYTES 8192
#define MOST_WRITES 5

static const char *text_of(const char *name) { return getenv(name) ? getenv(name) : ""; }

static void seconds_now(char *text, size_t size) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(text, size, "%lld.%06ld", (long long)now.tv_sec, now.tv_nsec / 1000);
}

/* R writes two lines: a word for what it does, and the other members of its entry. A new R has not written any. */
static char *read_state(const char *path) {
  char *state = calloc(STATE_BYTES, 1);
  if (!state) abort();
  FILE *file = fopen(path, "r");
  if (!file) return state;
  state[fread(state, 1, STATE_BYTES - 1, file)] = '\0';
  fclose(file);
  return state;
}

static char *worker_entry(const char *state, int draining) {
  char now[32], *entry = NULL;
  size_t size = 0;
  int word = (int)strcspn(state, "\n");
  const char *members = state + word + (state[word] == '\n');
  int length = (int)strcspn(members, "\n"), replaced = atoi(text_of("FF_REPLACED"));
  seconds_now(now, sizeof now);
  FILE *out = open_memstream(&entry, &size);
  if (!out) abort();
  if (draining) fputs("{\"" ENTRY_STATE "\":\"" STATE_DRAINING "\",", out);
  else if (length > 0) fprintf(out, "{\"" ENTRY_STATE "\":\"%.*s\",", word, state);
  else fputs("{\"" ENTRY_STATE "\":\"" STATE_STARTING "\",", out);
  if (length > 0) fprintf(out, "%.*s", length, members);
  else fputs("\"" ENTRY_LOOP "\":null,\"" ENTRY_ITERATIONS "\":[],\"" ENTRY_COUNT "\":0", out);
  if (length == 0 && replaced > 0) fprintf(out, ",\"" ENTRY_REPLACED "\":%d", replaced);
  fprintf(out, ",\"" ENTRY_BEAT "\":%s}", now);
  fclose(out);
  return entry;
}

/* Entry and question in one go. R tells Redis itself what it does, after it has written the file. What is written here
 * was read before: when the file has changed since, it may stand in place of something newer, and is written again. An
 * R that goes on so fast corrects it itself. No script does both in Redis: a full one refuses scripts that write, and
 * with them the answer. */
static int beat_worker(redisContext *server, const char *state_file, int draining) {
  const char *pod = text_of("FF_POD"), *replace = key_name(KEY_REPLACE, ""), *workers = key_name(KEY_WORKERS, "");
  redisReply *replies[2] = {NULL, NULL}, *gone = NULL;
  int ok = 0;
  char *state = read_state(state_file), *before = NULL;
  for (int writes = 0; writes < MOST_WRITES && (!before || strcmp(before, state) != 0); writes++) {
    command both[] = {{{"HSET", workers, pod, worker_entry(state, draining), NULL}}, {{"HGET", replace, pod, NULL}}};
    ok = send_commands(server, both, 2, replies);
    if (!replies[1]) return 0;
    before = state;
    state = read_state(state_file);
  }
  if (replies[1]->type != REDIS_REPLY_STRING || replies[1]->len == 0) return ok;
  puts(replies[1]->str);
  command taken = {{"HDEL", replace, pod, NULL}};
  return send_commands(server, &taken, 1, &gone) && ok;
}

static int beat_driver(redisContext *server) {
  char now[32];
  seconds_now(now, sizeof now);
  command both[] = {{{"HSET", key_name(KEY_DRIVER, ""), FIELD_BEAT_AT, now, NULL}},
                    {{"HGET", key_name(KEY_CONTROL, ""), FIELD_STOP, NULL}}};
  redisReply *replies[2] = {NULL, NULL};
  send_commands(server, both, 2, replies); /* a full Redis refuses the beat, and still answers */
  if (!replies[1] || replies[1]->type == REDIS_REPLY_ERROR) return 0;
  if (replies[1]->type == REDIS_REPLY_STRING && replies[1]->len > 0) puts(replies[1]->str);
  return 1;
}

static int has_text(const redisReply *reply, const char *text) {
  return reply && reply->type == REDIS_REPLY_STRING && strcmp(reply->str, text) == 0;
}

/* Where this worker's tasks come from */
static const char *queue(void) { return key_name(*text_of("FF_LARGE") ? KEY_QUEUE_LARGE : KEY_QUEUE, ""); }

/* All in one transaction: a death is counted once, however often this is repeated because an answer was lost, for then
 * the task is not here any more. What another session has thrown away counts for nothing. */
static int count_death(redisContext *server, char **words) {
  const char *iteration = words[0], *session = words[1], *cause = words[2], *loading = words[3];
  const char *held = key_name(KEY_HELD, text_of("FF_POD")), *running = key_name(KEY_SESSION, "");
  command looks[] = {{{"WATCH", held, running, NULL}}, {{"LLEN", held, NULL}}, {{"GET", running, NULL}}};
  command all[] = {{{"MULTI", NULL}},
                   {{"HINCRBY", key_name(KEY_TRIES, ""), iteration, "1", NULL}},
                   {{"HSET", key_name(KEY_CAUSES, ""), iteration, cause, NULL}},
                   {{"HSET", key_name(KEY_LOADING, ""), iteration, loading, NULL}},
                   {{"HSET", key_name(KEY_LAST, ""), iteration, last_words(words[4]), NULL}},
                   {{"LMOVE", held, queue(), "RIGHT", "LEFT", NULL}},
                   {{"EXEC", NULL}}};
  redisReply *seen[3], *replies[7];
  if (!send_commands(server, looks, 3, seen)) return 0;
  if (seen[1]->integer == 0) return 1;
  int other = seen[2]->type != REDIS_REPLY_NIL && !has_text(seen[2], session);
  if (other) return send_commands(server, all + 5, 1, replies);
  return send_commands(server, all, 7, replies) && replies[6]->type == REDIS_REPLY_ARRAY;
}

static int return_task(redisContext *server) {
  command back = {{"LMOVE", key_name(KEY_HELD, text_of("FF_POD")), queue(), "RIGHT", "LEFT", NULL}};
  redisReply *reply;
  return send_commands(server, &back, 1, &reply);
}

static int leave(redisContext *server) {
  command gone = {{"HDEL", key_name(KEY_WORKERS, ""), text_of("FF_POD"), NULL}};
  redisReply *reply;
  return send_commands(server, &gone, 1, &reply);
}

static int progress(const char *from, const char *event, const char *message) {
  if (!*text_of("FF_JOB")) return 1;
  const char *attempt = getenv("FF_ATTEMPT");
  printf("{\"ff\":\"progress\",\"job\":");
  put_json_text(stdout, text_of("FF_JOB"));
  printf(",\"attempt\":%d,\"from\":\"%s\",\"event\":\"%s\",\"worker\":", attempt ? atoi(attempt) : 1, from, event);
  put_json_text(stdout, text_of("FF_POD"));
  printf(",\"message\":");
  put_json_text(stdout, message);
  printf("}\n");
  return 1;
}

static int is(const char *verb, const char *name, int given, int wanted) {
  return strcmp(verb, name) == 0 && given == wanted;
}

int main(int count, char **words) {
  const char *verb = count > 1 ? words[1] : "";
  int given = count - 2;
  if (is(verb, "progress", given, 3)) return !progress(words[2], words[3], words[4]);
  alarm(CALL_SECONDS); /* also where a name server does not answer */
  redisContext *server = open_server();
  if (!server) return 1;
  if (is(verb, "beat-worker", given, 2)) return !beat_worker(server, words[2], strcmp(words[3], "yes") == 0);
  if (is(verb, "beat-driver", given, 0)) return !beat_driver(server);
  if (is(verb, "return-task", given, 0)) return !return_task(server);
  if (is(verb, "return-task", given, 5)) return !count_death(server, words + 2);
  if (is(verb, "leave", given, 0)) return !leave(server);
  fprintf(stderr, "unknown verb, or wrong number of words: %s\n", verb);
  return 2;
}
