/**
 * The list of jobs that every tick visits: one small object for each. A job is on it before anything
 * else is done for it, and leaves it last, when its end has been recorded and told. So whatever a pass
 * that died has left undone, a tick finds it.
 */
import { paths } from '../job/names.ts';
import type { Bucket } from '../ports/bucket.ts';

/** Null: the job is not on the list. */
export async function readMarker(state: Bucket, job: string): Promise<string | null> {
  return (await state.info(paths.live(job)))?.generation ?? null;
}

/**
 * Answers the marker's generation. A job that begins anew gets a new one, so that a
 * late pass of its end cannot take it off.
 */
export async function setMarker(state: Bucket, job: string, installation: string): Promise<string> {
  return state.write(paths.live(job), installation, { contentType: 'text/plain' });
}

/** A marker that was set again since it was read stays. */
export async function removeMarker(state: Bucket, job: string, generation: string): Promise<void> {
  await state.remove(paths.live(job), { ifGeneration: generation });
}
