/**
 * Names of the keys in a job's Redis, and of the fields of its hashes. What they mean, who writes and who deletes them:
 * docs/redis-protocol.md. R's names stand in worker-image/R/redis-keys.R, those of the supervisors in
 * worker-image/src/supervisor/keys.h; a test compares them all.
 * Nothing is read or written here.
 */

/**
 * Every key begins with this. A session on a laptop may choose another (`prefix` of
 * registerForeachFleet()); a job never does.
 */
export const KEY_PREFIX = 'ff:';

export const redisKeys = {
  driver: 'ff:driver',
  control: 'ff:control',
  lease: 'ff:lease',
  gate: 'ff:gate',
  gated: 'ff:gated',
  loops: 'ff:loops',
  loop: (loop: number | string) => `ff:loop:${loop}`,
  waiting: 'ff:waiting',
  workers: 'ff:workers',
  replace: 'ff:replace',
  aside: 'ff:aside',
  aborted: 'ff:aborted',
  held: (pod: string) => `ff:held:${pod}`,
  lent: (pod: string) => `ff:lent:${pod}`,
  tries: 'ff:tries',
  causes: 'ff:causes',
  value: (loop: number | string, iteration: number | string) => `ff:v:${loop}:${iteration}`,
  done: (loop: number | string) => `ff:done:${loop}`,
  arrived: (loop: number | string) => `ff:arrived:${loop}`,
  loopErrors: (loop: number | string) => `ff:e:${loop}`,
  outbox: 'ff:outbox',
  errors: 'ff:errors',
  described: 'ff:described',
  outputs: 'ff:outputs',
  need: 'ff:need',
  urls: 'ff:urls',
  exports: 'ff:exports',
  exported: (sha256: string) => `ff:x:${sha256}`,
  seed: 'ff:seed',
  session: 'ff:session',
  jobs: 'ff:jobs',
  queue: 'ff:queue',
  queueLarge: 'ff:queue.large',
  queueLive: 'ff:queue.live',
  queueCount: 'ff:queue.count',
  queueEnvironment: (id: string) => `ff:queue.env.${id}`,
  queueOut: (id: string) => `ff:queue.out.${id}`,
  queueStart: (id: string) => `ff:queue.start.${id}`,
  queueAlive: (id: string) => `ff:queue.alive.${id}`,
} as const;

/**
 * Fields of the hashes that have fixed ones. The others (waiting, workers, tries, need ...) have
 * one field a loop, pod, iteration or name.
 */
export const redisFields = {
  driver: ['state', 'message', 'reason', 'script', 'startedAt', 'beatAt', 'loops'],
  control: ['stop', 'pause'],
  loop: [
    'label',
    'total',
    'startedAt',
    'endedAt',
    'done',
    'failed',
    'reused',
    'seconds',
    'seconds2',
    'max',
    'taskSize',
    'tasks',
    'reuse',
    'strays',
  ],
} as const;

/** Fields of an entry of the outbox. The streams of errors and descriptions have one field, `json`. */
export const outboxFields = [
  'loop',
  'iteration',
  'key',
  'attempt',
  'worker',
  'node',
  'seconds',
  'bytes',
  'sha256',
  'startedAt',
  'warnings',
  'cpuSeconds',
  'peakBytes',
  'peakOf',
  'object',
  'md5',
] as const;

export type DriverHash = Partial<Record<(typeof redisFields.driver)[number], string>>;
export type LoopHash = Partial<Record<(typeof redisFields.loop)[number], string>>;
export type OutboxHash = Partial<Record<(typeof outboxFields)[number], string>>;

/**
 * Fields of a journalled result: its bytes, or the object that its worker uploaded and that object's
 * SHA-256; its key; two marks (see the document).
 */
export const valueFields = { bytes: 'v', object: 'o', sha256: 's', key: 'k', toBackUp: 'b', toFetch: 'd' } as const;
