/**
 * Pure: which pool of workers is made or grown, so that so many machines are there. One pool for each kind of machine,
 * made once at the size that is wanted. What the cloud refuses is taken back, and the next kind is asked for, in the
 * same cluster.
 */
import type { Action } from '../job/action.ts';
import { type Flavour, flavoursOf, flavourText, poolName } from '../job/flavours.ts';
import type { RecordWithCluster } from '../job/known-record.ts';
import type { Observation } from '../job/observation.ts';
import type { PassSettings } from '../job/settings.ts';
import { nextFlavour, shortageText, withRefusal } from '../job/shortage.ts';
import { workerPools } from '../job/worker-nodes.ts';
import { noteDecision, noteWaiting } from './step.ts';

type Known = Pick<RecordWithCluster, 'spec' | 'cluster'>;

/** The kinds of machine that the workers of this job may have, the preferred one first. */
export function flavoursOfJob({ spec, cluster }: Known, { locations }: PassSettings): [Flavour, ...Flavour[]] {
  return flavoursOf(spec, cluster.location, spec.machines.zones.length > 0 ? spec.machines.zones : locations);
}

/** The kind to ask for now; null: all of them are refused. */
export function flavourNow(record: RecordWithCluster, settings: PassSettings, nowMs: number): Flavour | null {
  return nextFlavour(flavoursOfJob(record, settings), record.refusals, nowMs);
}

/**
 * What the cloud says that it has not: the record knows it from now on, and nobody hopes for those machines. A pool
 * that failed, or that the cloud still works at although nothing is wanted of it, is none to ask either.
 */
export function noteShortages(
  record: RecordWithCluster,
  { cluster, nowMs }: Pick<Observation, 'cluster' | 'nowMs'>,
): { record: RecordWithCluster; actions: Action[] } {
  const short = workerPools(cluster).filter(
    ({ refused, state, nodes }) => refused.length > 0 || state === 'error' || (state !== 'running' && nodes === 0),
  );
  const noted = short.reduce((known, pool) => {
    const text = pool.shortage ?? `the pool is in state ${pool.state}`;
    const refusals = withRefusal(known.refusals, pool, text, nowMs);
    return noteDecision(
      { ...known, refusals },
      nowMs,
      'no machines',
      'machines-refused',
      `${flavourText(pool)}: ${text}`,
    );
  }, record);
  const nodes = short.flatMap(({ refused }) => refused);
  return { record: noted, actions: nodes.length > 0 ? [{ do: 'delete-nodes', nodes }] : [] };
}

/** So many machines more, of the kind that is to be had; none where all are refused, or the cluster is not seen. */
export function addNodes(record: RecordWithCluster, seen: Observation, settings: PassSettings, more: number): Action[] {
  const flavour = flavourNow(record, settings, seen.nowMs);
  if (flavour === null || more <= 0 || seen.cluster === null || seen.cluster === 'unknown') return [];
  const name = poolName(flavour);
  const pool = seen.cluster.pools.find((one) => one.name === name);
  if (pool === undefined) {
    const { diskGb } = record.spec.machines;
    return [{ do: 'create-pool', name, flavour, diskGb, nodes: more }];
  }
  // While the cloud works on a pool it takes no other size.
  return pool.state === 'running' ? [{ do: 'resize-pool', name, flavour, nodes: pool.nodes + more }] : [];
}

/** Says what is not to be had, where machines are missing because of that. */
export function waitForMachines(record: RecordWithCluster, settings: PassSettings, nowMs: number): RecordWithCluster {
  const text = shortageText(flavoursOfJob(record, settings), record.refusals, nowMs);
  return text === null ? record : noteWaiting(record, nowMs, 'machines', text);
}
