/**
 * Who does what upon the keys of a job, as its commands show: for the comparison with docs/redis-protocol.md.
 */
import { redisKeys } from '../../functions/adapters/redis-keys.ts';

export const KEY_PREFIX = 'ff:';

/** A command upon the keys of a job, as text. */
export type Command = readonly string[];

/** Whom the columns of the document name. */
type Role = 'driver' | 'worker' | 'supervisor' | 'pass';

/** Whose connection it is: the commands that only one of them sends tell. Nobody's: that of this test. */
export function roleOf(commands: readonly Command[]): Role | null {
  const sends = (verb: RegExp, key: string): boolean =>
    commands.some(([name = '', first = '']) => verb.test(name) && first.startsWith(key));
  if (sends(/^EXISTS$/, redisKeys.queueCount)) return null;
  if (sends(/^EXPIRE$/, redisKeys.lease)) return 'pass';
  if (sends(/^BLPOP$/, redisKeys.queueOut('')) || sends(/^HGETALL$/, redisKeys.workers)) return 'driver';
  // R of a worker may die at its first words
  const ofWorkers = [redisKeys.gate, redisKeys.queueCount, redisKeys.queueAlive(''), redisKeys.queueStart('')];
  return ofWorkers.some((key) => sends(/^(SETNX|INCR|SET|DEL)$/, key)) ? 'worker' : 'supervisor';
}

export const ROLES: readonly Role[] = ['driver', 'worker', 'supervisor', 'pass'];

/** What the document says and this job does not do: by the test in which it happens. Keys without their prefix. */
export const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'more-memory': ['queue.large written by worker', 'queue.large written by supervisor', 'queue.large read by worker'],
  'first-error': ['loop:n read by worker'],
  // The supervisor's turn comes every three seconds: this job may be over before.
  control: ['aborted written by driver', 'driver written by supervisor', 'control read by supervisor'],
  engine: ['jobs deleted by driver'],
  tries: ['workers read by worker', 'causes written by pass', 'last read by worker'],
  takeover: [
    'workers deleted by driver',
    'held:<pod> read by driver',
    'aside written by driver',
    'aside read by worker',
    'aside deleted by worker',
  ],
  definitions: ['lent:<pod> written by driver', 'lent:<pod> read by worker', 'lent:<pod> deleted by worker'],
  judgement: ['replace written by driver'],
  isolation: ['replace deleted by worker'],
  standalone: ['queue.live written by worker'],
  resume: ['done:n written by driver', 'outputs deleted by driver'],
  loading: ['errors written by driver'],
  large: [
    'need written by driver',
    'need written by worker',
    'urls read by driver',
    'urls read by worker',
    'exports deleted by driver',
    'x:<sha256> deleted by driver',
  ],
  '../contract/task-queue': ['done:n written by pass'],
};

export type Column = 'written by' | 'read by' | 'deleted by';

/** What a command does to the keys that it names. `BLMOVE` takes from the first and gives to the second. */
export function touchedBy([verb = '', ...words]: Command): [column: Column, key: string][] {
  const keys = words.filter((word) => word.startsWith(KEY_PREFIX));
  const [first = '', second = ''] = keys;
  if (/^B?LMOVE$/.test(verb))
    return [
      ['read by', first],
      ['written by', second],
    ];
  if (verb === 'DEL') return keys.map((key) => ['deleted by', key]);
  if (/^B?LPOP$/.test(verb))
    return [
      ['read by', first],
      ['deleted by', first],
    ];
  if (/^(HDEL|XDEL|LTRIM|LREM)$/.test(verb)) return [['deleted by', first]];
  if (/^(INCR|DECR)$/.test(verb))
    return [
      ['read by', first],
      ['written by', first],
    ];
  if (/^(H?SET(NX|BIT)?|H?INCRBY(FLOAT)?|[LR]PUSH|LSET|XADD)$/.test(verb)) return [['written by', first]];
  if (/^(H?M?GET|HGETALL|H?LEN|[LX]LEN|LRANGE|LINDEX|XRANGE|H?EXISTS|HSTRLEN|HKEYS|HSCAN|GETBIT|GETRANGE)$/.test(verb))
    return [['read by', first]];
  return [];
}
