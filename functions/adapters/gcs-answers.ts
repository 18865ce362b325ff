/** What Cloud Storage answers, in our words. */
import type { File } from '@google-cloud/storage';
import * as z from 'zod';
import type { ObjectInfo } from '../ports/bucket.ts';

/** An object as the client knows it after it was asked for or listed. */
export function toInfo(file: File): ObjectInfo {
  const { generation, size, md5Hash, updated } = file.metadata;
  return {
    name: file.name,
    generation: String(generation),
    bytes: Number(size),
    md5: String(md5Hash ?? file.metadata.etag ?? ''),
    updatedMs: Date.parse(String(updated)),
  };
}

const pageOfFolders = z.object({ prefixes: z.array(z.string()).default([]) });

/** What the answer to a listing names as folders. The client declares no type for it. */
export function foldersOf(response: unknown): string[] {
  return pageOfFolders.parse(response ?? {}).prefixes;
}
