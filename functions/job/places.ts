/**
 * The places of an installation: which attempts may have a cluster, as one small object of the state bucket. Pure: the
 * text, both ways, and how the list changes. Reading and writing it is reconcile/place-list.ts's.
 */
import * as z from 'zod';

const schema = z.strictObject({
  schema: z.literal(1),
  places: z.record(z.string().max(64), z.strictObject({ attempt: z.number().int(), since: z.string().max(40) })),
});

/** By job. A job has one cluster at a time, so one place. */
export type Places = z.infer<typeof schema>['places'];

/** @throws an error that says why, when the text is no list of places. */
export function parsePlaces(text: string): Places {
  return schema.parse(JSON.parse(text)).places;
}

/** The list of places as it is written to the state bucket. */
export function formatPlaces(places: Places): string {
  return JSON.stringify({ schema: 1, places } satisfies z.infer<typeof schema>);
}

/** How many places other jobs have, those included that have a cluster (`beside`) without being on the list. */
export function takenByOthers(places: Places, beside: readonly string[], job: string): number {
  const others = new Set([...Object.keys(places), ...beside]);
  others.delete(job);
  return others.size;
}

/** Whether that attempt of the job is on the list. */
export function holdsPlace(places: Places, job: string, attempt: number): boolean {
  return Object.hasOwn(places, job) && places[job]?.attempt === attempt;
}
