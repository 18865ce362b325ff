/**
 * The fence before every act that costs money or destroys something: the intent that it belongs to must still stand. A
 * pass can sleep for minutes between two lines (a frozen instance, a slow call). Meanwhile another one has taken over,
 * and what this one was about to do is no longer wanted.
 */
import type { Action } from '../job/action.ts';
import { paths } from '../job/names.ts';
import type { Bucket } from '../ports/bucket.ts';
import { PortError } from '../ports/port-error.ts';

/** Moving results, answering pods and explaining deaths is right at any time; whatever else there is, is not. */
const RIGHT_AT_ANY_TIME: readonly Action['do'][] = [
  'renew-lease',
  'back-up',
  'sign-urls',
  'explain-deaths',
  'remove-control',
];

/** Whether the record must be looked at once more right before the action. */
export function isFenced(action: Action): boolean {
  return !RIGHT_AT_ANY_TIME.includes(action.do);
}

/** @throws PortError FF-PASS-OVERTAKEN when the record has moved on since the intent was written. */
export async function mustStillStand(state: Bucket, job: string, intentGeneration: string): Promise<void> {
  const record = await state.info(paths.record(job));
  if (record?.generation === intentGeneration) return;
  throw new PortError('FF-PASS-OVERTAKEN', `another pass has taken over job ${job}; this one does nothing more`, {
    retry: true,
  });
}
