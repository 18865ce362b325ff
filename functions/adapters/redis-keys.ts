/**
 * Names of the keys in a job's Redis; what lies below them is in redis-fields.ts. What they mean, who writes and who
 * deletes them: docs/redis-protocol.md. R's names stand in worker-image/R/redis-keys.R, those of the supervisors in
 * worker-image/src/supervisor/keys.h; a test compares them all.
 * Nothing is read or written here.
 */

/** All begin with `ff:`. A session on a laptop may choose another prefix (registerForeachFleet()); a job never does. */
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
  lastOutput: 'ff:last',
  loading: 'ff:loading',
  value: (loop: number | string, iteration: number | string) => `ff:v:${loop}:${iteration}`,
  done: (loop: number | string) => `ff:done:${loop}`,
  arrived: (loop: number | string) => `ff:arrived:${loop}`,
  loopErrors: (loop: number | string) => `ff:e:${loop}`,
  loopWarnings: (loop: number | string) => `ff:w:${loop}`,
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
