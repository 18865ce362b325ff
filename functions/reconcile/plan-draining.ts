/** Pure: are the results safe, and may the cluster go. */
import type { Action } from '../job/action.ts';
import type { EndingRecord } from '../job/known-record.ts';
import type { Observation } from '../job/observation.ts';
import type { Progress } from '../job/progress.ts';
import { workerNodes } from '../job/worker-nodes.ts';
import type { PodView, WorkloadView } from '../ports/workloads.ts';
import { isSpent } from './plan-budget.ts';
import { planGoneCluster } from './plan-gone-cluster.ts';
import { removeCluster } from './remove-cluster.ts';
import { withoutResults } from './without-results.ts';
import { noteDecision, secondsSince, stay, type Step, noteWaiting } from './step.ts';

/**
 * How long running tasks may take to finish when the attempt is being ended early; at most this, else twice the
 * mean.
 */
const DRAIN_MAX_SECONDS = 600;
const DRAIN_LEAST_SECONDS = 30;
/** Journalled results whose Redis cannot be read: how long to go on trying before the machines are given up. */
const UNSAFE_LIMIT_SECONDS = 30 * 60;
/** Saving takes seconds where nothing is wrong. */
const SHRINK_AFTER_SECONDS = 60;

/** The rule of phase draining: what runs may finish, all is saved, then the cluster is deleted. */
export function planDraining(record: EndingRecord, seen: Observation): Step {
  const { nowMs, cluster, workload, progress } = seen;
  if (cluster === null) return planGoneCluster(record, seen);
  if (cluster === 'unknown') {
    const text = 'the state of the cluster cannot be read';
    return stay(noteDecision(record, nowMs, 'wait', 'cluster-unknown', text));
  }
  if (hasNeverRun(record, seen)) return removeCluster(record, nowMs, 'nothing was ever started in it');
  if (workload === null || workload === 'unknown' || progress === 'unknown' || progress === null)
    return drainUnread(record, seen);
  return planSaving(record, seen, workload, progress);
}

/**
 * Only what shows that no script can have run counts: a cluster that this job has never seen running, or Kubernetes
 * saying that nothing was applied. The state alone does not: it may be an old answer, and a cluster in trouble may
 * hold results.
 */
function hasNeverRun({ cluster: { runningAt }, progress, ledger }: EndingRecord, { workload }: Observation): boolean {
  if (progress !== null || ledger.results > 0) return false;
  if (workload !== null && workload !== 'unknown') return !workload.applied && workload.driver === 'absent';
  return runningAt === null;
}

/**
 * Running work first, then the bucket, then (after a failure) a look around for the user, then deletion; all of it
 * within the limits.
 */
function planSaving(record: EndingRecord, seen: Observation, workload: WorkloadView, progress: Progress): Step {
  const ageSeconds = secondsSince(record.ending.since, seen.nowMs);
  const driverEnded = workload.driver === 'succeeded' || workload.driver === 'failed';
  const actions = drainActions(record, driverEnded);
  const mayWait = !isSpent(record);
  const waitingFor = driverEnded ? null : runningWork(record, progress, ageSeconds);
  if (mayWait && waitingFor !== null)
    return stay(noteWaiting(record, seen.nowMs, 'running-tasks', waitingFor), actions);
  if (progress.notBackedUp > 0) return saveRest(record, seen, workload, progress.notBackedUp, actions);
  const holdSeconds = record.ending.outcome === 'failed' ? record.spec.debugHoldSeconds - ageSeconds : 0;
  if (mayWait && holdSeconds > 0) return holdForDebugging(record, seen, workload, holdSeconds, actions);
  const unlessLate = mayWait ? undefined : 'even-unsaved';
  return removeCluster(record, seen.nowMs, 'everything journalled is in the bucket', actions, unlessLate);
}

/**
 * The bucket does not take everything yet. The machines of the workers go meanwhile; the rest waits as long as
 * money and time last.
 */
function saveRest(
  record: EndingRecord,
  seen: Observation,
  workload: WorkloadView,
  unsaved: number,
  actions: Action[],
): Step {
  const what = `${unsaved} results and reports`;
  if (!isSpent(record)) {
    const waiting = noteWaiting(record, seen.nowMs, 'results', `${what} to be written to the bucket`);
    return shrinkTo(0, waiting, seen, workload, actions);
  }
  // One try more, where nothing says that the bucket refuses them.
  if (record.trouble?.action !== 'back-up')
    return removeCluster(record, seen.nowMs, 'the limits are used up', [{ do: 'back-up' }], 'even-unsaved');
  return removeCluster(withoutResults(record, unsaved), seen.nowMs, 'the limits are used up', [], 'even-unsaved');
}

/**
 * So long as nothing runs that needs them. In the first moments the cluster may be about to be deleted, which a
 * resize would only delay.
 */
function shrinkTo(
  count: 0 | 1,
  record: EndingRecord,
  seen: Observation,
  workload: WorkloadView,
  actions: Action[],
): Step {
  if (secondsSince(record.ending.since, seen.nowMs) < SHRINK_AFTER_SECONDS) return stay(record, actions);
  const workers = workload.pods.filter(({ role, ended }) => role === 'worker' && !ended);
  // One beside Redis and driver has its machine for nothing.
  const isOnSystem = ({ node }: PodView): boolean => !workload.nodes.some(({ name }) => name === node);
  const keeper =
    workers.find((pod) => pod.node !== null && isOnSystem(pod)) ?? workers.find(({ node }) => node !== null);
  const kept = count === 1 && keeper !== undefined && !isOnSystem(keeper) ? keeper.node : null;
  // Before the back-up: its failure must not keep machines that nothing runs on. After the request to stop: nothing
  // that still counts is interrupted.
  const shrinking: Action[] = [];
  const others = workers.filter((pod) => pod !== keeper).map(({ name }) => name);
  if (workload.workersWanted > count)
    shrinking.push({
      do: 'scale-workers',
      from: workload.workersWanted,
      replicas: count,
      idlePods: count === 1 ? others : workers.map(({ name }) => name),
      evenBusy: true,
    });
  const nodes = kept === null ? 0 : 1;
  const isPlaced = count === 0 || keeper !== undefined;
  if (isPlaced && workerNodes(seen.cluster) > nodes) shrinking.push({ do: 'release-nodes', except: kept });
  const fleet = { ...record.fleet, workers: count, nodes };
  const [stop, saving] = [actions.filter(isStop), actions.filter((action) => !isStop(action))];
  return stay({ ...record, fleet }, [...stop, ...shrinking, ...saving]);
}

function isStop(action: Action): boolean {
  return action.do === 'stop-driver';
}

/** The request to stop first: a bucket that does not answer must not keep the script running. */
function drainActions({ ending }: EndingRecord, driverEnded: boolean): Action[] {
  const stop: Action = { do: 'stop-driver', reason: ending.code };
  const saving: Action[] = [{ do: 'renew-lease' }, { do: 'back-up' }];
  return driverEnded || ending.outcome === 'succeeded' ? saving : [stop, ...saving];
}

/**
 * What is still worth waiting for while the driver winds down; null when nothing is, or it has taken too long. A
 * cancel waits for nothing.
 */
function runningWork({ ending }: EndingRecord, progress: Progress, ageSeconds: number): string | null {
  if (ending.outcome === 'cancelled') return null;
  const patience = Math.min(DRAIN_MAX_SECONDS, DRAIN_LEAST_SECONDS + 2 * (progress.meanSeconds ?? 0));
  if (progress.running > 0 && ageSeconds < patience)
    return `${progress.running} running iterations to finish (${Math.round(patience - ageSeconds)} s at most)`;
  return ageSeconds < DRAIN_LEAST_SECONDS ? 'the driver to save its files' : null;
}

/**
 * Redis or Kubernetes cannot be read: results may be in there, so try for a while; not for ever, because the
 * machines cost money.
 */
function drainUnread(record: EndingRecord, { nowMs }: Observation): Step {
  const { ending } = record;
  // Since it was read last, not since the end began: saving may have taken long.
  const waiting = noteWaiting(record, nowMs, 'redis', 'Redis to be readable again');
  const unreadSeconds = secondsSince(waiting.waiting?.since ?? ending.since, nowMs);
  if (unreadSeconds < UNSAFE_LIMIT_SECONDS && !isSpent(record)) {
    const text = 'Redis cannot be read: results may still be in it, so the cluster stays for now';
    return stay(noteDecision(waiting, nowMs, 'wait', 'queue-unknown', text), [{ do: 'back-up' }]);
  }
  if (wereSaved(record)) return removeCluster(record, nowMs, 'all was saved before', [], 'even-unsaved');
  const message =
    `${ending.message}; Redis could not be read any more, ` +
    'results not yet in the bucket are lost and will be computed again on resume';
  const unsafe = { ...ending, outcome: 'failed', code: 'FF-RESULTS-UNREAD', message } as const;
  return removeCluster({ ...record, ending: unsafe }, nowMs, 'gave up reading Redis', [], 'even-unsaved');
}

/** The deletion was decided when all was saved, and nothing says that the pass which decided it did not do so. */
function wereSaved({ phase, trouble, acting }: EndingRecord): boolean {
  return phase === 'deleting' && trouble?.action !== 'back-up' && !acting;
}

/** debugHold: one worker stays, so that the user can look around, as long as money and time last. */
function holdForDebugging(
  record: EndingRecord,
  seen: Observation,
  workload: WorkloadView,
  seconds: number,
  actions: Action[],
): Step {
  const fleet = { ...record.fleet, workers: 1, code: 'debug-hold', text: 'held for debugging' };
  const held = noteWaiting({ ...record, fleet }, seen.nowMs, 'debug-hold', `debugHold: ${Math.round(seconds)} s more`);
  return shrinkTo(1, held, seen, workload, actions);
}
