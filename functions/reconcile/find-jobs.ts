/**
 * Which jobs a tick must look at: the live ones; and now and then folders that no event has announced and requests of
 * ended jobs that no event has delivered. What a search of all folders costs grows with every job that ever was: one
 * page of each list for a thousand jobs. So it is done at each tick up to a thousand of them, and less often where
 * there are more; what it costs in an hour stays the same.
 */
import * as z from 'zod';
import { parseJson } from '../job/json-lines.ts';
import { jobOfUpload, LABEL_JOB, paths } from '../job/names.ts';
import { log } from '../log.ts';
import type { Buckets } from '../ports/bucket.ts';
import { messageOf } from '../ports/port-error.ts';
import type { Ports } from '../ports/ports.ts';
import { readPlaces } from './place-list.ts';

const JOBS_PER_PAGE = 1000;
/** A tick comes every minute, some seconds earlier or later. */
const SEARCH_EVERY_MS = 50_000;
const SEARCH_AT_LEAST_EVERY_MS = 15 * 60_000;
const MAX_NOTE_BYTES = 1000;
/** What the last search has left: how many jobs it saw. */
const noteSchema = z.object({ jobs: z.int().min(0) });

/**
 * Ids of the jobs that a tick visits: the live ones, and those that have a cluster or a place, listed or not. Now and
 * then it visits those that no event announced, too. What cannot be asked keeps no other from being visited. Throws
 * PortError FF-BUCKET where the live ones cannot be listed.
 */
export async function findJobs(ports: Pick<Ports, 'buckets' | 'clusters'>, nowMs: number): Promise<string[]> {
  const { buckets, clusters } = ports;
  const lists = await Promise.all([
    findLiveJobs(buckets),
    orNone('searching for jobs that no event announced', () => searchWhenDue(buckets, nowMs)),
    // A marker can be deleted by mistake: what costs money is visited all the same.
    orNone('listing clusters', async () => (await clusters.list()).flatMap(({ labels }) => labels[LABEL_JOB] ?? [])),
    orNone('listing places', async () => Object.keys((await readPlaces(buckets.state)).places)),
  ]);
  return [...new Set(lists.flat())];
}

async function orNone(what: string, find: () => Promise<string[]>): Promise<string[]> {
  try {
    return await find();
  } catch (error) {
    log('WARNING', `${what}: ${messageOf(error)}`);
    return [];
  }
}

async function searchWhenDue(buckets: Pick<Buckets, 'uploads' | 'state'>, nowMs: number): Promise<string[]> {
  if (!(await isSearchDue(buckets, nowMs))) return [];
  const { jobs, found } = await searchFolders(buckets);
  // What was found counts, whether that can be noted or not.
  const note = JSON.stringify({ jobs } satisfies z.output<typeof noteSchema>);
  await buckets.state.write(paths.searched, note, { contentType: 'application/json' }).catch((error: unknown) => {
    log('WARNING', `noting the search of folders: ${messageOf(error)}`);
  });
  return found;
}

/** A search that seems to come from the future says that this instance's clock is wrong. */
async function isSearchDue({ state }: Pick<Buckets, 'state'>, nowMs: number): Promise<boolean> {
  const note = await state.read(paths.searched, MAX_NOTE_BYTES);
  if (note === null) return true;
  const jobs = parseJson(note.bytes.toString('utf8'), noteSchema)?.jobs ?? Infinity;
  const everyMs = Math.min(SEARCH_AT_LEAST_EVERY_MS, SEARCH_EVERY_MS * Math.max(1, Math.ceil(jobs / JOBS_PER_PAGE)));
  const sinceMs = nowMs - note.updatedMs;
  return sinceMs < 0 || sinceMs >= everyMs;
}

/** Ids of the jobs that have a marker. Throws PortError FF-BUCKET. */
export async function findLiveJobs(buckets: Pick<Buckets, 'state'>): Promise<string[]> {
  return (await buckets.state.list('live/')).map((marker) => marker.name.slice('live/'.length));
}

async function searchFolders(buckets: Pick<Buckets, 'uploads' | 'state'>): Promise<{ jobs: number; found: string[] }> {
  const [records, folders, controls] = await Promise.all([
    buckets.state.list('jobs/'),
    buckets.uploads.listFolders('jobs/'),
    buckets.uploads.list('jobs/', { glob: 'jobs/*/control/*.json' }),
  ]);
  const known = new Set(records.map((object) => object.name.replace(/^jobs\//, '').replace(/\.json$/, '')));
  const announced = folders.map((folder) => jobOfUpload(`${folder}x`)).filter((job) => job !== undefined);
  const asked = controls.map((object) => jobOfUpload(object.name)).filter((job) => job !== undefined);
  const found = [...announced.filter((job) => !known.has(job)), ...asked];
  return { jobs: Math.max(records.length, folders.length), found };
}
