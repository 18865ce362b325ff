/** Pure: the ending of an attempt that is out of money or time before its last results are in the bucket. */
import type { EndingRecord } from '../job/known-record.ts';

/** How an attempt ends whose last results cannot be saved any more. */
export function withoutResults(record: EndingRecord, unsaved: number): EndingRecord {
  const what = `${unsaved} results and reports`;
  const lost = `${what} could not be written to the bucket and will be computed again on resume`;
  const message = `${record.ending.message}; ${lost}`;
  const ending = { ...record.ending, outcome: 'failed', code: 'FF-RESULTS-UNSAVED', message } as const;
  return { ...record, ending };
}
