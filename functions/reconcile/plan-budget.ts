/** Pure: what the job has cost over all its attempts, what it will cost, and when that is too much. */
import { DELETE_SECONDS, WIND_DOWN_SECONDS } from '../job/forecast.ts';
import { fleetForPrice } from '../job/machines.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { RecordWithCluster, RecordWithSpec } from '../job/known-record.ts';
import type { Observation } from '../job/observation.ts';
import { fleetUsdPerHour } from '../job/prices.ts';
import type { PassSettings } from '../job/settings.ts';
import { workerPools } from '../job/worker-nodes.ts';
import { flavoursOfJob } from './plan-pools.ts';
import { beginEnding, type EndingReason, iso, secondsSince } from './step.ts';

/**
 * Adds the time since the last pass at the dearer of the fleet that was seen then and the fleet that is seen now: an
 * over-estimate, on purpose. It follows what the cloud says exists: what was requested and refused costs nothing.
 * Where the cloud cannot be asked, the request counts.
 */
export function meter(record: JobRecord, seen: Observation, settings: PassSettings): JobRecord {
  const { spec, cluster } = record;
  if (cluster === null || cluster.goneAt !== null || spec === null) return record;
  const pools =
    seen.cluster === 'unknown' ? askedFor({ ...record, spec, cluster }, settings) : workerPools(seen.cluster);
  const machines = pools.reduce((sum, { nodes }) => sum + nodes, 0);
  const usdPerHour = seen.cluster === null ? 0 : fleetUsdPerHour(fleetForPrice(spec, pools));
  const seconds = Math.max(0, secondsSince(record.spending.asOf, seen.nowMs));
  const rate = Math.max(usdPerHour, record.spending.usdPerHour);
  const existed = rate > 0 ? seconds : 0;
  const spending = {
    usd: record.spending.usd + (rate * seconds) / 3600,
    machineSeconds: record.spending.machineSeconds + (machines + 1) * existed,
    clusterSeconds: (record.spending.clusterSeconds ?? 0) + existed,
    usdPerHour,
    asOf: iso(seen.nowMs),
  };
  return { ...record, spending };
}

/**
 * As if all that was requested had come: of the first kind where that was never refused, else of the dearest that may
 * have been asked for.
 */
function askedFor(record: RecordWithCluster, settings: PassSettings): PricedPool[] {
  const { spec, fleet, refusals } = record;
  const kinds = flavoursOfJob(record, settings).slice(0, refusals.length === 0 ? 1 : undefined);
  const pools = kinds.map((kind) => ({ ...kind, nodes: fleet.nodes }));
  const usdPerHour = (pool: PricedPool): number => fleetUsdPerHour(fleetForPrice(spec, [pool]));
  return pools.toSorted((a, b) => usdPerHour(b) - usdPerHour(a)).slice(0, 1);
}

type PricedPool = Parameters<typeof fleetForPrice>[1][number];

/**
 * Ends the attempt when the job's money or its time is up. Results so far are kept and a resume with a higher limit
 * goes on from them.
 */
export function enforceLimits(record: JobRecord, nowMs: number): JobRecord {
  const { spec } = record;
  if (spec === null || record.cluster === null || record.ending !== null) return record;
  const reason = limitReached({ ...record, spec });
  return reason === null ? record : beginEnding(record, reason, nowMs);
}

function limitReached(record: RecordWithSpec): EndingReason | null {
  const { spending } = record;
  const { limits } = record.spec;
  const worst = spending.usd + (spending.usdPerHour * WIND_DOWN_SECONDS) / 3600;
  if (worst + outageUsd(record) >= limits.usd) {
    const spent = `spent about ${spending.usd.toFixed(4)} USD, and winding down costs something too`;
    return {
      outcome: 'stopped',
      code: 'FF-LIMIT-USD',
      message: `the money limit of ${limits.usd} USD is reached (${spent})`,
      remedy: 'raise limits.usd in the job file and resume: what is done is kept',
    };
  }
  if ((spending.clusterSeconds ?? 0) < limits.timeSeconds) return null;
  return {
    outcome: 'stopped',
    code: 'FF-LIMIT-TIME',
    message: `the time limit of ${limits.timeSeconds} s is reached`,
    remedy: 'raise limits.time in the job file and resume: what is done is kept',
  };
}

/** So long a bucket, Redis or Kubernetes may not answer just when the money ends, and no result is lost. */
const OUTAGE_SECONDS = 600;
/** A small limit is for work as well. */
const MOST_FOR_OUTAGE = 1 / 4;

/** Kept back for results that cannot be saved at once: a cluster without workers that waits. */
function outageUsd({ spec }: RecordWithSpec): number {
  const usdPerHour = fleetUsdPerHour(fleetForPrice(spec, []));
  return Math.min((usdPerHour * OUTAGE_SECONDS) / 3600, spec.limits.usd * MOST_FOR_OUTAGE);
}

/**
 * Whether an attempt that is being ended may cost any more. From here on, deleting the cluster takes the rest of the
 * job's money, or its time has been over for so long that nothing more can be expected.
 */
export function isSpent({ spec: { limits }, spending }: RecordWithSpec): boolean {
  const last = spending.usd + (spending.usdPerHour * DELETE_SECONDS) / 3600;
  return last >= limits.usd || (spending.clusterSeconds ?? 0) >= limits.timeSeconds + OVERTIME_SECONDS;
}

/** After the time limit: to finish what runs, to save it, and to wait for a bucket that does not answer. */
const OVERTIME_SECONDS = 3600;

/**
 * The latest time at which the limits have ended the job's cluster: when its time is over, or when a cluster without
 * any worker would have used its money. Passes end it earlier; this is for a sweep that cannot read the record.
 */
export function endsByMs({ spec, spending, cluster }: RecordWithCluster): number {
  const { limits } = spec;
  const usdPerHour = fleetUsdPerHour(fleetForPrice(spec, []));
  const bySeconds = limits.timeSeconds + OVERTIME_SECONDS - (spending.clusterSeconds ?? 0);
  const byMoneySeconds = ((limits.usd - spending.usd) / usdPerHour) * 3600;
  return Date.parse(cluster.createRequestedAt) + Math.max(0, Math.min(bySeconds, byMoneySeconds)) * 1000;
}

/** Booting and winding down may take this share of the money that is left; the rest is for work. */
const SHARE_WITHOUT_WORK = 1 / 3;

/**
 * Machines of workers that the job's money allows, those that are there (`pools`) and as many of one kind. The whole
 * fleet must be able to boot, to be looked at by one tick, and to be wound down, an outage included. The worst
 * overshoot is what the clouds' own deletion takes longer than DELETE_SECONDS, at the price of the fleet.
 */
export function affordableNodes(
  record: RecordWithSpec,
  pools: readonly PricedPool[],
  flavour: Pick<PricedPool, 'machineType' | 'spot'>,
  bootSeconds: number,
): number {
  const { spec, spending } = record;
  const usdPerHour = (some: readonly PricedPool[]): number => fleetUsdPerHour(fleetForPrice(spec, some));
  const fixed = usdPerHour([]);
  const one = usdPerHour([{ ...flavour, nodes: 1 }]) - fixed;
  const hours = (bootSeconds + TICK_SECONDS + WIND_DOWN_SECONDS) / 3600;
  const left = spec.limits.usd - outageUsd(record) - spending.usd - fixed * hours;
  const forMore = left * SHARE_WITHOUT_WORK - (usdPerHour(pools) - fixed) * hours;
  const there = pools.reduce((sum, { nodes }) => sum + nodes, 0);
  return Math.max(0, there + Math.floor(forMore / (one * hours) + 1e-9));
}

const TICK_SECONDS = 60;
