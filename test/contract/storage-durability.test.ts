/** What the local Cloud Storage has confirmed survives restarts and sudden death, events included. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import * as z from 'zod';
import { MetadataLog } from '../../local-cloud/storage/disk/metadata-log.ts';
import { parseJson } from '../../local-cloud/read-json.ts';
import { logRecord } from '../../local-cloud/storage/semantics/model.ts';
import { ObjectIndex } from '../../local-cloud/storage/semantics/object-index.ts';
import { clientFor, startLocal, temporaryFolder } from '../support/storage-local.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { spawnStorage } from '../support/storage-process.ts';

/** Larger contents have a file of their own. */
const PACKED_BYTES = 128 * 1024;
const onlyNew = { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } };

async function child(t: TestContext, folder: string, takesEvents = true) {
  const storage = await spawnStorage(folder, takesEvents);
  t.after(() => storage.kill());
  return storage;
}

test('a restart keeps buckets, objects, versions and metadata', async (t) => {
  const local = await startLocal(t);
  await local.client.createBucket('third', { labels: { a: 'b' } });
  for (const name of ['box', 'kept']) {
    const file = local.client.bucket(name).file('x/y');
    await file.save('one', { resumable: false });
    await file.save('two', { resumable: false, metadata: { metadata: { k: 'v' } } });
    await file.setMetadata({ contentType: 'text/csv' });
    await local.client.bucket(name).file('gone').save('x', { resumable: false });
    await local.client.bucket(name).file('gone').delete();
  }
  await local.client.bucket('box').combine(['x/y', 'x/y'], 'both');
  const before = await everything(local.client);
  await local.restart();
  assert.deepEqual(await everything(local.client), before);
  assert.equal((await local.client.bucket('box').file('both').download())[0].toString(), 'twotwo');
  const last = Math.max(...before.flatMap((bucket) => bucket.versions.map(([, generation]) => Number(generation))));
  await local.client.bucket('box').file('next').save('', onlyNew);
  const [next] = await local.client.bucket('box').file('next').getMetadata();
  assert.ok(Number(next.generation) > last);
});

async function everything(client: ReturnType<typeof clientFor>) {
  const [buckets] = await client.getBuckets();
  return Promise.all(
    buckets.map(async (bucket) => {
      const [files] = await bucket.getFiles({ versions: true });
      const versions = files.map(
        ({ metadata: { name, generation, metageneration, contentType, metadata, timeDeleted } }) => [
          name,
          generation,
          metageneration,
          contentType,
          metadata,
          timeDeleted,
        ],
      );
      return { name: bucket.name, labels: bucket.metadata.labels, versions };
    }),
  );
}

test('killed in the middle of many writes, everything confirmed is there and everything there is whole', async (t) => {
  const folder = temporaryFolder(t);
  const confirmed = new Map<string, string>();
  for (let round = 0; round < 3; round++) {
    const storage = await child(t, folder);
    const writer = async (lane: number) => {
      for (let n = 0; ; n++) {
        const name = `${round}/${lane}/${n}`;
        const bytes = randomBytes(n % 7 === 0 ? 600_000 : 500 * n);
        const query = new URLSearchParams({ uploadType: 'media', ifGenerationMatch: '0', name });
        const address = `${storage.url}/upload/storage/v1/b/box/o?${query.toString()}`;
        const answer = await fetch(address, { method: 'POST', body: bytes });
        if (answer.status === 200) confirmed.set(name, createHash('md5').update(bytes).digest('base64'));
      }
    };
    const writers = Promise.allSettled([0, 1, 2, 3].map(writer));
    const target = confirmed.size + 25;
    await waitFor('writes', () => confirmed.size >= target);
    await storage.kill();
    await writers;
  }
  const storage = await child(t, folder);
  const bucket = clientFor(storage.url).bucket('box');
  const [files] = await bucket.getFiles();
  const present = new Set(files.map((file) => file.name));
  for (const name of confirmed.keys()) assert.ok(present.has(name), `${name} is lost`);
  for (const file of files) {
    const answer = await fetch(`${storage.url}/b/box/o/${encodeURIComponent(file.name)}?alt=media`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const md5 = createHash('md5').update(bytes).digest('base64');
    assert.equal(file.metadata.md5Hash, md5, `${file.name} is not whole`);
    assert.equal(confirmed.get(file.name) ?? md5, md5);
  }
  const largeFiles = files.filter((file) => Number(file.metadata.size) > PACKED_BYTES);
  assert.equal(blobFiles(folder).large, largeFiles.length);
});

/** Small contents share files, which are in a folder of their own. */
function blobFiles(folder: string): { large: number; packs: number } {
  const blobs = join(folder, 'storage', 'blobs');
  const counts = readdirSync(blobs).map((sub) => [sub, readdirSync(join(blobs, sub)).length] as const);
  const packs = counts.find(([sub]) => sub === 'pk')?.[1] ?? 0;
  return { packs, large: counts.reduce((sum, [, count]) => sum + count, -packs) };
}

test('what is replaced or deleted leaves no file behind', async (t) => {
  const local = await startLocal(t);
  const bucket = local.client.bucket('box');
  for (const size of [10, 2 * PACKED_BYTES]) {
    const bytes = randomBytes(size);
    for (let n = 0; n < 5; n++) await bucket.file(`same-${size}`).save(bytes, { resumable: false });
    await bucket.file(`copy-${size}`).save(bytes, { resumable: false });
    await bucket.file(`copy-${size}`).copy(`copied-${size}`);
    await assert.rejects(bucket.file(`same-${size}`).save(bytes, onlyNew), { code: 412 });
  }
  assert.deepEqual(blobFiles(local.stateDir), { packs: 1, large: 2 });
  const [files] = await bucket.getFiles();
  await Promise.all(files.map((file) => file.delete()));
  assert.deepEqual(blobFiles(local.stateDir), { packs: 0, large: 0 });
  await bucket.file('next').save('next', onlyNew);
  assert.equal((await bucket.file('next').download())[0].toString(), 'next');
});

test('small objects of an earlier run are read beside new ones', async (t) => {
  const local = await startLocal(t);
  const name = (n: number) => `n${n}`;
  for (let n = 0; n < 6; n++) {
    await local.client.bucket('box').file(name(n)).save(name(n).repeat(n), { resumable: false });
    if (n % 2 === 1) await local.restart();
  }
  await local.client.bucket('box').file(name(1)).delete();
  for (const n of [0, 2, 3, 4, 5]) {
    assert.equal((await local.client.bucket('box').file(name(n)).download())[0].toString(), name(n).repeat(n));
  }
});

test('a line cut short by a crash does not count, and the log goes on after it', async (t) => {
  const local = await startLocal(t);
  await local.client.bucket('box').file('a').save('a', onlyNew);
  await local.service.stop();
  appendFileSync(join(local.stateDir, 'storage', 'metadata.jsonl'), '[{"t":"bucket-gone","name":"b');
  await local.restart();
  await local.client.bucket('box').file('b').save('b', onlyNew);
  await local.restart();
  const [files] = await local.client.bucket('box').getFiles();
  assert.deepEqual(
    files.map((file) => file.name),
    ['a', 'b'],
  );
});

test('a finalize event that nobody took before the kill comes after it', async (t) => {
  const folder = temporaryFolder(t);
  const deaf = await child(t, folder, false);
  const bucket = clientFor(deaf.url).bucket('box');
  await bucket.file('first').save('1', onlyNew);
  await bucket.file('second').save('2', onlyNew);
  await bucket.combine(['first', 'second'], 'both');
  await deaf.kill();
  const storage = await child(t, folder);
  await waitFor('all events', () => new Set(storage.finalized).size === 3);
  // Confirmed events do not come again.
  await clientFor(storage.url).bucket('box').file('mark').save('m', onlyNew);
  await waitFor('the mark', () => storage.finalized.includes('mark'));
  const log = join(folder, 'storage', 'metadata.jsonl');
  await waitFor('the confirmation', () => readFileSync(log, 'utf8').split('"t":"ack"').length > 1);
  await waitFor('four confirmations', () => acknowledged(log) === 4);
  await storage.kill();
  const third = await child(t, folder);
  await clientFor(third.url).bucket('box').file('last').save('l', onlyNew);
  await waitFor('the last', () => third.finalized.includes('last'));
  assert.deepEqual(third.finalized, ['last']);
});

function acknowledged(log: string): number {
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  const records = lines.flatMap((line) => parseJson(line, z.array(logRecord)));
  return records.reduce((count, record) => count + (record.t === 'ack' ? record.events.length : 0), 0);
}

test('events carry the whole resource, once for each write, and are tried again until taken', async (t) => {
  const local = await startLocal(t);
  const seen: string[] = [];
  let refusals = 2;
  local.service.onFinalized(async (object) => {
    if (object.name === 'two' && refusals-- > 0) throw new Error('not now');
    assert.equal(object.kind, 'storage#object');
    assert.equal(typeof object.generation, 'string');
    assert.equal(object.size, String(Number(object.size)));
    assert.match(object.crc32c, /^.{6}==$/);
    seen.push(`${object.bucket}/${object.name} ${object.contentType} ${object.size}`);
  });
  const bucket = local.client.bucket('box');
  await bucket.file('one').save('1', { ...onlyNew, metadata: { contentType: 'text/plain' } });
  await bucket.file('one').save('22', { resumable: true, metadata: { contentType: 'text/plain' } });
  await bucket.file('two').save('2', { ...onlyNew, metadata: { contentType: 'text/csv' } });
  await bucket.file('one').copy('three');
  await waitFor('all events', () => seen.length === 4);
  assert.deepEqual([...seen].sort(), [
    'box/one text/plain 1',
    'box/one text/plain 2',
    'box/three text/plain 2',
    'box/two text/csv 1',
  ]);
});

test('a snapshot of the state rebuilds the state', async (t) => {
  const local = await startLocal(t);
  const bucket = local.client.bucket('kept');
  for (let n = 0; n < 3; n++) await bucket.file('v').save(`${n}`, { resumable: false });
  await bucket.file('v').delete();
  await bucket.file('w').save('w', { resumable: true });
  await local.client
    .bucket('box')
    .combine(['/absent'], 'x')
    .catch(() => undefined);
  await local.service.stop();
  const file = join(local.stateDir, 'storage', 'metadata.jsonl');
  const first = new ObjectIndex();
  const log = new MetadataLog(file, logRecord, (record) => first.apply(record));
  log.rewrite(first.snapshot(Date.now()));
  log.append([{ t: 'bucket-gone', name: 'box' }]);
  log.close();
  first.apply({ t: 'bucket-gone', name: 'box' });
  const second = new ObjectIndex();
  new MetadataLog(file, logRecord, (record) => second.apply(record)).close();
  const dump = (index: ObjectIndex) => [...index.snapshot(Date.now())];
  assert.deepEqual(dump(second), dump(first));
  assert.deepEqual([second.lastGeneration, second.lastEvent], [first.lastGeneration, first.lastEvent]);
});

test('the log is rewritten when it is mostly history', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'log');
  const seen: number[] = [];
  const log = new MetadataLog(file, z.number(), () => undefined);
  for (let n = 0; n < 20_100; n++) log.append([n]);
  assert.equal(log.isWasteful(10), true);
  assert.equal(log.isWasteful(10_000), false);
  const before = statSync(file).size;
  log.rewrite([1, 2, 3]);
  log.append([4, 5]);
  log.close();
  assert.ok(statSync(file).size < before / 100);
  new MetadataLog(file, z.number(), (record) => seen.push(record)).close();
  assert.deepEqual(seen, [1, 2, 3, 4, 5]);
});

test('memory does not grow with the size of an object', async (t) => {
  const storage = await child(t, temporaryFolder(t));
  const chunk = randomBytes(1 << 20);
  const chunks = 320;
  await new Promise<void>((resolve, reject) => {
    const upload = request(`${storage.url}/upload/storage/v1/b/box/o?uploadType=media&name=huge`, { method: 'POST' });
    upload.on('error', reject).on('response', (answer) => answer.resume().on('end', resolve));
    let sent = 0;
    const more = (): void => {
      while (sent++ < chunks) if (!upload.write(chunk)) return void upload.once('drain', more);
      upload.end();
    };
    more();
  });
  const answer = await fetch(`${storage.url}/storage/v1/b/box/o/huge?alt=media`);
  let received = 0;
  for await (const part of answer.body!) received += (part as Uint8Array).length;
  assert.equal(received, chunks * chunk.length);
  const [, peakKilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${storage.process.pid}/status`, 'utf8'))!;
  t.diagnostic(`${peakKilobytes} kB at the peak`);
  assert.ok(Number(peakKilobytes) < 240 * 1024, `${peakKilobytes} kB at the peak`);
});
