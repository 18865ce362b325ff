/* The keys that a supervisor touches, below FF_PREFIX. docs/redis-protocol.md has their meaning; a test compares them
 * with functions/adapters/redis-keys.ts. */
#ifndef FLEET_SUPERVISOR_KEYS_H
#define FLEET_SUPERVISOR_KEYS_H
#define KEY_PREFIX "ff:"
#define KEY_DRIVER "driver"
#define FIELD_BEAT_AT "beatAt"
#define KEY_CONTROL "control"
#define FIELD_STOP "stop"
#define KEY_WORKERS "workers"
#define KEY_SESSION "session"
#define KEY_REPLACE "replace"
#define KEY_TRIES "tries"
#define KEY_CAUSES "causes"
#define KEY_HELD "held:" /* and the pod's name */
#define KEY_QUEUE "queue"
#define KEY_QUEUE_LARGE "queue.large"
#endif
