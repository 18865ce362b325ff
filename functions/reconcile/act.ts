/**
 * One action -> port calls. Does exactly what the plan says, in its order; re-checks just before deleting. What fails
 * holds back only what relies on it. Reports what changed in the record.
 */
import type { Action } from '../job/action.ts';
import type { JobRecord } from '../job/job-record.ts';
import { flavourText } from '../job/flavours.ts';
import { withCluster, withSpec } from '../job/known-record.ts';
import { largeWorkerBytes } from '../job/large-workers.ts';
import { paths } from '../job/names.ts';
import { withRefusal } from '../job/shortage.ts';
import { type Failure, isHeldBack } from '../job/trouble.ts';
import type { Observation } from '../job/observation.ts';
import type { PassSettings } from '../job/settings.ts';
import { messageOf, PortError } from '../ports/port-error.ts';
import type { ClusterView, PoolRequest } from '../ports/clusters.ts';
import type { Ports } from '../ports/ports.ts';
import { log } from '../log.ts';
import { backUp } from './back-up.ts';
import { isFenced, mustStillStand } from './fence.ts';
import { makeInputs } from './make-inputs.ts';
import type { Connections } from './observe.ts';
import { endsByMs } from './plan-budget.ts';
import { takePlace } from './place-list.ts';
import { signUrls } from './sign-urls.ts';
import { noteDecision } from './step.ts';

export interface Acted {
  record: JobRecord;
  /** What went wrong; what relies on it was left for a later pass. */
  failures: (Failure & { error: PortError })[];
}

/** Redis is given this long for moving results in one pass; the rest is for the next. */
const BACK_UP_MS = 60_000;
/** Grace for a worker's last task. A pod on a Spot machine has what that leaves it, whatever it asks for. */
const GRACE_SECONDS = 30;

/**
 * Does the actions one after the other. A failure is kept in the answer, and holds back only what relies on the
 * action.
 */
export async function act(actions: readonly Action[], doing: Doing): Promise<Acted> {
  let { record } = doing;
  const failures: Acted['failures'] = [];
  const undone: Action['do'][] = [];
  for (const action of actions) {
    if (isHeldBack(action, undone)) {
      undone.push(action.do);
      continue;
    }
    try {
      const done = await perform({ ...doing, record }, action);
      record = done.record;
      if (done.error !== null) throw done.error;
      if (done.wait) undone.push(action.do);
    } catch (thrown) {
      const error = asPortError(thrown);
      log('WARNING', `doing ${action.do}: ${error.message}`, { job: record.job, code: error.code });
      const refused = REFUSALS.has(error.code) ? refuse(record, action, error, doing.ports.clock.nowMs()) : null;
      if (refused !== null) {
        record = refused;
        continue;
      }
      failures.push({ action: action.do, error });
      undone.push(action.do);
      if (error.code === 'FF-PASS-OVERTAKEN') break;
    }
  }
  return { record, failures };
}

function asPortError(thrown: unknown): PortError {
  if (thrown instanceof PortError) return thrown;
  return new PortError('FF-UNEXPECTED', messageOf(thrown), { retry: true, cause: thrown });
}

/** A location that says one of these will say it again: trying elsewhere is better than repeating. */
const REFUSALS: ReadonlySet<string> = new Set(['FF-CLUSTER-QUOTA', 'FF-CLUSTER-STOCKOUT', 'FF-CLUSTER-REFUSED']);

/**
 * Nothing was made, so nothing is to be deleted; the next pass tries the next location, or the next kind of machine.
 */
function refuse(record: JobRecord, action: Action, error: PortError, nowMs: number): JobRecord | null {
  if (action.do === 'create-cluster') return refuseLocation(record, action.location, error, nowMs);
  if (action.do !== 'create-pool' && action.do !== 'resize-pool') return null;
  const refusals = withRefusal(record.refusals, action.flavour, error.message, nowMs);
  const text = `${flavourText(action.flavour)}: ${error.message}`;
  return noteDecision({ ...record, refusals }, nowMs, 'no machines', 'machines-refused', text);
}

function refuseLocation(record: JobRecord, location: string, error: PortError, nowMs: number): JobRecord {
  const cluster = record.cluster && { ...record.cluster, exhausted: [...record.cluster.exhausted, location] };
  const refused = { ...record, cluster, clustersMade: Math.max(0, record.clustersMade - 1) };
  return noteDecision(refused, nowMs, 'create-cluster', 'location-refused', `${location}: ${error.message}`);
}

/** What an action is done with. */
export interface Doing {
  ports: Ports;
  seen: Observation;
  connections: Connections;
  record: JobRecord;
  settings: PassSettings;
  /** Of the record with the intent that is acted on. */
  intentGeneration: string;
}

interface Done {
  record: JobRecord;
  /** What relies on this action must not be done in this pass. */
  wait: boolean;
  /** What a part of the action failed with; the record says what was done all the same. */
  error: unknown;
}

async function perform(doing: Doing, action: Action): Promise<Done> {
  if (isFenced(action)) await mustStillStand(doing.ports.buckets.state, doing.record.job, doing.intentGeneration);
  if (action.do === 'back-up') return save(doing);
  await change(doing, action);
  return { record: doing.record, wait: false, error: null };
}

async function change(doing: Doing, action: Exclude<Action, { do: 'back-up' }>): Promise<void> {
  const { ports, connections, record } = doing;
  const { queue } = connections;
  switch (action.do) {
    case 'take-place':
      return takePlace(ports.buckets.state, { ...record, ...action }, ports.clock.nowMs());
    case 'sign-urls':
      if (queue) await signUrls(ports.buckets, queue, record, action.objects, ports.clock.nowMs());
      return;
    case 'explain-deaths':
      return queue?.explainDeaths(action.deaths);
    case 'apply-workload':
      return applyWorkload(doing, action.workers);
    case 'scale-workers':
      return scaleWorkers(doing, action);
    case 'set-gate':
      return queue?.setGate(action.tasks);
    case 'renew-lease':
      return queue?.renewLease();
    case 'stop-driver':
      return queue?.stop(action.reason);
    case 'create-cluster':
    case 'create-pool':
    case 'resize-pool':
    case 'delete-nodes':
    case 'release-nodes':
    case 'delete-cluster':
    case 'delete-leftovers':
      return changeCluster(doing, action);
    case 'remove-control':
      return ports.buckets.uploads.remove(paths.control(record.job, action.kind), { ifGeneration: action.generation });
  }
}

/** Scaling in names only who is idle now: a worker may have begun something since the plan was made. */
async function scaleWorkers(
  { ports, seen, connections: { queue, workload } }: Doing,
  { from, replicas, idlePods, evenBusy, large }: Extract<Action, { do: 'scale-workers' }>,
): Promise<void> {
  if (evenBusy || idlePods.length === 0) return workload?.scaleWorkers(from, replicas, idlePods, large);
  const before = seen.progress === 'unknown' ? null : seen.progress;
  const { workers } = (await queue?.view(ports.clock.nowMs(), before)) ?? { workers: [] };
  const busy = new Set(workers.filter((worker) => worker.state === 'busy').map((worker) => worker.pod));
  const idle = idlePods.filter((pod) => !busy.has(pod));
  if (idle.length > 0) await workload?.scaleWorkers(from, replicas + idlePods.length - idle.length, idle, large);
}

/** When Redis holds more than could be moved, what follows (a deletion, perhaps) waits for the next pass. */
async function save({ ports, connections: { queue }, record }: Doing): Promise<Done> {
  if (queue === null) throw new PortError('FF-QUEUE-UNREACHABLE', 'results cannot be read from Redis', { retry: true });
  const until = ports.clock.nowMs() + BACK_UP_MS;
  const saved = await backUp(ports.buckets.results, queue, record, until, () => ports.clock.nowMs());
  const { more, failure, ...kept } = saved;
  return { record: { ...record, ...kept }, wait: more, error: failure };
}

async function applyWorkload({ ports, seen, connections, record, settings }: Doing, workers: number): Promise<void> {
  const { cluster } = seen;
  if (cluster === null || cluster === 'unknown') return;
  const { spec } = withSpec(record);
  const workload = connections.workload ?? (await ports.workloads.connect(cluster));
  await workload.apply({
    job: record.job,
    attempt: record.attempt,
    workers,
    worker: { cpu: spec.worker.cpu, memoryBytes: spec.worker.memoryBytes },
    largeMemoryBytes: largeWorkerBytes(spec),
    graceSeconds: spec.machines.spot === 'never' ? GRACE_SECONDS : cluster.spotGraceSeconds,
    image: spec.image ?? settings.workerImage,
    redisImage: settings.redisImage,
    env: { ...spec.env },
    inputs: await makeInputs(ports.buckets, record),
  });
}

type ClusterAction = Extract<
  Action,
  {
    do:
      | 'create-cluster'
      | 'create-pool'
      | 'resize-pool'
      | 'delete-nodes'
      | 'release-nodes'
      | 'delete-cluster'
      | 'delete-leftovers';
  }
>;

async function changeCluster(doing: Doing, action: ClusterAction): Promise<void> {
  const { ports, seen, record } = doing;
  const { cluster } = seen;
  const present = cluster !== null && cluster !== 'unknown' ? cluster : null;
  switch (action.do) {
    case 'create-cluster':
      await ports.clusters.create({
        name: action.name,
        location: action.location,
        job: record.job,
        system: action.system,
        externalIps: record.spec?.machines.externalIps ?? false,
        endsByMs: action.endsByMs,
        mostMachines: action.mostMachines,
      });
      return;
    case 'create-pool':
      if (present) await ports.clusters.createPool(present, poolRequest(record, action));
      return;
    case 'resize-pool':
      if (present) await resizePool(ports, present, action);
      return;
    case 'delete-nodes':
      if (present) await ports.clusters.deleteNodes(present, action.nodes);
      return;
    case 'release-nodes':
      if (present) await ports.clusters.releaseNodes(present, action.except);
      return;
    case 'delete-cluster':
      return deleteCluster(doing, action);
    case 'delete-leftovers':
      return deleteLeftovers(ports, action.cluster);
  }
}

function poolRequest(record: JobRecord, action: Extract<Action, { do: 'create-pool' }>): PoolRequest {
  const { name, nodes, diskGb, flavour } = action;
  const { machineType, spot, zone } = flavour;
  const machines = { machineType, spot, diskGb };
  return { name, job: record.job, machines, zone, nodes, endsByMs: endsByMs(withCluster(record)) };
}

/** Looks once more: what was meant as growth must not shrink a pool that has become larger since. */
async function resizePool(
  ports: Ports,
  { name: cluster, location }: ClusterView,
  { name, nodes }: Extract<Action, { do: 'resize-pool' }>,
): Promise<void> {
  const found = await ports.clusters.get(cluster, location);
  const pool = found?.pools.find((one) => one.name === name);
  if (found && pool && pool.nodes < nodes) await ports.clusters.resizePool(found, name, nodes);
}

/**
 * Looks once more: a cluster that is not ours is never deleted, whatever the plan was made from. A task may have ended
 * since the results were saved.
 */
async function deleteCluster(
  { ports, connections: { queue } }: Doing,
  { name, location, evenUnsaved }: Extract<Action, { do: 'delete-cluster' }>,
): Promise<void> {
  const found = await ports.clusters.get(name, location);
  if (found === null || found.state === 'stopping') return;
  if (!found.ours)
    throw new PortError('FF-CLUSTER-FOREIGN', `cluster ${name} is not ours and was not deleted`, { retry: false });
  const late = evenUnsaved ? undefined : await queue?.outbox(1, 1);
  if (late !== undefined && late.items.length + late.refused.length > 0)
    throw new PortError('FF-WORKLOAD-CHANGED', 'results have come since they were saved', { retry: true });
  await ports.clusters.delete(name, location);
}

/** All of them are asked for, whatever one of them answers. */
async function deleteLeftovers(ports: Ports, cluster: string): Promise<void> {
  const refused: unknown[] = [];
  for (const leftover of await ports.clusters.leftovers(cluster))
    await ports.clusters.removeLeftover(leftover).catch((error: unknown) => refused.push(error));
  if (refused.length > 0) throw refused[0];
}
