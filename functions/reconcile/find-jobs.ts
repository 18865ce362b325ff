/**
 * Which jobs a tick must look at: the live ones; and, four times an hour, folders that no event has announced and
 * requests of ended jobs that no event has delivered. What a search of all folders costs grows with every job that ever
 * was, so it is not done at each tick.
 */
import { jobOfUpload, paths } from '../job/names.ts';
import { log } from '../log.ts';
import type { Buckets } from '../ports/bucket.ts';
import { messageOf } from '../ports/port-error.ts';

const SEARCH_EVERY_MS = 15 * 60_000;

export async function findJobs(buckets: Pick<Buckets, 'uploads' | 'state'>, nowMs: number): Promise<string[]> {
  const [live, searched] = await Promise.all([findLiveJobs(buckets), buckets.state.info(paths.searched)]);
  if (searched !== null && nowMs - searched.updatedMs < SEARCH_EVERY_MS) return live;
  const found = await searchFolders(buckets);
  // What was found counts, whether that can be noted or not.
  await buckets.state.write(paths.searched, '', { contentType: 'text/plain' }).catch((error: unknown) => {
    log('WARNING', `noting the search of folders: ${messageOf(error)}`);
  });
  return [...new Set([...live, ...found])];
}

export async function findLiveJobs(buckets: Pick<Buckets, 'state'>): Promise<string[]> {
  return (await buckets.state.list('live/')).map((marker) => marker.name.slice('live/'.length));
}

async function searchFolders(buckets: Pick<Buckets, 'uploads' | 'state'>): Promise<string[]> {
  const [records, folders, controls] = await Promise.all([
    buckets.state.list('jobs/'),
    buckets.uploads.listFolders('jobs/'),
    buckets.uploads.list('jobs/', { glob: 'jobs/*/control/*.json' }),
  ]);
  const known = new Set(records.map((object) => object.name.replace(/^jobs\//, '').replace(/\.json$/, '')));
  const announced = folders.map((folder) => jobOfUpload(`${folder}x`)).filter((job) => job !== undefined);
  const asked = controls.map((object) => jobOfUpload(object.name)).filter((job) => job !== undefined);
  return [...announced.filter((job) => !known.has(job)), ...asked];
}
