/** Reads on in a file that others write to. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * The whole lines from byte `begin` on, and the byte behind them: the rest of a line that is being written comes with
 * the next call. A file that is not there yet has none.
 */
export function readLines(file: string, begin: number): { text: string; end: number } {
  if (!existsSync(file)) return { text: '', end: begin };
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - begin));
    const count = readSync(descriptor, bytes, 0, bytes.length, begin);
    const whole = bytes.subarray(0, bytes.subarray(0, count).lastIndexOf('\n') + 1);
    return { text: whole.toString('utf8'), end: begin + whole.length };
  } finally {
    closeSync(descriptor);
  }
}
