/** Whatever a script, a user or the cloud puts into a record: what is written can be read again, and it stays small. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { boundRecord } from '../../../functions/job/bound-record.ts';
import { newRecord, type JobRecord } from '../../../functions/job/job-record.ts';
import { RECORD_BOUNDS } from '../../../functions/job/record-bounds.ts';
import { RECORD_SCHEMA } from '../../../functions/job/record-schema.ts';
import { formatRecord, MAX_RECORD_BYTES, parseRecord } from '../../../functions/job/record-text.ts';
import { jobSpecs } from '../../support/job-spec-arbitrary.ts';
import { JobWorld, loop } from '../../support/job-world.ts';

const older = readFileSync(new URL('records/schema-1.json', import.meta.url), 'utf8');
const running = parseRecord(older, 'demo');

/** Texts of any characters, now and then far too long. */
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc
    .tuple(fc.constantFrom('\u0000', '\ud800', '"', '\\', 'x', '語', '😀', '\n'), fc.integer({ min: 1, max: 5000 }))
    .map(([unit, times]) => unit.repeat(times)),
);
const numbers = fc.double({ noDefaultInfinity: false, noNaN: false }).map((number) => (number === 0 ? 0 : number));
const many = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc
    .tuple(fc.array(one, { maxLength: 3 }), fc.constantFrom(1, 1000))
    .map(([few, times]) => Array.from({ length: times }, () => few).flat());

const loops = fc
  .record({ label: texts, reuse: texts, strays: texts, total: fc.option(numbers), done: numbers, seconds: numbers })
  .map((part) => loop(part));
const hostile: fc.Arbitrary<JobRecord> = fc
  .record({
    spec: jobSpecs({ allowedBuckets: ['bucket'], allowedRegistries: ['europe-docker.pkg.dev/p/r'] }),
    message: texts,
    reason: fc.option(texts),
    startedSeconds: fc.option(numbers),
    loops: many(loops),
    waitingFor: fc.option(texts),
    outputs: many(fc.record({ name: texts, bytes: numbers, sha256: texts })),
    exhausted: many(texts),
    decisions: many(fc.record({ at: fc.constant('2026-11-26'), what: texts, code: fc.constant('work'), text: texts })),
    notices: many(fc.record({ id: fc.constant('n'), event: fc.constant('e'), at: fc.constant('t'), text: texts })),
    problems: many(fc.record({ code: fc.constant('FF-X'), path: texts, message: texts, remedy: texts })),
    errors: many(fc.record({ loop: numbers, iteration: numbers, message: texts, worker: texts, final: fc.boolean() })),
  })
  .map((part) => ({
    ...running,
    spec: part.spec,
    waitingFor: part.waitingFor,
    outputs: part.outputs,
    decisions: part.decisions,
    notices: part.notices,
    problems: part.problems,
    recentErrors: part.errors,
    cluster: { ...running.cluster!, exhausted: part.exhausted },
    fleet: { ...running.fleet, text: part.message },
    ending: { outcome: 'failed', code: 'FF-UNKNOWN', message: part.message, remedy: part.waitingFor, since: 't' },
    progress: {
      ...running.progress!,
      driver: {
        state: 'failed',
        message: part.message,
        reason: part.reason,
        startedSeconds: part.startedSeconds,
        beatSeconds: null,
      },
      loops: part.loops,
    },
  }));

describe('a record', () => {
  it('is read as it was written, whatever its texts and numbers are', () => {
    fc.assert(
      fc.property(hostile, (record) => {
        const text = formatRecord(record);
        assert.ok(Buffer.byteLength(text) <= MAX_RECORD_BYTES / 2);
        assert.deepEqual(parseRecord(text, 'demo'), boundRecord(record));
      }),
      { numRuns: 60 },
    );
  });

  it('stays readable when every field is as long as it may be, of characters that JSON writes with six', () => {
    const text = '\u0000'.repeat(10_000);
    const outputs = Array.from({ length: 160_000 }, () => ({ name: text, bytes: 1, sha256: text }));
    const loops = Array.from({ length: 5000 }, () => loop({ label: text, reuse: text, strays: text }));
    const decisions = Array.from({ length: 500 }, () => ({ at: 't', what: text, code: 'work', text }));
    const files = Array.from({ length: 46_000 }, (_, index) => {
      return {
        name: `data/x${index}.csv`.padEnd(40, 'x'),
        generation: '1764163456789012',
        bytes: 1e6,
        md5: 'x'.repeat(24),
      };
    });
    const record = { ...running, outputs, decisions, files, progress: { ...running.progress!, loops } };
    const read = parseRecord(formatRecord(record), 'demo');
    assert.equal(read.outputs.length, RECORD_BOUNDS.outputs);
    assert.equal(read.outputsLeftOut, 160_000 - RECORD_BOUNDS.outputs);
    assert.equal(read.progress?.loops.length, RECORD_BOUNDS.loops);
    assert.equal(read.files.length, 46_000);
  });

  it('keeps what is within its bounds, and the count of what it left out', () => {
    assert.deepEqual(boundRecord(running), running);
    const bounded = boundRecord({ ...running, outputsLeftOut: 7 });
    assert.equal(boundRecord(bounded).outputsLeftOut, 7);
  });

  it('is refused, not cut, where it would be another one', () => {
    const broken = { ...newRecord('demo', 't'), spending: { ...running.spending, usd: NaN } };
    assert.throws(() => formatRecord(broken), /usd/);
    for (const text of [older.slice(0, 500), '[]', '{}', 'null', older.replace('"schema": 1', '"schema": 99')])
      assert.throws(() => parseRecord(text, 'demo'));
    assert.throws(() => parseRecord(older, 'other'), /another job/);
  });
});

describe('a record that an earlier version has written', () => {
  for (let schema = 1; schema <= RECORD_SCHEMA; schema += 1)
    it(`of schema ${schema} is read, and what it says is kept`, () => {
      const text = readFileSync(new URL(`records/schema-${schema}.json`, import.meta.url), 'utf8');
      const written = JSON.parse(text) as Record<string, unknown>;
      assert.equal(written['schema'], schema);
      const read: Record<string, unknown> = { ...parseRecord(text, 'demo') };
      for (const [name, value] of Object.entries(written))
        if (name !== 'schema' && name in read) assert.partialDeepStrictEqual({ value: read[name] }, { value }, name);
    });
});

describe('a record of schema 1', () => {
  it('is read with what was added since', () => {
    assert.equal(running.schema, RECORD_SCHEMA);
    assert.equal(running.acting, false);
    assert.equal(running.outputsLeftOut, 0);
    assert.match(running.filesDigest, /^[0-9a-f]{64}$/);
    assert.equal(running.progress?.loops[0]?.reuse, '3 of 4 results of attempt 1');
  });
});

describe('a record of schema 2', () => {
  it('that a pass has left while it acted says so still', () => {
    const acting = parseRecord(readFileSync(new URL('records/schema-2.json', import.meta.url), 'utf8'), 'demo');
    assert.deepEqual(acting, { ...running, acting: true });
  });
});

describe('a job that a script or a user makes grow', () => {
  it('goes on when the driver says 17 MB', async () => {
    const world = new JobWorld();
    const there = await world.toRunning();
    there.driver = 'failed';
    there.driverState = 'failed';
    there.driverMessage = 'x'.repeat(17_000_000);
    await world.untilGone(there);
    const record = await world.record();
    assert.equal(record.phase, 'failed');
    assert.ok((record.ending?.message.length ?? 0) <= RECORD_BOUNDS.text);
  });

  it('names the first of 160,000 outputs and counts the others', async () => {
    const world = new JobWorld();
    const there = await world.toRunning();
    there.outputs = Array.from({ length: 160_000 }, (_, index) => ({ name: `o/${index}`, bytes: 1, sha256: 'a' }));
    await world.pass();
    const record = await world.record();
    assert.equal(record.outputs.length + record.outputsLeftOut, 160_000);
  });

  it('is refused once, before anything is made for it, when its list of files is too long', async () => {
    const world = new JobWorld();
    const name = 'a-long-name-'.repeat(12);
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
    const list = world.buckets.uploads.list.bind(world.buckets.uploads);
    const md5 = 'x'.repeat(24);
    const long = Array.from({ length: 120_000 }, (_, index) => {
      return { name: `jobs/demo/${name}${index}`, generation: '1', bytes: 1, md5, updatedMs: 0 };
    });
    world.buckets.uploads.list = async (prefix) => [...(await list(prefix)), ...(prefix === 'jobs/demo/' ? long : [])];
    for (let pass = 0; pass < 3; pass += 1) await world.pass();
    const record = await world.record();
    assert.equal(record.ending?.code, 'FF-FOLDER-TOO-LARGE');
    assert.equal(record.attempt, 1);
    assert.deepEqual(world.created, []);
    long.length = 0;
    await world.pass();
    assert.equal((await world.record()).phase, 'creating');
  });

  it('is refused where it has more files than are listed, its job file behind them, and can be cancelled', async () => {
    const world = new JobWorld();
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R', 'control/approve.json': '{}' });
    const { uploads } = world.buckets;
    for (let file = 0; file < 170_000; file += 1) await uploads.write(`jobs/demo/a/${file}`, '', {});
    await world.pass();
    const { ending, decisions } = await world.record();
    assert.equal(ending?.code, 'FF-FOLDER-TOO-LARGE');
    assert.match(ending.message, /^the first 8\d{4} files of the folder have a list of \d+ bytes/);
    assert.ok(decisions.some(({ code }) => code === 'approved'));
    assert.deepEqual(world.created, []);
  });
});

it("a new record is in nobody's hands, has no cluster and no end, and owes no notice", () => {
  const { phase, acting, cluster, ending, notices, attempt, approved } = newRecord('demo', '2026-11-23T12:00:00.000Z');
  assert.deepEqual(
    { phase, acting, cluster, ending, notices, attempt, approved },
    { phase: 'waiting', acting: false, cluster: null, ending: null, notices: [], attempt: 1, approved: false },
  );
});
