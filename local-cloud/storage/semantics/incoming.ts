/**
 * Takes the bytes of an upload to disk, with checksums on the way, and holds them
 * against what the caller says they are.
 */
import { invalid } from './api-error.ts';
import { ContentHash } from './checksums.ts';
import type { Json } from './merge-patch.ts';
import type { Content } from './model.ts';
import type { Place } from '../disk/blobs.ts';
import type { StorageState } from './state.ts';

export interface ExpectedHashes {
  crc32c?: string;
  md5Hash?: string;
}

/**
 * Writes the bytes to disk. If they break off or are not as expected, nothing stays.
 * The blobs of the answer are retained in the index; whoever calls releases them once the
 * content has a name, or has none after all.
 */
export async function receiveContent(
  state: StorageState,
  bytes: AsyncIterable<Buffer>,
  expected: () => ExpectedHashes,
): Promise<Content> {
  const blob = state.blobs.newId();
  const writer = state.blobs.writer(blob);
  const hash = new ContentHash();
  let hashes: { crc32c: string; md5Hash: string };
  let place: Place | undefined;
  try {
    for await (const chunk of bytes) {
      hash.update(chunk);
      await writer.write(chunk);
    }
    hashes = hash.digest();
    checkHashes(hashes, expected());
    if (writer.size > 0) place = await state.blobs.finish(blob, writer);
  } catch (error) {
    await writer.abandon();
    state.blobs.remove(blob);
    throw error;
  }
  if (place) state.index.retain([place.blob]);
  return { parts: place ? [place] : [], size: writer.size, ...hashes };
}

export function checkHashes(content: ExpectedHashes, expected: ExpectedHashes): void {
  if (expected.md5Hash !== undefined && expected.md5Hash !== content.md5Hash) {
    throw invalid(
      `Provided MD5 hash "${expected.md5Hash}" doesn't match calculated MD5 hash "${content.md5Hash ?? ''}".`,
    );
  }
  if (expected.crc32c !== undefined && expected.crc32c !== content.crc32c) {
    throw invalid(`Provided CRC32C "${expected.crc32c}" doesn't match calculated CRC32C "${content.crc32c ?? ''}".`);
  }
}

/** From the object resource of the request and the header `X-Goog-Hash: crc32c=...,md5=...`. */
export function readExpectedHashes(resource: Json, header: string | undefined): ExpectedHashes {
  const expected: ExpectedHashes = {};
  if (typeof resource.crc32c === 'string') expected.crc32c = resource.crc32c;
  if (typeof resource.md5Hash === 'string') expected.md5Hash = resource.md5Hash;
  for (const pair of header?.split(',') ?? []) {
    const [, kind, value] = /^\s*(crc32c|md5)=(\S+)\s*$/.exec(pair) ?? [];
    if (value === undefined) continue;
    if (kind === 'crc32c') expected.crc32c = value;
    else expected.md5Hash = value;
  }
  return expected;
}
