/**
 * Which jobs a tick must look at: the live ones, folders that no event has announced,
 * and requests that no event has delivered.
 */
import { jobOfUpload } from '../job/names.ts';
import type { Buckets } from '../ports/bucket.ts';

export async function findJobs(buckets: Pick<Buckets, 'uploads' | 'state'>): Promise<string[]> {
  const [live, records, folders, controls] = await Promise.all([
    buckets.state.list('live/'),
    buckets.state.list('jobs/'),
    buckets.uploads.listFolders('jobs/'),
    buckets.uploads.list('jobs/', { glob: 'jobs/*/control/*.json' }),
  ]);
  const known = new Set(records.map((object) => object.name.replace(/^jobs\//, '').replace(/\.json$/, '')));
  const announced = folders.map((folder) => jobOfUpload(`${folder}x`)).filter((job) => job !== undefined);
  const asked = controls.map((object) => jobOfUpload(object.name)).filter((job) => job !== undefined);
  return [
    ...new Set([
      ...live.map((object) => object.name.slice('live/'.length)),
      ...announced.filter((job) => !known.has(job)),
      ...asked,
    ]),
  ];
}
