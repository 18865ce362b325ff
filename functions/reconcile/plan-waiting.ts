/**
 * Pure: is the folder complete and sound, and is there a place for the job? Objects
 * of other buckets are not looked for here.
 */
import { assert } from '../job/assert.ts';
import { flavoursOf } from '../job/flavours.ts';
import { fleetForPrice, leastDiskGb, workerMachineTypes, workersOnSystem, workersPerMachine } from '../job/machines.ts';
import type { JobRecord, Spending } from '../job/job-record.ts';
import type { RecordWithSpec } from '../job/known-record.ts';
import { findFolderSizeProblem, findMissingFiles } from '../job-file/check-folder.ts';
import type { JobSpec } from '../job-file/job-spec.ts';
import type { Problem } from '../job-file/problem.ts';
import type { PassSettings } from '../job/settings.ts';
import type { Observation } from '../job/observation.ts';
import { smallestRunUsd } from '../job/prices.ts';
import { createCluster } from './create-cluster.ts';
import { beginEnding, endWithProblem, secondsSince, stay, type Step, noteWaiting } from './step.ts';

/** How long a job waits for files that its job file names. */
const WAIT_FOR_FILES_SECONDS = 30 * 60;

/** The rule of phase waiting: until the folder is complete, sound, and its data are there. */
export function planWaiting(record: JobRecord, seen: Observation, settings: PassSettings): Step {
  const { upload, nowMs } = seen;
  if (upload.jobFile === null) return planWithoutJobFile(record, seen);
  if (upload.parsed === null) return stay(record);
  const { spec } = upload.parsed;
  const tooLarge = findFolderSizeProblem(upload.files);
  const read: JobRecord = {
    ...record,
    jobFile: upload.jobFile,
    files: tooLarge === null ? upload.files : [],
    filesDigest: upload.filesDigest,
    spec,
  };
  const problems = [
    ...(tooLarge ? [tooLarge] : []),
    ...upload.parsed.problems,
    ...(upload.scriptProblem ? [upload.scriptProblem] : []),
    ...(spec === null ? [] : problemsOfLimits(spec, record.spending)),
  ];
  const [first] = problems;
  if (first !== undefined) return stay(endWithProblem({ ...read, problems }, first, nowMs));
  assert(spec !== null, 'a job file without a problem has a meaning');
  const sound = { ...read, spec, problems: [] };
  const missing = findMissingFiles(spec, upload.files);
  if (missing.length > 0) return waitForFiles(sound, nowMs, missing);
  const { missingObjects } = upload;
  if (missingObjects === 'unknown')
    return stay(noteWaiting(sound, nowMs, 'data', 'the buckets of its data to be readable'));
  if (missingObjects.length > 0) return waitForObjects(sound, nowMs, missingObjects);
  return waitForPlace(sound, seen) ?? createCluster(sound, nowMs, settings);
}

/** Undefined: the attempt has a place, and has had it before this pass. */
function waitForPlace(record: JobRecord, { places, nowMs }: Observation): Step | undefined {
  const wait = (text: string): JobRecord => noteWaiting(record, nowMs, 'place', text);
  if (places === null || places === 'unknown') return stay(wait('the list of places to be readable'));
  const { held, taken, maximum, beside } = places;
  if (held) return undefined;
  if (taken < maximum) return stay(wait('a place'), [{ do: 'take-place', maximum, beside }]);
  return stay(wait(`a free place: ${taken} jobs have one, the installation allows ${maximum}`));
}

function planWithoutJobFile(record: JobRecord, seen: Observation): Step {
  if (record.jobFile === null && record.attempt === 1) return stay(record);
  const reason = {
    outcome: 'cancelled',
    code: 'FF-JOB-FILE-DELETED',
    message: 'the job file was deleted before the job began',
    remedy: 'upload it again',
  } as const;
  return stay(beginEnding(record, reason, seen.nowMs));
}

function waitForFiles(record: JobRecord, nowMs: number, missing: string[]): Step {
  const names = missing.join(', ');
  const waitingFor = `${names} (named in ${record.jobFile?.name ?? 'the job file'}, not uploaded yet)`;
  const waiting = noteWaiting(record, nowMs, 'files', waitingFor);
  if (secondsSince(record.phaseSince, nowMs) < WAIT_FOR_FILES_SECONDS) return stay(waiting);
  const reason = {
    outcome: 'failed',
    code: 'FF-FILES-MISSING',
    message: `gave up waiting for ${names} after ${WAIT_FOR_FILES_SECONDS / 60} minutes`,
    remedy: 'upload the missing files: the job then starts by itself',
  } as const;
  return stay(beginEnding(waiting, reason, nowMs));
}

/** Told at once, by its code; the job goes on by itself when the objects come. */
function waitForObjects(record: RecordWithSpec, nowMs: number, missing: string[]): Step {
  const problems = missing.map((object) => ({
    code: 'FF-DATA-MISSING',
    path: `data[${record.spec.data.findIndex((one) => one.object === object)}].object`,
    message: `${object} does not exist, or the service may not read it`,
    remedy: 'upload it, or let the service account read the bucket',
  }));
  const waitingFor = `${missing.join(', ')} (not there, or not readable)`;
  const waiting: JobRecord = noteWaiting({ ...record, problems }, nowMs, 'data', waitingFor);
  const [first] = problems;
  const isOver = secondsSince(record.phaseSince, nowMs) >= WAIT_FOR_FILES_SECONDS;
  return stay(isOver && first !== undefined ? endWithProblem(waiting, first, nowMs) : waiting);
}

const gib = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;

function problemsOfLimits(spec: JobSpec, spent: Spending): Problem[] {
  const problems: Problem[] = [];
  const { diskGb } = spec.machines;
  const [kind] = flavoursOf(spec, '', []);
  const smallest = smallestRunUsd(fleetForPrice(spec, [{ ...kind, nodes: workersOnSystem(spec.worker) > 0 ? 0 : 1 }]));
  const least = spent.usd + smallest;
  const earlier = spent.usd > 0 ? `, after ${spent.usd.toFixed(3)} USD of earlier attempts` : '';
  if (spec.limits.usd < least)
    problems.push({
      code: 'FF-LIMIT-TOO-LOW',
      path: 'limits.usd',
      message:
        `${spec.limits.usd} USD is below the price of the smallest run, about ${smallest.toFixed(3)} ` +
        `USD${earlier}`,
      remedy: `set limits.usd to at least ${(Math.ceil(least * 100) / 100).toFixed(2)}`,
    });
  const usedSeconds = spent.clusterSeconds ?? 0;
  if (usedSeconds >= spec.limits.timeSeconds)
    problems.push({
      code: 'FF-LIMIT-TOO-LOW',
      path: 'limits.time',
      message: `earlier attempts have used ${Math.round(usedSeconds)} s; limits.time is ${spec.limits.timeSeconds} s`,
      remedy: `set limits.time to more than ${Math.ceil(usedSeconds / 60)}m`,
    });
  const { cpu, memoryBytes } = spec.worker;
  if (diskGb < leastDiskGb())
    problems.push({
      code: 'FF-WORKER-TOO-LARGE',
      path: 'machines.diskGb',
      message: `a disk of ${diskGb} GB leaves no room for a worker beside what GKE reserves of it`,
      remedy: `set machines.diskGb to at least ${leastDiskGb()}`,
    });
  else if (workersPerMachine({ machineType: kind.machineType, diskGb }, spec.worker) === 0)
    problems.push({
      code: 'FF-WORKER-TOO-LARGE',
      path: 'worker',
      message:
        `a worker of ${cpu} CPU and ${gib(memoryBytes)} ` +
        `does not fit on one ${workerMachineTypes(spec).join(' or ')}`,
      remedy: 'ask for less, or name a larger machine in machines.types',
    });
  else if (spec.canary.machines === 1 && workersOnSystem(spec.worker) === 0)
    problems.push({
      code: 'FF-WORKER-TOO-LARGE',
      path: 'canary.machines',
      message: `a worker of ${cpu} CPU and ${gib(memoryBytes)} does not fit on one machine with Redis and driver`,
      remedy: 'set canary.machines to 2: the canary then gets a machine for its worker',
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
