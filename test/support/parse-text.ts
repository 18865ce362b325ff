/** A job file as text, read with the allowances of the tests. */
import { parseJobFile } from '../../functions/job-file/parse-job-file.ts';
import type { JobFileName } from '../../functions/job-file/read-document.ts';

export const allowances = { allowedBuckets: ['allowed-bucket'], allowedRegistries: ['images.test/allowed'] };

export function parseText(text: string | Uint8Array, name: JobFileName = 'job.yaml'): ReturnType<typeof parseJobFile> {
  return parseJobFile(typeof text === 'string' ? new TextEncoder().encode(text) : text, name, allowances);
}
