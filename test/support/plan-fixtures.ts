/**
 * Sound values for the tables of the rules: a record in each phase, what a pass sees, each with overrides; and a step
 * cut down to what a row states. Nothing here runs a pass (job-world.ts does).
 *
 * The job is called demo. Its cluster took 300 s to come, so a machine's boot counts as 100 s; three workers fit on a
 * machine. Three iterations run, three wait, each takes 100 s: the fleet of three workers is just right.
 */
import assert from 'node:assert/strict';
import type { Action } from '../../functions/job/action.ts';
import { digestOfFolder } from '../../functions/job/folder-digest.ts';
import { emptyLedger, type Ending, type JobRecord, newRecord } from '../../functions/job/job-record.ts';
import { type RecordWithCluster, withCluster } from '../../functions/job/known-record.ts';
import type { Observation } from '../../functions/job/observation.ts';
import { isTerminal, type Outcome, type Phase } from '../../functions/job/phase.ts';
import type { Progress } from '../../functions/job/progress.ts';
import type { JobSpec } from '../../functions/job-file/job-spec.ts';
import { parseJobFile } from '../../functions/job-file/parse-job-file.ts';
import type { ClusterView, PoolView } from '../../functions/ports/clusters.ts';
import type { PodView, WorkloadView } from '../../functions/ports/workloads.ts';
import type { Step } from '../../functions/reconcile/step.ts';
import type { SeenWorking } from '../../functions/reconcile/tend-workload.ts';

export const NOW_MS = Date.parse('2026-11-23T12:00:00Z');

/** ISO time of a moment so many seconds ago. */
export const ago = (seconds: number): string => new Date(NOW_MS - seconds * 1000).toISOString();

/** The job file's further lines, as YAML. */
export function specOf(lines = ''): JobSpec {
  const parsed = parseJobFile(Buffer.from(`script: run.R\n${lines}`), 'job.yaml');
  assert.ok('spec' in parsed, JSON.stringify(parsed));
  return parsed.spec;
}

export const jobFile = { name: 'job.yaml', generation: '1', md5: 'job-file-1' };
const script = { name: 'run.R', generation: '2', bytes: 10, md5: 'script-1' };

export const endingOf = (outcome: Outcome, part: Partial<Ending> = {}): Ending => ({
  outcome,
  code: outcome === 'succeeded' ? 'done' : 'FF-USER-CANCEL',
  message: outcome,
  remedy: null,
  since: ago(10),
  ...part,
});

/** Half an hour in its phase at most, money and time left. */
export function recordIn(phase: Phase, part: Partial<JobRecord> = {}): JobRecord {
  const waiting: JobRecord = { ...newRecord('demo', ago(60)), phase };
  if (phase === 'waiting') return { ...waiting, ...part };
  const mayEnd = phase === 'draining' ? endingOf('succeeded') : null;
  return {
    ...waiting,
    jobFile,
    files: [script],
    filesDigest: digestOfFolder([script]),
    spec: specOf(),
    cluster: {
      name: 'ff-demo-1',
      location: 'zone-a',
      exhausted: [],
      createRequestedAt: ago(600),
      runningAt: phase === 'creating' ? null : ago(300),
      deleteRequestedAt: phase === 'deleting' ? ago(30) : null,
      goneAt: isTerminal(phase) ? ago(60) : null,
    },
    clustersMade: 1,
    fleet: { workers: 3, nodes: 1, code: 'work', text: 'as the work deserves' },
    ending: isTerminal(phase) ? endingOf(phase) : mayEnd,
    endedAt: isTerminal(phase) ? ago(60) : null,
    spending: { usd: 0.1, machineSeconds: 600, clusterSeconds: 300, usdPerHour: 0.2, asOf: ago(60) },
    ledger: emptyLedger(),
    ...part,
  };
}

/** As `recordIn`, of a job whose cluster was asked for. */
export const recordWithCluster = (phase: Phase, part: Partial<JobRecord> = {}): RecordWithCluster =>
  withCluster(recordIn(phase, part));

/** The pool of the kind that is asked for first. */
export const poolView = (part: Partial<PoolView> = {}): PoolView => ({
  name: 'ws-a-e2-standard-4',
  nodes: 1,
  machineType: 'e2-standard-4',
  spot: true,
  zone: 'zone-a',
  state: 'running',
  instanceGroups: [],
  refused: [],
  shortage: null,
  ...part,
});

export const clusterView = (part: Partial<ClusterView> = {}, nodes = 1): ClusterView => ({
  name: 'ff-demo-1',
  location: 'zone-a',
  state: 'running',
  message: '',
  ours: true,
  labels: {},
  createdMs: NOW_MS - 600_000,
  pools: [poolView({ nodes })],
  endpoint: '',
  caPem: '',
  stockout: false,
  mayBeMadeAgain: false,
  spotGraceSeconds: 15,
  ...part,
});

export const pod = (name: string, part: Partial<PodView> = {}): PodView => ({
  name,
  role: 'worker',
  ready: true,
  ended: false,
  node: 'node-1',
  trouble: null,
  ...part,
});

export const workloadView = (part: Partial<WorkloadView> = {}): WorkloadView => ({
  applied: true,
  attempt: 1,
  driver: 'running',
  driverMessage: '',
  workersWanted: 3,
  largeWanted: 0,
  pods: [
    pod('redis', { role: 'redis', node: 'system' }),
    pod('driver', { role: 'driver', node: 'system' }),
    ...['w1', 'w2', 'w3'].map((name) => pod(name)),
  ],
  nodes: [{ name: 'node-1', ready: true }],
  redis: { host: '127.0.0.1', password: '' },
  inputsSignedMs: NOW_MS - 60_000,
  ...part,
});

export const progressOf = (part: Partial<Progress> = {}): Progress => ({
  driver: { state: 'running', message: '', startedSeconds: 0, beatSeconds: NOW_MS / 1000 },
  loops: [],
  waiting: 3,
  running: 3,
  done: 10,
  failed: 0,
  reused: 0,
  total: 16,
  workersBusy: 3,
  workersIdle: 0,
  notBackedUp: 0,
  meanSeconds: 100,
  ...part,
});

/** A complete folder, a cluster that runs, a driver and three workers at work. */
export const observation = (part: Partial<Observation> = {}): Observation => ({
  nowMs: NOW_MS,
  upload: uploadOf(),
  cluster: clusterView(),
  leftovers: [],
  workload: workloadView(),
  progress: progressOf(),
  workers: [],
  gate: { tasks: 'open', begun: 13 },
  urlRequests: [],
  largeWaiting: 0,
  storedBytes: null,
  deaths: [],
  podEnds: {},
  freeVcpus: null,
  places: { held: true, taken: 0, maximum: 3, beside: [] },
  ...part,
});

export function uploadOf(part: Partial<Observation['upload']> = {}): Observation['upload'] {
  const parsed = { spec: specOf(), problems: [] };
  const files = part.files ?? [script];
  const filesDigest = digestOfFolder(files);
  return {
    jobFile,
    files,
    filesDigest,
    controls: {},
    parsed,
    scriptProblem: null,
    missingObjects: [],
    newestMs: NOW_MS,
    ...part,
  };
}

/** As `observation`, for rules that run only while Kubernetes and Redis can be read. */
export const seenWorking = (part: Partial<SeenWorking> = {}): SeenWorking => ({
  ...observation(),
  workload: workloadView(),
  progress: progressOf(),
  ...part,
});

/** What a row of a table states. What it leaves out is not compared. */
export interface Expected {
  phase?: Phase;
  /** `what: code` of each decision that was added, oldest first. */
  decisions?: string[];
  actions?: Action[];
  waitingFor?: RegExp | null;
  /** `outcome: code`. */
  ending?: string | null;
}

/** Compares a step with a row; `before` is the record that the rule was given. */
export function expectStep(before: JobRecord, step: Step, expected: Expected): void {
  const { record } = step;
  const added = record.decisions.filter((decision) => !before.decisions.includes(decision));
  const facts = {
    phase: record.phase,
    decisions: added.map(({ what, code }) => `${what}: ${code}`),
    actions: step.actions,
    ending: record.ending === null ? null : `${record.ending.outcome}: ${record.ending.code}`,
  };
  const { waitingFor, ...rest } = expected;
  for (const key of Object.keys(rest) as (keyof typeof facts)[]) assert.deepEqual(facts[key], expected[key], key);
  if (waitingFor instanceof RegExp) assert.match(record.waitingFor ?? '', waitingFor);
  else if (waitingFor === null) assert.equal(record.waitingFor, null);
}

/** The moves that a step has made, as `from > to`: each one leaves a notice. */
export function movesOf(before: JobRecord, step: Step): string[] {
  const phases = [before.phase, ...step.record.notices.slice(before.notices.length).map((notice) => notice.event)];
  return phases.slice(1).map((to, index) => `${phases[index]} > ${to}`);
}
