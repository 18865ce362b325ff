/**
 * Pure: work that no worker comes for. It is told at once, with what the cluster says about it, and ends the attempt
 * after a while. A driver without a worker would wait for ever, because doRedis' loop has no limit.
 */
import type { JobRecord } from '../job/job-record.ts';
import { isLargeWorker } from '../job/large-workers.ts';
import { waitCodeOfTrouble, WAIT_REASONS } from '../job/waiting.ts';
import { beginEnding, secondsSince, noteWaiting } from './step.ts';
import type { SeenWorking } from './tend-workload.ts';

/** After this long without a ready worker and without progress the attempt ends. */
const NO_WORKER_LIMIT_SECONDS = WAIT_REASONS['pods-start'].limitSeconds;

/** The record, ended when work has waited for half an hour without a worker that takes it. */
export function endWithoutWorkers(record: JobRecord, seen: SeenWorking): JobRecord {
  if (!lacksWorkers(seen)) return record;
  const { nowMs } = seen;
  // Where the cloud has no machines, that is why.
  const lacking = record.waiting?.code === 'machines' ? record.waitingFor : null;
  const trouble = troubleOfWorkers(seen);
  const isOver = record.stalledSince !== null && secondsSince(record.stalledSince, nowMs) >= NO_WORKER_LIMIT_SECONDS;
  if (!isOver && lacking !== null) return record;
  const who = trouble === null ? 'workers to become ready' : `workers: ${trouble}`;
  if (!isOver) return noteWaiting(record, nowMs, waitCodeOfTrouble(trouble), who);
  const reason = {
    outcome: 'failed',
    code: 'FF-NO-WORKERS',
    message: `no worker for ${NO_WORKER_LIMIT_SECONDS / 60} minutes: ${lacking ?? trouble ?? 'no worker became ready'}`,
    remedy: 'resume later, or ask for other machines',
  } as const;
  return beginEnding(record, reason, nowMs);
}

function lacksWorkers({ workload, progress, largeWaiting }: SeenWorking): boolean {
  // The other workers do not take what needs more memory.
  const onlyLarge = largeWaiting > 0 && progress.waiting <= largeWaiting && progress.running === 0;
  const isReady = workload.pods.some(
    (pod) => pod.role === 'worker' && pod.ready && (!onlyLarge || isLargeWorker(pod.name)),
  );
  return !isReady && progress.waiting + progress.running > 0;
}

function troubleOfWorkers({ workload: { pods } }: SeenWorking): string | null {
  return pods.find((pod) => pod.role === 'worker' && pod.trouble !== null)?.trouble ?? null;
}
