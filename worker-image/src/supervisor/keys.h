/* The keys that a supervisor touches, below FF_PREFIX; fields of hashes, members of a worker's entry, and words. The
 * meaning of all is in docs/redis-protocol.md; a test compares them with functions/adapters/redis-keys.ts and
 * redis-fields.ts. */
#ifndef FLEET_SUPERVISOR_KEYS_H
#define FLEET_SUPERVISOR_KEYS_H
#define KEY_PREFIX "ff:"
#define KEY_DRIVER "driver"
#define FIELD_BEAT_AT "beatAt"
#define KEY_CONTROL "control"
#define FIELD_STOP "stop"
#define KEY_WORKERS "workers"
#define ENTRY_STATE "state"
#define STATE_STARTING "starting"
#define STATE_DRAINING "draining"
#define ENTRY_LOOP "loop"
#define ENTRY_ITERATIONS "iterations"
#define ENTRY_COUNT "count"
#define ENTRY_REPLACED "replaced"
#define ENTRY_BEAT "beat"
#define KEY_SESSION "session"
#define KEY_REPLACE "replace"
#define KEY_TRIES "tries"
#define KEY_CAUSES "causes"
#define KEY_LAST "last"
#define KEY_LOADING "loading"
#define KEY_HELD "held:" /* and the pod's name */
#define KEY_QUEUE "queue"
#define KEY_QUEUE_LARGE "queue.large"
#endif
