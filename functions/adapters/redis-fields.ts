/**
 * Names of what lies below the keys in a job's Redis (fields of hashes and streams, members of objects, parts of a
 * line), and the words that mean something there. What they mean: docs/redis-protocol.md. R's names stand in
 * worker-image/R/redis-fields.R, those of the supervisors in worker-image/src/supervisor/keys.h; a test compares them.
 * Nothing is read or written here.
 */
import { DEATH_CAUSES } from '../job/death.ts';
import { errorReport } from '../job/error-report.ts';
import type { DriverState, WorkerProgress } from '../job/progress.ts';

export const redisFields = {
  // Hashes. The others (waiting, tries, aside ...) have one field a loop, pod, iteration or name.
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
  /** By role: there may be a million results, so they have the shortest names. */
  value: { bytes: 'v', object: 'o', sha256: 's', key: 'k', toBackUp: 'b', toFetch: 'd' },
  // Streams; that of errors and that of descriptions have the same field
  outbox: [
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
  ],
  report: ['json'],
  // Objects in JSON
  workers: ['state', 'loop', 'iterations', 'count', 'session', 'loading', 'replaced', 'last', 'since', 'beat', 'pid'],
  errors: Object.keys(errorReport.shape),
  described: ['loop', 'attempt', 'label', 'total', 'errorHandling', 'prefix', 'combine', 'task'],
  lent: ['run', 'id', 'digest', 'way', 'bytes', 'plain', 'mark', 'problem'],
  outputs: ['name', 'bytes', 'sha256'],
  // Lists of R
  queue: ['ID', 'argsList'],
  batch: ['i', 'digest', 'prefix', 'suffix', 'args', 'expected', 'run', 'session', 'tries', 'avoid', 'urgent', 'moved'],
  // Lines: their parts, with one blank between. The last part may hold blanks itself.
  arrived: ['i', 'seconds', 'bytes', 'flag', 'key', 'worker'],
  need: ['askedAt'],
  urls: ['goodUntil', 'url'],
  exports: ['way', 'bytes'],
  replace: ['worker', 'reason'],
  causes: ['word', 'text'],
} as const;

/** By key and field. Where there is no word for something, the field is empty. */
export const redisWords = {
  'driver.state': ['starting', 'running', 'saving', 'finished', 'failed', 'stopped'] satisfies DriverState[],
  'driver.reason': ['error-limit'],
  'workers.state': ['starting', 'idle', 'busy', 'draining'] satisfies WorkerProgress['state'][],
  'outbox.peakOf': ['process'],
  'arrived.flag': ['V', 'O', 'E', 'N'],
  'exports.way': ['redis', 'file'],
  'causes.word': DEATH_CAUSES,
} as const;

/** Instead of a line of `urls`: there is no such object. */
export const NO_URL = 'none';

/** The only field of a report (of an error, of a loop). */
export const [REPORT_FIELD] = redisFields.report;

export type DriverHash = Partial<Record<(typeof redisFields.driver)[number], string>>;
export type ControlHash = Partial<Record<(typeof redisFields.control)[number], string>>;
export type LoopHash = Partial<Record<(typeof redisFields.loop)[number], string>>;
export type OutboxHash = Partial<Record<(typeof redisFields.outbox)[number], string>>;
