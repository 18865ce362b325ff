/**
 * Takes and gives back places. The list is the bound on clusters, whoever may upload jobs. It is written only under the
 * generation that was read. So of any number of passes at once no more succeed than there are places.
 */
import { isTerminal } from '../job/phase.ts';
import { formatPlaces, holdsPlace, parsePlaces, type Places, takenByOthers } from '../job/places.ts';
import { log } from '../log.ts';
import type { Bucket } from '../ports/bucket.ts';
import { messageOf, PortError, PreconditionError } from '../ports/port-error.ts';
import { loadRecord } from './record-store.ts';
import { iso } from './step.ts';

const OBJECT = 'places.json';
const MAX_BYTES = 1024 ** 2;
/** Others may write between a read and a write; each time one of them has come further. */
const TRIES = 20;

/** @throws PortError FF-PLACES-UNREADABLE: nobody gets a place until the tick has made the list anew. */
export async function readPlaces(state: Bucket): Promise<{ places: Places; generation: string }> {
  const object = await state.read(OBJECT, MAX_BYTES);
  if (object === null) return { places: {}, generation: '0' };
  try {
    return { places: parsePlaces(object.bytes.toString('utf8')), generation: object.generation };
  } catch (cause) {
    const text = `reading the list of places: ${messageOf(cause).slice(0, 400)}`;
    throw new PortError('FF-PLACES-UNREADABLE', text, { retry: true, cause });
  }
}

export interface PlaceRequest {
  job: string;
  attempt: number;
  maximum: number;
  /** Jobs that were seen to have a cluster, on the list or not. */
  beside: readonly string[];
}

/** Nothing happens when all places are taken. */
export async function takePlace(state: Bucket, request: PlaceRequest, nowMs: number): Promise<void> {
  const { job, attempt, maximum, beside } = request;
  await change(state, (places) => {
    if (holdsPlace(places, job, attempt) || takenByOthers(places, beside, job) >= maximum) return null;
    return { ...places, [job]: { attempt, since: iso(nowMs) } };
  });
}

/** Of this attempt only: the next one may have taken it already. */
export async function releasePlace(state: Bucket, job: string, attempt: number): Promise<void> {
  await change(state, (places) => (holdsPlace(places, job, attempt) ? without(places, [job]) : null));
}

/**
 * A place whose job is not on the list of live jobs has been left behind. The job is listed before it takes a place,
 * and gives it back before it leaves the list. A list that cannot be read is made anew from the live jobs' records.
 */
export async function freeLeakedPlaces(state: Bucket): Promise<void> {
  let places: Places;
  try {
    ({ places } = await readPlaces(state));
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'FF-PLACES-UNREADABLE')) throw error;
    log('ERROR', `${error.message}; it is made anew from the records`, { code: error.code });
    return rebuild(state);
  }
  const holders = Object.keys(places);
  if (holders.length === 0) return;
  // In this order: what is live now was live when it took its place.
  const live = await liveJobs(state);
  const leaked = holders.filter((job) => !live.has(job));
  if (leaked.length === 0) return;
  log('WARNING', `places of jobs that do not live any more are free again: ${leaked.join(', ').slice(0, 400)}`);
  await change(state, (stored) => {
    const same = leaked.filter((job) => stored[job]?.since === places[job]?.since);
    return same.length > 0 ? without(stored, same) : null;
  });
}

async function liveJobs(state: Bucket): Promise<Set<string>> {
  return new Set((await state.list('live/')).map((marker) => marker.name.slice('live/'.length)));
}

async function rebuild(state: Bucket): Promise<void> {
  const damaged = await state.info(OBJECT);
  const places: Places = {};
  for (const job of await liveJobs(state)) {
    const record = (await loadRecord(state, job).catch(() => null))?.record;
    if (!record?.cluster || isTerminal(record.phase)) continue;
    places[job] = { attempt: record.attempt, since: record.attemptStartedAt };
  }
  await write(state, places, damaged?.generation ?? '0');
}

function without(places: Places, jobs: readonly string[]): Places {
  return Object.fromEntries(Object.entries(places).filter(([job]) => !jobs.includes(job)));
}

/** `next` is asked again when somebody else has written; null: there is nothing to change. */
async function change(state: Bucket, next: (places: Places) => Places | null): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const { places, generation } = await readPlaces(state);
    const changed = next(places);
    if (changed === null || (await write(state, changed, generation))) return;
  }
  throw new PortError('FF-PLACES-BUSY', `the list of places was changed ${TRIES} times by others`, { retry: true });
}

/** False: somebody else has written. */
async function write(state: Bucket, places: Places, ifGeneration: string): Promise<boolean> {
  try {
    await state.write(OBJECT, formatPlaces(places), { ifGeneration, contentType: 'application/json' });
    return true;
  } catch (error) {
    if (error instanceof PreconditionError) return false;
    throw error;
  }
}
