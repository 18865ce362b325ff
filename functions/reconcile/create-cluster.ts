/**
 * Pure: where the next cluster of an attempt is made, and when to give up. It begins with the system machine alone;
 * those of the workers are plan-pools.ts's. Reads nothing of the cloud.
 */
import { mostWorkerNodes, systemPool } from '../job/machines.ts';
import { clusterName } from '../job/names.ts';
import type { RecordWithCluster, RecordWithSpec } from '../job/known-record.ts';
import type { PassSettings } from '../job/settings.ts';
import { endsByMs } from './plan-budget.ts';
import { beginEnding, iso, move, stay, type Step } from './step.ts';

/** Against creating for ever: four locations, twice. */
const MAX_CLUSTERS_PER_ATTEMPT = 8;

/** Asks for a cluster in the first location that has not refused; ends the attempt when all have. */
export function createCluster(record: RecordWithSpec, nowMs: number, settings: PassSettings): Step {
  const { spec } = record;
  const exhausted = record.cluster?.exhausted ?? [];
  const candidates = spec.machines.zones.length > 0 ? spec.machines.zones : settings.locations;
  const location = candidates.find((zone) => !exhausted.includes(zone));
  if (location === undefined || record.clustersMade >= MAX_CLUSTERS_PER_ATTEMPT)
    return giveUp(record, exhausted, nowMs);
  const name = clusterName(record.job, record.attempt);
  const cluster = {
    name,
    location,
    exhausted,
    createRequestedAt: iso(nowMs),
    runningAt: null,
    deleteRequestedAt: null,
    goneAt: null,
  };
  const created: RecordWithCluster = {
    ...record,
    cluster,
    fleet: { workers: 0, nodes: 0, code: 'canary', text: 'one machine for Redis, driver and canary' },
    clustersMade: record.clustersMade + 1,
    spending: { ...record.spending, asOf: iso(nowMs) },
  };
  return {
    record: move(created, 'creating', nowMs, `creating cluster ${name} in ${location} with one machine`),
    actions: [requestCluster(created)],
  };
}

function giveUp(record: RecordWithSpec, exhausted: string[], nowMs: number): Step {
  const said = record.decisions.findLast(({ code }) => code === 'location-refused');
  const last = said === undefined ? '' : `; ${said.text}`;
  const tried = `tried ${exhausted.join(', ') || 'none'}; ${record.clustersMade} clusters made${last}`;
  const reason = {
    outcome: 'failed',
    code: 'FF-CLUSTER-STOCKOUT',
    message: `no location could give the machines (${tried})`,
    remedy: 'resume later, or name other machines.zones or machines.types',
  } as const;
  return stay(beginEnding({ ...record, cluster: null }, reason, nowMs));
}

/** The request for the cluster that the record names. */
export function requestCluster(record: RecordWithCluster): Step['actions'][number] {
  const { name, location } = record.cluster;
  return {
    do: 'create-cluster',
    name,
    location,
    system: systemPool(),
    endsByMs: endsByMs(record),
    mostMachines: 1 + mostWorkerNodes(record.spec),
  };
}
