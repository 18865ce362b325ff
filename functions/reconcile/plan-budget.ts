/** Pure: what the attempt has cost, what it will cost, and when that is too much. */
import { WIND_DOWN_SECONDS } from '../job/forecast.ts';
import { fleetForPrice } from '../job/machines.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Observation } from '../job/observation.ts';
import { fleetUsdPerHour } from '../job/prices.ts';
import { workerNodes } from '../job/worker-nodes.ts';
import { beginEnding, iso, secondsSince } from './step.ts';

/**
 * Adds the time since the last pass at the dearer of the fleet that was asked for and the fleet that is seen: an over-estimate, on purpose.
 * The clock starts with the request to create the cluster and ends when the cloud says NotFound.
 */
export function meter(record: JobRecord, seen: Observation): JobRecord {
  if (record.cluster === null || record.cluster.goneAt !== null || record.spec === null) return record;
  const machines = Math.max(workerNodes(seen.cluster), record.fleet.nodes);
  const usdPerHour = fleetUsdPerHour(fleetForPrice(record.spec, machines, record.onDemand));
  const seconds = Math.max(0, secondsSince(record.spending.asOf, seen.nowMs));
  const rate = Math.max(usdPerHour, record.spending.usdPerHour);
  const spending = {
    usd: record.spending.usd + (rate * seconds) / 3600,
    machineSeconds: record.spending.machineSeconds + (machines + 1) * seconds,
    usdPerHour,
    asOf: iso(seen.nowMs),
  };
  return { ...record, spending };
}

/** Ends the attempt when its money or its time is up. Results so far are kept and a resume goes on from them. */
export function enforceLimits(record: JobRecord, nowMs: number): JobRecord {
  if (record.spec === null || record.cluster === null || record.ending !== null) return record;
  const { usd, timeSeconds } = record.spec.limits;
  const worst = record.spending.usd + (record.spending.usdPerHour * WIND_DOWN_SECONDS) / 3600;
  if (worst >= usd)
    return beginEnding(
      record,
      {
        outcome: 'stopped',
        code: 'FF-LIMIT-USD',
        message: `the money limit of ${usd} USD is reached (spent about ${record.spending.usd.toFixed(4)} USD, and winding down costs something too)`,
        remedy: 'raise limits.usd in the job file and resume: what is done is kept',
      },
      nowMs,
    );
  if (secondsSince(record.attemptStartedAt, nowMs) >= timeSeconds)
    return beginEnding(
      record,
      {
        outcome: 'stopped',
        code: 'FF-LIMIT-TIME',
        message: `the time limit of ${timeSeconds} s is reached`,
        remedy: 'raise limits.time in the job file and resume: what is done is kept',
      },
      nowMs,
    );
  return record;
}
