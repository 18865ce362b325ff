/** What the tasks of a test have written into a file, line by line, so far. */
import { existsSync, readFileSync } from 'node:fs';

export function tracedLines(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}
