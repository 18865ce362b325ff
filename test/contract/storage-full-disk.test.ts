/** Cloud Storage of the local cloud on a disk without room: it refuses as a service would, loses nothing, goes on. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { clientFor } from '../support/storage-local.ts';
import { spawnStorage } from '../support/storage-process.ts';

const DISK_BYTES = 4 * 1024 ** 2;
const OBJECT_BYTES = 200_000;

const disk = mkdtempSync(join(tmpdir(), 'ff-full-'));

/** The reason to skip: only root may mount a small disk, and not in every container. */
function mountSmallDisk(): string | false {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk], { stdio: 'ignore' });
    return false;
  } catch {
    return 'a small disk cannot be mounted here; test/unit/local-disk.test.ts tests what waits for room';
  }
}

const skip = mountSmallDisk();

describe('the local Cloud Storage on a full disk', { skip }, () => {
  const saved = new Map<string, Buffer>();
  let storage: Awaited<ReturnType<typeof spawnStorage>>;

  before(async () => {
    mkdirSync(join(disk, 'state'));
    writeFileSync(join(disk, 'filler'), Buffer.alloc(DISK_BYTES / 2));
    storage = await spawnStorage(join(disk, 'state'));
  });
  after(async () => {
    await storage.kill();
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  async function save(name: string, resumable: boolean): Promise<void> {
    const bytes = randomBytes(OBJECT_BYTES);
    await clientFor(storage.url).bucket('box').file(name).save(bytes, { resumable });
    saved.set(name, bytes);
  }

  /** Until it is refused. */
  async function saveMany(prefix: string, resumable: boolean): Promise<Error & { code?: unknown }> {
    for (let i = 0; ; i++) {
      try {
        await save(`${prefix}-${i}`, resumable);
      } catch (error) {
        assert.ok(error instanceof Error);
        return error;
      }
    }
  }

  async function assertAllThere(): Promise<void> {
    const bucket = clientFor(storage.url).bucket('box');
    const [files] = await bucket.getFiles();
    assert.deepEqual(files.map(({ name }) => name).toSorted(), [...saved.keys()].toSorted());
    for (const [name, bytes] of saved) assert.ok((await bucket.file(name).download())[0].equals(bytes), name);
  }

  it('refuses uploads with 429 and "disk full", and serves what it has', async () => {
    for (const resumable of [false, true]) {
      const error = await saveMany(`resumable-${resumable}`, resumable);
      // The client gives the status as a code, or, of a resumable upload, in words.
      assert.match(`${String(error.code)} ${error.message}`, /429.*disk full/s);
    }
    assert.ok(saved.size > 3);
    assert.equal(storage.process.exitCode, null);
    await assertAllThere();
  });

  it('goes on when there is room, and has everything that it took after it was killed', async () => {
    rmSync(join(disk, 'filler'));
    for (const resumable of [false, true]) await save(`after-${resumable}`, resumable);
    await storage.kill();
    storage = await spawnStorage(join(disk, 'state'));
    await assertAllThere();
  });
});
