/** Pure: work that no worker comes for. A driver without a worker waits for ever: doRedis' loop has no limit. */
import type { JobRecord } from '../job/job-record.ts';
import { beginEnding, secondsSince } from './step.ts';
import type { SeenWorking } from './tend-workload.ts';

/** After this long without a ready worker and without progress the attempt ends. */
const NO_WORKER_LIMIT_SECONDS = 30 * 60;

export function endWithoutWorkers(record: JobRecord, { workload, nowMs }: SeenWorking): JobRecord {
  const isReady = workload.pods.some((pod) => pod.role === 'worker' && pod.ready);
  if (isReady || record.stalledSince === null) return record;
  if (secondsSince(record.stalledSince, nowMs) < NO_WORKER_LIMIT_SECONDS) return record;
  const trouble = workload.pods.find((pod) => pod.trouble !== null)?.trouble ?? 'no worker became ready';
  const reason = {
    outcome: 'failed',
    code: 'FF-NO-WORKERS',
    message: `no worker for ${NO_WORKER_LIMIT_SECONDS / 60} minutes: ${trouble}`,
    remedy: 'resume later, or ask for other machines',
  } as const;
  return beginEnding(record, reason, nowMs);
}
