/** MD5 as Cloud Storage tells it of an object (`md5Hash`, reference of the resource objects): base64. */
import { createHash } from 'node:crypto';

/** Of bytes, or of a text's UTF-8. */
export function md5Of(content: Buffer | string): string {
  return createHash('md5').update(content).digest('base64');
}
