/** Ids of Compute Engine's resources. */
import { randomBytes } from 'node:crypto';

/** Compute Engine's ids are 64-bit decimals. */
export function newId(): string {
  return (randomBytes(8).readBigUInt64BE() >> 1n).toString();
}
