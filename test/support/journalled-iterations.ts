/** The iterations whose results wait in the outbox of a job: in their order, and twice if they are there twice. */
import type { Redis } from 'ioredis';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';

export async function journalledIterations(redis: Redis): Promise<number[]> {
  const entries = await redis.xrange(redisKeys.outbox, '-', '+');
  return entries.map(([, fields]) => Number(fields[fields.indexOf('iteration') + 1])).sort((a, b) => a - b);
}
