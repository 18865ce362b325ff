/** Objects that are written once: one that is there already is a crash's leftover, and is adopted. */
import type { Bucket } from '../ports/bucket.ts';
import { PreconditionError } from '../ports/port-error.ts';

/** 'written', or the bytes that were there already. */
export async function writeOnce(
  bucket: Bucket,
  name: string,
  bytes: Buffer | string,
  contentType: string,
): Promise<'written' | Buffer> {
  try {
    await bucket.write(name, bytes, { ifGeneration: '0', contentType });
    return 'written';
  } catch (error) {
    if (!(error instanceof PreconditionError)) throw error;
    const there = await bucket.read(name, 1024 ** 3);
    if (there === null) throw error;
    return there.bytes;
  }
}
