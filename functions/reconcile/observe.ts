/**
 * Ports -> Observation. Reads only what the record's phase needs; decides nothing. What
 * cannot be read is 'unknown', never empty.
 */
import type { ControlKind } from '../job/action.ts';
import {
  findScriptProblem,
  findScriptSizeProblem,
  findUnsafeNames,
  MAX_SCRIPT_BYTES,
  MOST_FILES,
} from '../job-file/check-folder.ts';
import type { Problem } from '../job-file/problem.ts';
import { MAX_JOB_FILE_BYTES } from '../job-file/read-document.ts';
import type { JobRecord } from '../job/job-record.ts';
import { type RecordWithCluster, withCluster } from '../job/known-record.ts';
import { digestOfFolder } from '../job/folder-digest.ts';
import { JOB_FILES, LABEL_JOB, paths } from '../job/names.ts';
import type { Observation, UploadView } from '../job/observation.ts';
import { parseJobFile } from '../job-file/parse-job-file.ts';
import { isTerminal } from '../job/phase.ts';
import { holdsPlace, takenByOthers } from '../job/places.ts';
import type { PassSettings } from '../job/settings.ts';
import type { Bucket, ObjectInfo } from '../ports/bucket.ts';
import type { ClusterView } from '../ports/clusters.ts';
import { messageOf, PortError } from '../ports/port-error.ts';
import type { Ports } from '../ports/ports.ts';
import type { TaskQueue } from '../ports/task-queue.ts';
import type { Workload } from '../ports/workloads.ts';
import { log } from '../log.ts';
import { isStoredDue } from './limit-stored.ts';
import { findMissingObjects } from './missing-objects.ts';
import { readPlaces } from './place-list.ts';
import { flavourNow } from './plan-pools.ts';

/** Open connections to what was seen, which acting on it may use. The caller closes the queue. */
export interface Connections {
  workload: Workload | null;
  queue: TaskQueue | null;
}

const REDIS_PORT = 6379;

/** Asks all ports at once what there is of the job. What cannot be read is 'unknown'; throws nothing for that. */
export async function observe(
  ports: Ports,
  record: JobRecord,
  settings: PassSettings,
): Promise<{ seen: Observation; connections: Connections }> {
  const [upload, cluster] = await Promise.all([observeUpload(ports, record, settings), observeCluster(ports, record)]);
  const inside =
    isUsable(cluster) && hasWorkload(record, cluster) ? await observeInside(ports, cluster, record) : emptyInside();
  const seen: Observation = {
    nowMs: ports.clock.nowMs(),
    upload,
    cluster,
    leftovers: cluster === null ? await observeLeftovers(ports, record) : [],
    workload: inside.view,
    progress: inside.progress,
    workers: inside.workers,
    gate: inside.gate,
    urlRequests: inside.urlRequests,
    largeWaiting: inside.largeWaiting,
    deaths: inside.deaths,
    podEnds: inside.podEnds,
    freeVcpus: record.phase === 'running' ? await observeFreeVcpus(ports, withCluster(record), settings) : null,
    storedBytes: await observeStored(ports, record),
    places: record.phase === 'waiting' ? await observePlaces(ports, record, settings) : null,
  };
  return { seen, connections: { workload: inside.workload, queue: inside.queue } };
}

function isUsable(cluster: ClusterView | null | 'unknown'): cluster is ClusterView {
  return cluster !== null && cluster !== 'unknown' && cluster.ours && cluster.endpoint !== '';
}

async function observeLeftovers(ports: Ports, record: JobRecord): Promise<Observation['leftovers']> {
  const ending = record.phase === 'draining' || record.phase === 'deleting';
  if (!ending || record.cluster === null) return [];
  const { name } = record.cluster;
  return orUnknown('leftovers', () => ports.clusters.leftovers(name));
}

function hasWorkload(record: JobRecord, cluster: ClusterView): boolean {
  if (record.phase === 'deleting') return record.cluster?.runningAt !== null && cluster.state !== 'stopping';
  return ['starting', 'canary', 'approval', 'running', 'draining'].includes(record.phase);
}

/** Of the kind of machine that growth would ask for. */
async function observeFreeVcpus(
  ports: Ports,
  record: RecordWithCluster,
  settings: PassSettings,
): Promise<number | null> {
  const spot = flavourNow(record, settings, ports.clock.nowMs())?.spot ?? false;
  const free = await orUnknown('quota', () => ports.clusters.freeVcpus(record.cluster.location, spot));
  return free === 'unknown' ? null : free;
}

/** Now and then: a list of everything may have many pages. */
async function observeStored(ports: Ports, record: JobRecord): Promise<number | null> {
  const runs = record.phase === 'canary' || record.phase === 'approval' || record.phase === 'running';
  if (!runs || !isStoredDue(record.observedMs, ports.clock.nowMs())) return null;
  const prefix = paths.attempt(record.job, record.attempt);
  const bytes = await orUnknown('results', () => ports.buckets.results.bytesBelow(prefix));
  return bytes === 'unknown' ? null : bytes;
}

async function observeUpload(ports: Ports, record: JobRecord, settings: PassSettings): Promise<UploadView> {
  const folder = paths.folder(record.job);
  const whole = record.phase === 'waiting' || isTerminal(record.phase);
  const objects = await listUpload(ports.buckets.uploads, folder, whole);
  const named = objects.map((object) => ({ ...object, name: object.name.slice(folder.length) }));
  const jobObject = JOB_FILES.map((name) => named.find((object) => object.name === name)).find(
    (object) => object !== undefined,
  );
  const files = named.filter(
    (object) => object.name !== 'status.json' && !object.name.startsWith('control/') && !object.name.endsWith('/'),
  );
  const view: UploadView = {
    jobFile: jobObject ? { name: jobObject.name, generation: jobObject.generation, md5: jobObject.md5 } : null,
    files: files.map(({ name, generation, bytes, md5 }) => ({ name, generation, bytes, md5 })),
    filesDigest: digestOfFolder(files),
    controls: controlsOf(named),
    parsed: null,
    scriptProblem: null,
    missingObjects: [],
    newestMs: files.reduce((newest, file) => Math.max(newest, file.updatedMs), 0),
  };
  if (record.phase !== 'waiting' || jobObject === undefined) return view;
  return { ...view, ...(await readFolder(ports, folder, jobObject, files, settings)) };
}

/** Of a folder with too many files some of them, the requests, and what may be its job file. */
async function listUpload(uploads: Bucket, folder: string, whole: boolean): Promise<ObjectInfo[]> {
  const listControls = (): Promise<ObjectInfo[]> => uploads.list(`${folder}control/`);
  if (!whole) return listControls();
  const found = await uploads.list(folder, { most: MOST_FILES });
  if (found.length <= MOST_FILES) return found;
  const known = new Set(found.map(({ name }) => name));
  const jobFiles = await Promise.all(JOB_FILES.map((name) => uploads.info(folder + name)));
  const others = [...(await listControls()), ...jobFiles.filter((object) => object !== null)];
  return [...found, ...others.filter(({ name }) => !known.has(name))];
}

function controlsOf(objects: ObjectInfo[]): UploadView['controls'] {
  const controls: UploadView['controls'] = {};
  for (const kind of ['cancel', 'pause', 'resume', 'approve'] satisfies ControlKind[]) {
    const object = objects.find((candidate) => candidate.name === `control/${kind}.json`);
    if (object) controls[kind] = { generation: object.generation };
  }
  return controls;
}

async function readFolder(
  ports: Ports,
  folder: string,
  jobObject: ObjectInfo,
  files: ObjectInfo[],
  settings: PassSettings,
): Promise<Pick<UploadView, 'parsed' | 'scriptProblem' | 'missingObjects'>> {
  const bytes =
    jobObject.bytes > MAX_JOB_FILE_BYTES
      ? Buffer.alloc(MAX_JOB_FILE_BYTES + 1)
      : (await ports.buckets.uploads.read(folder + jobObject.name, MAX_JOB_FILE_BYTES))?.bytes;
  if (bytes === undefined) return { parsed: null, scriptProblem: null, missingObjects: [] };
  const fileName = jobObject.name === 'job.json' ? 'job.json' : 'job.yaml';
  const result = parseJobFile(bytes, fileName, {
    allowedBuckets: settings.allowedBuckets,
    allowedRegistries: settings.allowedRegistries,
  });
  if ('problems' in result)
    return { parsed: { spec: null, problems: result.problems }, scriptProblem: null, missingObjects: [] };
  const script = files.find((file) => file.name === result.spec.script);
  const parsed = { spec: result.spec, problems: findUnsafeNames(files) };
  const missingObjects = await orUnknown('data', () => findMissingObjects(ports.buckets, result.spec));
  return { parsed, scriptProblem: script ? await checkScript(ports, folder, script) : null, missingObjects };
}

/** What is wrong with the script; null when it is fine, or has gone since it was listed. */
async function checkScript(ports: Ports, folder: string, script: ObjectInfo): Promise<Problem | null> {
  const tooLarge = findScriptSizeProblem(script.name, script.bytes);
  if (tooLarge !== null) return tooLarge;
  const object = await ports.buckets.uploads.read(folder + script.name, MAX_SCRIPT_BYTES);
  return object === null ? null : findScriptProblem(script.name, object.bytes);
}

async function observeCluster(ports: Ports, record: JobRecord): Promise<ClusterView | null | 'unknown'> {
  const cluster = record.cluster;
  if (cluster === null || isTerminal(record.phase)) return null;
  return orUnknown('cluster', () => ports.clusters.get(cluster.name, cluster.location));
}

async function observePlaces(
  ports: Ports,
  { job, attempt }: JobRecord,
  { maxClusters }: PassSettings,
): Promise<Observation['places']> {
  const [list, clusters] = await Promise.all([
    orUnknown('places', () => readPlaces(ports.buckets.state)),
    orUnknown('clusters', () => ports.clusters.list()),
  ]);
  if (list === 'unknown' || clusters === 'unknown') return 'unknown';
  // A cluster whose labels name no job takes a place all the same.
  const beside = clusters.map(({ labels, name }) => labels[LABEL_JOB] ?? name);
  const taken = takenByOthers(list.places, beside, job);
  return { held: holdsPlace(list.places, job, attempt), taken, maximum: maxClusters, beside };
}

interface Inside {
  view: Observation['workload'];
  workload: Workload | null;
  queue: TaskQueue | null;
  progress: Observation['progress'];
  workers: Observation['workers'];
  gate: Observation['gate'];
  urlRequests: Observation['urlRequests'];
  largeWaiting: number;
  deaths: Observation['deaths'];
  podEnds: Observation['podEnds'];
}

function emptyInside(): Inside {
  const read = { progress: null, workers: [], gate: null, urlRequests: [], largeWaiting: 0, deaths: [], podEnds: {} };
  return { view: null, workload: null, queue: null, ...read };
}

async function observeInside(ports: Ports, cluster: ClusterView, { job, progress }: JobRecord): Promise<Inside> {
  const workload = await orUnknown('kubernetes', () => ports.workloads.connect(cluster));
  if (workload === 'unknown') return { ...emptyInside(), view: 'unknown', progress: 'unknown' };
  const view = await orUnknown('kubernetes', () => workload.observe());
  if (view === 'unknown') return { ...emptyInside(), workload, view, progress: 'unknown' };
  if (view.redis === null) return { ...emptyInside(), workload, view };
  const endpoint = { host: view.redis.host, port: REDIS_PORT, password: view.redis.password };
  const queue = await orUnknown('redis', () => ports.queues.open(endpoint));
  if (queue === 'unknown') return { ...emptyInside(), workload, view, progress: 'unknown' };
  const inside = await orUnknown('redis', () => queue.view(ports.clock.nowMs(), progress));
  if (inside === 'unknown') return { ...emptyInside(), view, workload, queue, progress: 'unknown' };
  const { refused, ...read } = inside;
  if (refused.length > 0) tellRefused(job, refused);
  return { view, workload, queue, ...read, podEnds: await observePodEnds(workload, read.deaths) };
}

/** What cannot be read now is asked again in the next pass. */
async function observePodEnds(workload: Workload, deaths: Observation['deaths']): Promise<Observation['podEnds']> {
  if (deaths.length === 0) return {};
  const ends = await orUnknown('kubernetes', () => workload.podEnds([...new Set(deaths.map(({ pod }) => pod))]));
  return ends === 'unknown' ? {} : ends;
}

function tellRefused(job: string, places: string[]): void {
  const fields = { job, code: 'FF-VALUE-REFUSED' };
  log('WARNING', `values in Redis are not what they must be and are left out: ${places.join(', ')}`, fields);
}

async function orUnknown<T>(what: string, read: () => Promise<T>): Promise<T | 'unknown'> {
  try {
    return await read();
  } catch (error) {
    const code = error instanceof PortError ? error.code : 'FF-UNEXPECTED';
    log('WARNING', `observing ${what}: ${messageOf(error)}`, { code });
    return 'unknown';
  }
}
