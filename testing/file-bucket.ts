/** The file server's folder as a bucket: behind the functions' own port, so that the real back-up fills it. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Bucket, Buckets, ObjectInfo } from '../functions/ports/bucket.ts';
import { PreconditionError } from '../functions/ports/port-error.ts';
import type { FileServer } from './file-server.ts';

/** @param within prefix of the names on the server, where the bucket is a part of what it serves */
export function fileBucket(server: FileServer, within = ''): Bucket {
  const folder = join(server.folder, within);
  const there = (name: string): boolean => existsSync(join(folder, name));
  const bucket: Bucket = {
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
    bytesBelow: async (prefix) => (await bucket.list(prefix)).reduce((sum, { bytes }) => sum + bytes, 0),
    listFolders: async (prefix) => {
      const below = (await bucket.list(prefix)).map(({ name }) => name.slice(prefix.length));
      return [...new Set(below.filter((name) => name.includes('/')).map((name) => prefix + firstFolder(name)))];
    },
    writeChunks: async (name, chunks, options) => bucket.write(name, await buffer(chunks), options),
    remove: async (name) => rmSync(join(folder, name), { force: true }),
    signedUrl: async (name) => server.url(within + name),
    signedUpload: async (prefix) => ({ url: server.url('upload'), fields: { prefix } }),
  };
  return bucket;
}

function firstFolder(name: string): string {
  return name.slice(0, name.indexOf('/') + 1);
}

/** All buckets in one: their names do not meet. */
export function allIn(bucket: Bucket): Buckets {
  return { uploads: bucket, state: bucket, results: bucket, foreign: () => bucket };
}
