/** Pure: is the folder complete and sound, may a cluster be made, where, and is it there yet. */
import type { ClusterView } from '../ports/clusters.ts';
import { fleetForPrice, systemPool, workerPool, workersPerMachine } from '../job/machines.ts';
import { clusterName } from '../job/names.ts';
import type { JobProblem, JobRecord } from '../job/job-record.ts';
import type { JobSpec } from '../job-file/job-spec.ts';
import type { PassSettings } from '../job/settings.ts';
import type { Observation, UploadView } from '../job/observation.ts';
import { smallestRunUsd } from '../job/prices.ts';
import { beginEnding, decide, iso, move, secondsSince, stay, type Step } from './step.ts';

/** How long a job waits for files that its job file names, or for a corrected job file. */
const WAIT_FOR_FILES_SECONDS = 30 * 60;
/** GKE gives up on its own after about this long. Creation takes 3 to 9 minutes (local-cloud/compute/README.md, "Delays"). */
const CREATE_ALARM_SECONDS = 30 * 60;
/** Against creating for ever: four locations, with Spot machines and then with on-demand ones. */
const MAX_CLUSTERS_PER_ATTEMPT = 8;

export function planWaiting(record: JobRecord, seen: Observation, settings: PassSettings): Step {
  const { upload } = seen;
  if (upload.jobFile === null) return planWithoutJobFile(record, seen);
  if (upload.parsed === null) return stay(record);
  const { spec } = upload.parsed;
  const known: JobRecord = { ...record, jobFile: upload.jobFile, files: upload.files, spec };
  const missing = spec === null ? [] : missingFiles(spec, upload);
  const problems = [
    ...upload.parsed.problems,
    ...(upload.scriptProblem ? [upload.scriptProblem] : []),
    ...(spec === null ? [] : problemsOfLimits(spec)),
  ];
  if (problems.length > 0 || missing.length > 0) return waitForUser(known, seen.nowMs, problems, missing);
  if (seen.room !== null && seen.room.clusters >= seen.room.maximum) {
    const waitingFor = `a free place: ${seen.room.clusters} clusters run, the installation allows ${seen.room.maximum}`;
    return stay({ ...known, problems: [], waitingFor });
  }
  return create({ ...known, problems: [] }, seen.nowMs, settings);
}

function planWithoutJobFile(record: JobRecord, seen: Observation): Step {
  if (record.jobFile === null && record.attempt === 1) return stay(record);
  const ending = {
    outcome: 'cancelled',
    code: 'FF-JOB-FILE-DELETED',
    message: 'the job file was deleted before the job began',
    remedy: 'upload it again',
  } as const;
  return stay(beginEnding(record, ending, seen.nowMs), [{ do: 'unmark-live' }]);
}

function waitForUser(record: JobRecord, nowMs: number, problems: readonly JobProblem[], missing: string[]): Step {
  const waitingFor =
    problems.length > 0
      ? 'a corrected job folder'
      : `${missing.join(', ')} (named in ${record.jobFile?.name ?? 'the job file'}, not uploaded yet)`;
  const waiting: JobRecord = { ...record, problems: [...problems], waitingFor };
  const [first] = problems;
  if (first === undefined && secondsSince(record.phaseSince, nowMs) < WAIT_FOR_FILES_SECONDS) return stay(waiting);
  const ending = {
    outcome: 'failed',
    code: first?.code ?? 'FF-FILES-MISSING',
    message: first
      ? `${first.path === '' ? '' : `${first.path}: `}${first.message}`
      : `gave up waiting for ${missing.join(', ')} after ${WAIT_FOR_FILES_SECONDS / 60} minutes`,
    remedy: first?.remedy ?? 'upload the missing files: the job then starts by itself',
  } as const;
  return stay(beginEnding(waiting, ending, nowMs), [{ do: 'unmark-live' }]);
}

/** Names of the job file that the folder does not hold. Objects of other buckets are not looked for here. */
function missingFiles(spec: JobSpec, upload: UploadView): string[] {
  const have = new Set(upload.files.map((file) => file.name));
  const named = [spec.script, ...spec.data.map((data) => data.object).filter((object) => !object.startsWith('gs://'))];
  return [...new Set(named)].filter((name) => !have.has(name));
}

function problemsOfLimits(spec: JobSpec): JobProblem[] {
  const problems: JobProblem[] = [];
  const pool = workerPool(spec);
  const smallest = smallestRunUsd(fleetForPrice(spec, workerNodesOfCanary(spec)));
  if (spec.limits.usd < smallest)
    problems.push({
      code: 'FF-LIMIT-TOO-LOW',
      path: 'limits.usd',
      message: `${spec.limits.usd} USD is below the price of the smallest run, about ${smallest.toFixed(3)} USD`,
      remedy: `set limits.usd to at least ${(Math.ceil(smallest * 100) / 100).toFixed(2)}`,
    });
  if (workersPerMachine(pool.machineType, spec.worker) === 0)
    problems.push({
      code: 'FF-WORKER-TOO-LARGE',
      path: 'worker',
      message: `a worker of ${spec.worker.cpu} CPU and ${(spec.worker.memoryBytes / 1024 ** 3).toFixed(1)} GiB does not fit on one ${pool.machineType}`,
      remedy: 'ask for less, or name a larger machine in machines.types',
    });
  if (spec.cluster === 'existing')
    problems.push({
      code: 'FF-CLUSTER-EXISTING',
      path: 'cluster',
      message: 'running on an existing cluster is not available in this version',
      remedy: 'leave the key out: a cluster is made for the job and deleted after it',
    });
  return problems;
}

/** The canary's machines include the one for Redis and the driver. */
export function workerNodesOfCanary(spec: JobSpec): number {
  return Math.max(1, spec.canary.machines - 1);
}

function create(record: JobRecord, nowMs: number, settings: PassSettings): Step {
  const spec = record.spec;
  if (spec === null) return stay(record);
  const exhausted = record.cluster?.exhausted ?? [];
  const candidates = spec.machines.zones.length > 0 ? spec.machines.zones : settings.locations;
  const location = candidates.find((zone) => !exhausted.includes(zone));
  if (location === undefined && spec.machines.spot === 'prefer' && !record.onDemand)
    return createOnDemand(record, nowMs, settings);
  if (location === undefined || record.clustersMade >= MAX_CLUSTERS_PER_ATTEMPT)
    return stay(
      beginEnding(
        { ...record, cluster: null },
        {
          outcome: 'failed',
          code: 'FF-CLUSTER-STOCKOUT',
          message: `no location could give the machines (tried ${exhausted.join(', ') || 'none'}; ${record.clustersMade} clusters made)`,
          remedy: 'resume later, or name other machines.zones or machines.types',
        },
        nowMs,
      ),
      [{ do: 'unmark-live' }],
    );
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
  const fleet = { workers: 0, nodes, code: 'canary', text: `${nodes + 1} machines for the canary` };
  const created: JobRecord = {
    ...record,
    cluster,
    fleet,
    clustersMade: record.clustersMade + 1,
    spending: { ...record.spending, asOf: iso(nowMs) },
  };
  return {
    record: move(created, 'creating', nowMs, `creating cluster ${name} in ${location} with ${nodes + 1} machines`),
    actions: [{ do: 'mark-live' }, createAction(created, spec)],
  };
}

/** No location had Spot machines: the same locations again, with machines that cost more and are not taken away. The money limit still holds. */
function createOnDemand(record: JobRecord, nowMs: number, settings: PassSettings): Step {
  const text = 'no location has Spot machines: trying on-demand ones';
  const cluster = record.cluster && { ...record.cluster, exhausted: [] };
  return create(
    decide({ ...record, onDemand: true, cluster }, nowMs, 'spot fallback', 'on-demand', text),
    nowMs,
    settings,
  );
}

function createAction(record: JobRecord, spec: JobSpec): Step['actions'][number] {
  const { name, location } = record.cluster!;
  return {
    do: 'create-cluster',
    name,
    location,
    system: systemPool(),
    workers: { ...workerPool(spec, record.onDemand), nodes: workerNodesOfCanary(spec) },
  };
}

export function planCreating(record: JobRecord, seen: Observation, settings: PassSettings): Step {
  const { cluster: view, nowMs } = seen;
  if (record.cluster === null || record.spec === null) return create(record, nowMs, settings);
  if (record.cluster.goneAt !== null) return create(record, nowMs, settings);
  if (view === 'unknown')
    return stay(
      decide(
        record,
        nowMs,
        'wait',
        'cluster-unknown',
        'the state of the cluster cannot be read; nothing is concluded from that',
      ),
    );
  if (view === null)
    return stay(
      decide(record, nowMs, 'create-cluster', 'cluster-absent', 'the cluster is not there (yet): asking again'),
      [createAction(record, record.spec)],
    );
  return planSeenCluster(record, view, nowMs);
}

function planSeenCluster(record: JobRecord, view: ClusterView, nowMs: number): Step {
  if (!view.ours) return stay(beginEnding({ ...record, cluster: null }, foreign(view), nowMs), [{ do: 'unmark-live' }]);
  if (view.state === 'error' || view.stockout) return giveBack(record, view, nowMs);
  if (view.state === 'running' || view.state === 'reconciling') {
    const cluster = { ...record.cluster!, runningAt: record.cluster!.runningAt ?? iso(nowMs) };
    const running = move(
      { ...record, cluster },
      'starting',
      nowMs,
      `cluster ${view.name} runs; starting Redis, driver and workers`,
    );
    return stay(running, [{ do: 'apply-workload', workers: firstWorkers(record.spec!) }]);
  }
  const seconds = secondsSince(record.cluster!.createRequestedAt, nowMs);
  const late = seconds > CREATE_ALARM_SECONDS;
  const waitingFor = `cluster ${view.name} in ${view.location} (${view.state} for ${Math.round(seconds)} s${late ? ', unusually long' : ''})`;
  return stay({ ...record, waitingFor });
}

/** Workers that fill the canary's machines. */
export function firstWorkers(spec: JobSpec): number {
  const perMachine = Math.max(1, workersPerMachine(workerPool(spec).machineType, spec.worker));
  return Math.min(spec.worker.max, perMachine * workerNodesOfCanary(spec));
}

function giveBack(record: JobRecord, view: ClusterView, nowMs: number): Step {
  const cluster = {
    ...record.cluster!,
    exhausted: [...record.cluster!.exhausted, view.location],
    deleteRequestedAt: iso(nowMs),
  };
  const text = `cluster ${view.name} could not be made in ${view.location}: ${view.message}; deleting it and trying elsewhere`;
  return stay(move({ ...record, cluster }, 'deleting', nowMs, text), [
    { do: 'delete-cluster', name: view.name, location: view.location },
  ]);
}

function foreign(view: ClusterView): Parameters<typeof beginEnding>[1] {
  return {
    outcome: 'failed',
    code: 'FF-CLUSTER-FOREIGN',
    message: `a cluster named ${view.name} exists in ${view.location} but does not carry this installation's labels; it was not touched`,
    remedy: 'rename the job, or remove that cluster if it is yours',
  };
}
