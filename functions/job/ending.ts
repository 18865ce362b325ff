/**
 * How an attempt can end: each code with its sentence, once; docs/errors.md has the same sentence with the
 * remedy at length, and a test compares. A fault of the folder or the job file ends the job with its own
 * code (endWithProblem in reconcile/step.ts).
 */
export const ENDING_CODES = {
  done: 'the script ended without an error',
  'FF-JOB-FILE-DELETED': 'the job file was deleted before the job began',
  'FF-FILES-MISSING': 'files that the job file names are not there',
  'FF-CLUSTER-STOCKOUT': 'no location could give the machines',
  'FF-CLUSTER-FOREIGN': "a cluster of the job's name exists that is not ours",
  'FF-START-TIMEOUT': 'the driver did not start in time',
  'FF-CANARY-FAILED': 'every task of the canary failed',
  'FF-SCRIPT-FAILED': 'the script ended with an error',
  'FF-TOO-MANY-ERRORS': 'nearly everything failed in a loop that goes on after errors',
  'FF-NO-WORKERS': 'no worker has become ready for a long time although there is work',
  'FF-LIMIT-USD': 'the money limit is reached',
  'FF-LIMIT-TIME': 'the time limit is reached',
  'FF-LIMIT-BYTES': 'the attempt has put more into the bucket than an attempt may',
  'FF-USER-CANCEL': 'cancelled',
  'FF-USER-PAUSE': 'paused',
  'FF-RESULTS-UNREAD': 'Redis could not be read any more while the job was being ended',
  'FF-RESULTS-UNSAVED': 'results could not be written to the bucket before the job was out of money or time',
  'FF-RECORD-LOST': 'neither the record of the job nor its copy could be read',
  'FF-UNKNOWN': 'ended without a reason',
} as const satisfies Record<string, string>;

export type EndingCode = keyof typeof ENDING_CODES;
