/**
 * Pure: where the next cluster of an attempt is made, with which machines, and when
 * to give up. Reads nothing of the cloud.
 */
import { mostWorkerNodes, systemPool, workerPool } from '../job/machines.ts';
import { clusterName } from '../job/names.ts';
import type { RecordWithCluster, RecordWithSpec } from '../job/known-record.ts';
import type { PassSettings } from '../job/settings.ts';
import { endsByMs } from './plan-budget.ts';
import { workerNodesOfCanary } from './size-canary.ts';
import { beginEnding, iso, move, noteDecision, stay, type Step } from './step.ts';

/** Against creating for ever: four locations, with Spot machines and then with on-demand ones. */
const MAX_CLUSTERS_PER_ATTEMPT = 8;

/** Asks for a cluster in the first location that has not refused; ends the attempt when all have. */
export function createCluster(record: RecordWithSpec, nowMs: number, settings: PassSettings): Step {
  const { spec } = record;
  const exhausted = record.cluster?.exhausted ?? [];
  const candidates = spec.machines.zones.length > 0 ? spec.machines.zones : settings.locations;
  const location = candidates.find((zone) => !exhausted.includes(zone));
  if (location === undefined && spec.machines.spot === 'prefer' && !record.onDemand)
    return createOnDemand(record, nowMs, settings);
  if (location === undefined || record.clustersMade >= MAX_CLUSTERS_PER_ATTEMPT)
    return giveUp(record, exhausted, nowMs);
  const name = clusterName(record.job, record.attempt);
  const nodes = workerNodesOfCanary(spec);
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
    fleet: { workers: 0, nodes, code: 'canary', text: `${nodes + 1} machines for the canary` },
    clustersMade: record.clustersMade + 1,
    spending: { ...record.spending, asOf: iso(nowMs) },
  };
  return {
    record: move(created, 'creating', nowMs, `creating cluster ${name} in ${location} with ${nodes + 1} machines`),
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

/**
 * No location had Spot machines: the same locations again, with machines that cost more and are not
 * taken away. The money limit still holds.
 */
function createOnDemand(record: RecordWithSpec, nowMs: number, settings: PassSettings): Step {
  const text = 'no location has Spot machines: trying on-demand ones';
  const cluster = record.cluster && { ...record.cluster, exhausted: [] };
  const onDemand = noteDecision({ ...record, onDemand: true, cluster }, nowMs, 'spot fallback', 'on-demand', text);
  return createCluster(onDemand, nowMs, settings);
}

/** The request for the cluster that the record names. */
export function requestCluster(record: RecordWithCluster): Step['actions'][number] {
  const { name, location } = record.cluster;
  return {
    do: 'create-cluster',
    name,
    location,
    system: systemPool(),
    workers: { ...workerPool(record.spec, record.onDemand), nodes: workerNodesOfCanary(record.spec) },
    endsByMs: endsByMs(record),
    mostMachines: 1 + mostWorkerNodes(record.spec),
  };
}
