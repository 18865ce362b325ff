/** Pure: the canary's verdict, then workers and machines for the work that is left. Never takes a worker that is busy. */
import type { Action } from '../job/action.ts';
import { workerPool, workersPerMachine } from '../job/machines.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Observation } from '../job/observation.ts';
import { machineShape } from '../job/prices.ts';
import { secondsOfWorkLeft, type Progress } from '../job/progress.ts';
import type { WorkloadView } from '../ports/workloads.ts';
import { renewInputs, whenClusterIsLost } from './plan-workload.ts';
import { sizeFleet, type FleetSize } from './size-fleet.ts';
import { beginEnding, decide, move, secondsSince, stay, type Step } from './step.ts';

/** A driver without a worker waits for ever: doRedis' loop has no limit. After this long without a ready worker and without progress we give up. */
const NO_WORKER_LIMIT_SECONDS = 30 * 60;
/**
 * The boot time is taken from this job's own cluster: its creation took about three boots of a machine. Published timings say
 * 5 minutes against 105 s (local-cloud/compute/README.md, "Delays", names them).
 */
const CLUSTER_PER_MACHINE_BOOT = 3;
const MAX_BOOT_SECONDS = 240;
/** Below this, an idle worker may just be between two tasks. */
const LEAST_IDLE_SECONDS = 2;

/** What every phase with a running driver does: save results, stay alive, notice the end. Undefined: nothing of that ended the phase. */
function tend(record: JobRecord, seen: Observation): { record: JobRecord; actions: Action[]; ended: boolean } {
  const lost = whenClusterIsLost(record, seen);
  if (lost) return { ...lost, ended: true };
  const { workload, progress, nowMs } = seen;
  if (workload === null || workload === 'unknown')
    return {
      record: decide(
        record,
        nowMs,
        'wait',
        'workload-unknown',
        'the Kubernetes API cannot be read; nothing is concluded from that',
      ),
      actions: [],
      ended: true,
    };
  const ended = whenDriverEnds(record, workload, progress === 'unknown' ? null : progress, nowMs);
  if (ended) return { ...releaseAll(ended, workload, nowMs), ended: true };
  if (!workload.applied)
    return { record, actions: [{ do: 'apply-workload', workers: Math.max(1, record.fleet.workers) }], ended: true };
  if (progress === null || progress === 'unknown')
    return {
      record: decide(
        record,
        nowMs,
        'wait',
        'queue-unknown',
        'Redis cannot be read: that is an alarm, not an empty queue; nothing is scaled',
      ),
      actions: [],
      ended: true,
    };
  return {
    record,
    actions: [{ do: 'renew-lease' }, { do: 'back-up' }, ...addressesIfAsked(seen), ...renewInputs(workload, nowMs)],
    ended: false,
  };
}

/** No more work will come: idle machines need not wait for the cluster's own deletion, which takes minutes. */
function releaseAll(record: JobRecord, workload: WorkloadView, nowMs: number): Step {
  const replicas = record.ending?.outcome === 'failed' && (record.spec?.debugHoldSeconds ?? 0) > 0 ? 1 : 0;
  if (workload.workersWanted <= replicas) return stay(record, [{ do: 'back-up' }]);
  const text = `${workload.workersWanted} -> ${replicas} workers: the script has ended`;
  const idlePods = workload.pods.filter((pod) => pod.role === 'worker').map((pod) => pod.name);
  const actions: Action[] = [
    { do: 'back-up' },
    { do: 'scale-workers', replicas, idlePods: replicas === 0 ? [] : idlePods.slice(replicas) },
  ];
  return stay(decide(record, nowMs, 'shrink', 'no-work', text), actions);
}

function addressesIfAsked({ wanted }: Observation): Action[] {
  return wanted.length > 0 ? [{ do: 'give-addresses', wanted }] : [];
}

function whenDriverEnds(
  record: JobRecord,
  workload: WorkloadView,
  progress: Progress | null,
  nowMs: number,
): JobRecord | undefined {
  const state = progress?.driver.state;
  if (workload.driver === 'succeeded' && state !== 'stopped' && state !== 'failed')
    return beginEnding(
      record,
      { outcome: 'succeeded', code: 'done', message: 'the script ended without an error', remedy: null },
      nowMs,
    );
  if (workload.driver !== 'failed') return undefined;
  const message = progress?.driver.message || workload.driverMessage || 'the driver failed';
  const { code, remedy } = FAILURES[progress?.driver.reason ?? ''] ?? SCRIPT_FAILED;
  return beginEnding(record, { outcome: 'failed', code, message, remedy }, nowMs);
}

const SCRIPT_FAILED = {
  code: 'FF-SCRIPT-FAILED',
  remedy: 'correct the script or its data, upload it again and resume: what is done is kept',
};
/** What the driver gives as its reason. */
const FAILURES: Readonly<Record<string, typeof SCRIPT_FAILED>> = {
  'error-limit': {
    code: 'FF-TOO-MANY-ERRORS',
    remedy:
      'correct the script or its data, upload it again and resume: what is done is kept. If so many errors are to be expected, raise tasks.errors in the job file, or switch it off with errors: null',
  },
};

export function planCanary(record: JobRecord, seen: Observation): Step {
  const tended = tend(record, seen);
  if (tended.ended) return tended;
  const progress = seen.progress as Progress;
  const spec = record.spec!;
  const wanted = Math.min(spec.canary.tasks, progress.total ?? spec.canary.tasks);
  const tried = progress.done + progress.failed;
  if (tried < wanted || tried === 0) {
    const waitingFor = `the canary: ${tried} of ${wanted} tasks on ${record.fleet.nodes + 1} machines`;
    return giveUpWithoutWorkers({ ...tended.record, waitingFor }, seen, tended.actions);
  }
  if (progress.done === 0)
    return stay(beginEnding(tended.record, canaryFailed(progress, record), seen.nowMs), tended.actions);
  if (spec.canary.approval === 'manual' && !record.approved) {
    const waiting = move(
      tended.record,
      'approval',
      seen.nowMs,
      `the canary passed (${progress.done} tasks); waiting for approval to grow`,
    );
    return stay(
      { ...waiting, waitingFor: 'approval (foreach-fleet approve, or upload control/approve.json)' },
      tended.actions,
    );
  }
  const text = `the canary passed: ${progress.done} done, ${progress.failed} failed, ${(progress.meanSeconds ?? 0).toFixed(2)} s each`;
  const running = move(tended.record, 'running', seen.nowMs, text);
  const grown = resize(running, seen);
  return { record: grown.record, actions: [...tended.actions, { do: 'open-gate' }, ...grown.actions] };
}

function canaryFailed(progress: Progress, record: JobRecord): Parameters<typeof beginEnding>[1] {
  const example = record.recentErrors.at(-1)?.message ?? '';
  return {
    outcome: 'failed',
    code: 'FF-CANARY-FAILED',
    message: `all ${progress.failed} canary tasks failed${example === '' ? '' : `: ${example}`}`,
    remedy: 'see foreach-fleet errors; nothing was grown, so little was spent',
  };
}

export function planRunning(record: JobRecord, seen: Observation): Step {
  const tended = tend(record, seen);
  if (tended.ended) return tended;
  const sized = resize(tended.record, seen);
  return giveUpWithoutWorkers(sized.record, seen, [...tended.actions, ...sized.actions]);
}

function giveUpWithoutWorkers(record: JobRecord, seen: Observation, actions: Action[]): Step {
  const workload = seen.workload as WorkloadView;
  const ready = workload.pods.some((pod) => pod.role === 'worker' && pod.ready);
  if (ready || record.stalledSince === null || secondsSince(record.stalledSince, seen.nowMs) < NO_WORKER_LIMIT_SECONDS)
    return stay(record, actions);
  const trouble = workload.pods.find((pod) => pod.trouble !== null)?.trouble ?? 'no worker became ready';
  const ending = {
    outcome: 'failed',
    code: 'FF-NO-WORKERS',
    message: `no worker for ${NO_WORKER_LIMIT_SECONDS / 60} minutes: ${trouble}`,
    remedy: 'resume later, or ask for other machines',
  } as const;
  return stay(beginEnding(record, ending, seen.nowMs), actions);
}

/**
 * Grows at once; shrinks by workers that have been idle for a boot time, then by machines that no worker is on. Waiting just as long as it
 * would take to get the worker back never costs more than twice the best that could be done with foresight (the ski-rental argument).
 */
function resize(record: JobRecord, seen: Observation): Step {
  const workload = seen.workload as WorkloadView;
  const size = sizeFleet(demandOf(record, seen));
  const atLeast: FleetSize = { ...size, workers: Math.max(1, size.workers) };
  if (atLeast.workers > workload.workersWanted || atLeast.nodes > poolNodes(seen)) return grow(record, seen, atLeast);
  return shrink(record, seen, atLeast);
}

function demandOf(record: JobRecord, seen: Observation): Parameters<typeof sizeFleet>[0] {
  const spec = record.spec!;
  const progress = seen.progress as Progress;
  const pool = workerPool(spec);
  const machineVcpu = machineShape(pool.machineType)?.vcpu ?? 4;
  return {
    waiting: progress.waiting,
    running: progress.running,
    secondsOfWork: secondsOfWorkLeft(progress),
    workersPerMachine: Math.max(1, workersPerMachine(pool.machineType, spec.worker)),
    bootSeconds: bootSeconds(record),
    currentWorkers: (seen.workload as WorkloadView).workersWanted,
    currentNodes: poolNodes(seen),
    maxWorkers: spec.worker.max,
    machineVcpu,
    cpuRoom: seen.cpuRoom === null ? null : Math.max(0, seen.cpuRoom - machineVcpu * machinesOnTheirWay(seen)),
  };
}

/** Asked for but not there yet: quota counts a machine only once it has been granted. */
function machinesOnTheirWay(seen: Observation): number {
  const there = (seen.workload as WorkloadView).nodes.filter((node) => node.ready).length;
  return Math.max(0, poolNodes(seen) - there);
}

function bootSeconds(record: JobRecord): number {
  const { createRequestedAt, runningAt } = record.cluster!;
  if (runningAt === null) return MAX_BOOT_SECONDS;
  return Math.min(
    MAX_BOOT_SECONDS,
    Math.max(1, (Date.parse(runningAt) - Date.parse(createRequestedAt)) / 1000 / CLUSTER_PER_MACHINE_BOOT),
  );
}

function poolNodes(seen: Observation): number {
  return typeof seen.cluster === 'object'
    ? (seen.cluster?.pools.find((pool) => pool.name === 'workers')?.nodes ?? 0)
    : 0;
}

function grow(record: JobRecord, seen: Observation, size: FleetSize): Step {
  const workload = seen.workload as WorkloadView;
  const nodes = Math.max(size.nodes, poolNodes(seen));
  const workers = Math.max(size.workers, workload.workersWanted);
  const actions: Action[] = [];
  if (nodes > poolNodes(seen)) actions.push({ do: 'resize-workers-pool', nodes });
  if (workers > workload.workersWanted) actions.push({ do: 'scale-workers', replicas: workers, idlePods: [] });
  const fleet = { workers, nodes, code: size.code, text: size.text };
  const text = `${workload.workersWanted} -> ${workers} workers, ${poolNodes(seen)} -> ${nodes} worker machines: ${size.text}`;
  return stay({ ...decide(record, seen.nowMs, 'grow', size.code, text), fleet, waitingFor: null }, actions);
}

function shrink(record: JobRecord, seen: Observation, size: FleetSize): Step {
  const workload = seen.workload as WorkloadView;
  const patience = Math.max(bootSeconds(record), LEAST_IDLE_SECONDS);
  const idle = seen.workers
    .filter((worker) => worker.state === 'idle' && seen.nowMs / 1000 - worker.sinceSeconds > patience)
    .map((worker) => worker.pod);
  const surplus = Math.min(idle.length, workload.workersWanted - size.workers);
  const empty = emptyNodes(workload).slice(0, Math.max(0, poolNodes(seen) - size.nodes));
  const fleet = {
    workers: workload.workersWanted - Math.max(0, surplus),
    nodes: poolNodes(seen) - empty.length,
    code: size.code,
    text: size.text,
  };
  const actions: Action[] = [];
  if (surplus > 0)
    actions.push({
      do: 'scale-workers',
      replicas: workload.workersWanted - surplus,
      idlePods: wholeMachinesFirst(idle, workload).slice(0, surplus),
    });
  if (empty.length > 0) actions.push({ do: 'delete-nodes', nodes: empty });
  const kept: JobRecord = { ...record, fleet, waitingFor: null };
  if (actions.length === 0)
    return stay(decide(kept, seen.nowMs, 'keep', size.code, `${workload.workersWanted} workers: ${size.text}`));
  const text = `${surplus > 0 ? `${surplus} idle workers go` : 'no worker goes'}${empty.length > 0 ? `, ${empty.length} empty machines go` : ''}: ${size.text}`;
  return stay(decide(kept, seen.nowMs, 'shrink', size.code, text), actions);
}

/** Worker machines that carry no worker pod and are not about to: a pending pod may be on its way to any of them. */
function emptyNodes(workload: WorkloadView): string[] {
  const pods = workload.pods.filter((pod) => pod.role === 'worker' && !pod.ended);
  if (pods.some((pod) => pod.node === null)) return [];
  const used = new Set(pods.map((pod) => pod.node));
  return workload.nodes.filter((node) => node.ready && !used.has(node.name)).map((node) => node.name);
}

/** Idle pods, those first whose machine has the fewest other workers: so that whole machines become empty. */
function wholeMachinesFirst(idle: string[], workload: WorkloadView): string[] {
  const isIdle = new Set(idle);
  const nodeOf = new Map(workload.pods.map((pod) => [pod.name, pod.node ?? '']));
  const stayingOn = new Map<string, number>();
  for (const pod of workload.pods)
    if (pod.role === 'worker' && !isIdle.has(pod.name))
      stayingOn.set(pod.node ?? '', (stayingOn.get(pod.node ?? '') ?? 0) + 1);
  const ranked = idle.map((pod) => ({
    pod,
    node: nodeOf.get(pod) ?? '',
    others: stayingOn.get(nodeOf.get(pod) ?? '') ?? 0,
  }));
  return ranked
    .toSorted((a, b) => a.others - b.others || (a.node < b.node ? -1 : a.node > b.node ? 1 : 0))
    .map(({ pod }) => pod);
}
