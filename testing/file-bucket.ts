/** The file server's folder as a bucket: behind the functions' own port, so that the real back-up fills it. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Bucket, ObjectInfo } from '../functions/ports/bucket.ts';
import { PreconditionError } from '../functions/ports/port-error.ts';
import type { FileServer } from './file-server.ts';

/** What the back-up and the ledger need of a bucket; the rest is never asked for. */
type Needed = Pick<Bucket, 'name' | 'info' | 'read' | 'write' | 'list' | 'signedUrl'>;

/** @param within prefix of the names on the server, where the bucket is a part of what it serves */
export function fileBucket(server: FileServer, within = ''): Bucket {
  const folder = join(server.folder, within);
  const there = (name: string): boolean => existsSync(join(folder, name));
  const bucket: Needed = {
    name: 'results',
    info: async (name) => {
      if (!there(name)) return null;
      const bytes = readFileSync(join(folder, name));
      const md5 = createHash('md5').update(bytes).digest('base64');
      return { name, generation: '1', bytes: bytes.length, md5, updatedMs: statSync(join(folder, name)).mtimeMs };
    },
    read: async (name) => {
      if (!there(name)) return null;
      const updatedMs = statSync(join(folder, name)).mtimeMs;
      return { bytes: readFileSync(join(folder, name)), generation: '1', updatedMs };
    },
    write: async (name, bytes, { ifGeneration }) => {
      if (ifGeneration === '0' && there(name)) throw new PreconditionError(name);
      server.put(within + name, typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
      return '1';
    },
    list: async (prefix, { glob } = {}) => {
      const pattern = glob === undefined ? /^/ : new RegExp(`^${glob.replaceAll('*', '[^/]*')}$`);
      const all = readdirSync(folder, { recursive: true }) as string[];
      const names = all.filter((name) => name.startsWith(prefix) && pattern.test(name));
      return names.toSorted().map((name): ObjectInfo => {
        const { size, mtimeMs } = statSync(join(folder, name));
        return { name, generation: '1', bytes: size, md5: '', updatedMs: mtimeMs };
      });
    },
    signedUrl: async (name) => server.url(within + name),
  };
  return bucket as Bucket;
}
