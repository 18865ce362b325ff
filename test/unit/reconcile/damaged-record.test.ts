/** A record that cannot be read: nothing is lost, nobody else is disturbed, and what costs money ends all the same. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { status } from '../../../functions/entry/status.ts';
import { tick } from '../../../functions/entry/tick.ts';
import { loadRecord } from '../../../functions/reconcile/record-store.ts';
import { sweep } from '../../../functions/reconcile/sweep.ts';
import { JobWorld, settings } from '../../support/job-world.ts';

let world: JobWorld;
const RECORD = 'jobs/demo.json';
const HOUR_MS = 3_600_000;

beforeEach(() => {
  world = new JobWorld();
});

async function damage(bytes: string | Buffer = '{"schema": 2, "job"'): Promise<string> {
  return world.buckets.state.write(RECORD, bytes, {});
}

describe('a record that cannot be read', () => {
  it('is set aside, and its last good version goes on', async () => {
    const there = await world.toRunning();
    const before = await world.record();
    const generation = await damage();
    await world.pass(60);
    const record = await world.record();
    assert.deepEqual([record.phase, record.attempt], ['running', 1]);
    assert.ok(record.spending.usd > before.spending.usd);
    assert.equal(record.decisions.filter(({ code }) => code === 'record-set-aside').length, 1);
    const aside = world.buckets.state.objects.get(`set-aside/demo/${generation}.json`);
    assert.equal(aside?.bytes.toString(), '{"schema": 2, "job"');
    there.driver = 'succeeded';
    await world.untilGone(there);
    assert.equal(await world.phase(), 'succeeded');
    assert.deepEqual(world.created, ['ff-demo-1']);
  });

  it('is mended also where nothing else is to be done', async () => {
    const there = await world.toRunning();
    there.driver = 'succeeded';
    await world.untilGone(there);
    await damage('null');
    await world.pass();
    assert.equal((await loadRecord(world.buckets.state, 'demo'))?.damage, null);
    assert.equal(await world.phase(), 'succeeded');
  });

  it('is believed in its last good version by the sweep and the status', async () => {
    await world.toRunning();
    await damage();
    world.nowMs += 24 * HOUR_MS;
    assert.deepEqual(await sweep(world.ports, 'test'), []);
    const reply = await status(world.buckets, { job: 'demo' }, world.nowMs);
    assert.equal((reply.body as { phase: string }).phase, 'running');
  });

  it('is no reason to say nothing about the other jobs', async () => {
    await world.toRunning();
    await world.buckets.state.write('jobs/other.json', 'not a record', {});
    const { jobs } = (await status(world.buckets, {}, world.nowMs)).body as { jobs: { job: string }[] };
    assert.deepEqual(
      jobs.map(({ job }) => job),
      ['demo'],
    );
  });
});

describe('a record of which nothing can be read any more', () => {
  const rows: [jobFile: string, latestHours: number][] = [
    // A fleet without workers costs 0.2491 USD an hour: fee, one e2-standard-4 and its disk (November 2026).
    ['limits: {usd: 0.2, time: 24h}', 0.2 / 0.2491],
    ['limits: {usd: 100, time: 2h}', 2 + 1],
  ];
  for (const [limits, latestHours] of rows)
    it(`leaves its cluster until the label says that it has to go, and no longer (${limits})`, async () => {
      await world.upload({ 'run.R': 'x <- 1', 'job.yaml': `script: run.R\n${limits}\n` });
      await world.pass();
      const beganMs = world.nowMs;
      await damage();
      await world.buckets.state.remove('previous/demo.json');
      world.nowMs = beganMs + (latestHours - 0.05) * HOUR_MS;
      assert.deepEqual(await sweep(world.ports, 'test'), []);
      world.nowMs = beganMs + (latestHours + 0.05) * HOUR_MS;
      assert.deepEqual(await sweep(world.ports, 'test'), ['ff-demo-1']);
    });

  it('does not end before its time by the clock of one instance that is an hour ahead', async () => {
    await world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R\nlimits: {usd: 100, time: 2h}\n' });
    await world.pass();
    await damage();
    await world.buckets.state.remove('previous/demo.json');
    world.nowMs += 2.5 * HOUR_MS;
    const ahead = { ...world.ports.clock, nowMs: () => world.nowMs + HOUR_MS };
    assert.deepEqual(await sweep({ ...world.ports, clock: ahead }, 'test'), []);
  });
});

describe('a job whose record and copy are both damaged', () => {
  const both = async (text = '{"schema": 2, "job"'): Promise<void> => {
    await damage(text);
    await world.buckets.state.write('previous/demo.json', text, {});
  };

  it('saves what Redis holds, ends with its cluster deleted, and says so', async () => {
    const there = await world.toRunning('script: run.R\nlimits: {usd: 7}\ndebugHold: 24h\n');
    const before = await world.record();
    await both();
    there.journal(1, 5, 'a result');
    await world.pass(60);
    assert.equal(await world.phase(), 'draining');
    there.driver = 'failed';
    await world.untilGone(there);
    const record = await world.record();
    assert.deepEqual([record.phase, record.ending?.code, record.attempt], ['failed', 'FF-RECORD-LOST', 1]);
    assert.ok(record.spending.usd >= before.spending.usd, 'what it has cost counts');
    const saved = [...world.buckets.results.objects.values()].map(({ bytes }) => bytes.toString());
    assert.ok(saved.includes('a result'));
    assert.deepEqual(
      world.notices.map(({ event }) => event),
      ['creating', 'starting', 'canary', 'running', 'draining', 'deleting', 'failed'],
    );
    assert.equal(world.buckets.state.objects.has('live/demo'), false);
    const { phase } = (await status(world.buckets, { job: 'demo' }, world.nowMs)).body as { phase: string };
    assert.equal(phase, 'failed');
  });

  it('knows how much of it is saved', async () => {
    const there = await world.toRunning();
    there.journal(1, 1, 'five!');
    await world.pass();
    await both();
    await world.pass();
    const { ledger } = await world.record();
    assert.deepEqual([ledger.results, ledger.bytes, ledger.segments], [1, 5, 1]);
  });

  it('ends at once where there is no cluster, and resumes as its next attempt', async () => {
    const there = await world.toRunning();
    there.driver = 'succeeded';
    await world.untilGone(there);
    await both();
    await world.buckets.results.write('demo/attempt-3/ledger/000001.jsonl', '', {});
    await world.pass();
    assert.deepEqual([await world.phase(), (await world.record()).attempt], ['failed', 3]);
    await world.buckets.uploads.write('jobs/demo/control/resume.json', '{}', {});
    await world.pass();
    assert.deepEqual([(await world.record()).attempt, world.created.at(-1)], [4, 'ff-demo-4']);
  });

  it('is left to newer functions where these have written it', async () => {
    await world.toRunning();
    await both('{"schema": 1000}');
    await assert.rejects(world.pass(60), /restore an earlier version/);
    assert.equal(world.buckets.state.objects.get(RECORD)?.bytes.toString(), '{"schema": 1000}');
  });
});

describe('a record that somebody has deleted', () => {
  it('goes on from its copy: what it has cost counts, and nothing is made twice', async () => {
    const there = await world.toRunning();
    const before = await world.record();
    await world.buckets.state.remove(RECORD);
    assert.deepEqual(await sweep(world.ports, 'test'), []);
    await world.pass(60);
    const record = await world.record();
    assert.deepEqual([record.phase, record.attempt], ['running', 1]);
    assert.ok(record.spending.usd > before.spending.usd);
    there.driver = 'succeeded';
    await world.untilGone(there);
    await world.buckets.state.remove(RECORD);
    await world.pass(60);
    assert.equal(await world.phase(), 'succeeded');
    assert.deepEqual(world.created, ['ff-demo-1']);
  });

  it('and its copy: a job that has a cluster or results ends, and one that has neither begins', async () => {
    const there = await world.toRunning();
    await world.buckets.state.remove(RECORD);
    await world.buckets.state.remove('previous/demo.json');
    await world.pass(60);
    assert.deepEqual([await world.phase(), (await world.record()).ending?.code], ['draining', 'FF-RECORD-LOST']);
    there.driver = 'failed';
    await world.untilGone(there);
    await world.buckets.results.write('other/attempt-3/exports/x', 'x', {});
    for (const job of ['other', 'new']) {
      await world.upload({ 'run.R': 'x <- 1\n', 'job.yaml': 'script: run.R\n' }, job);
      await world.pass(60, job);
    }
    const other = await world.record('other');
    assert.deepEqual([other.phase, other.ending?.code, other.attempt], ['failed', 'FF-RECORD-LOST', 3]);
    assert.equal((await world.record('new')).phase, 'creating');
  });
});

describe('a marker that somebody has deleted', () => {
  it('is set again at the next tick, because the job has a cluster', async () => {
    const there = await world.toRunning();
    await world.buckets.state.remove('live/demo');
    there.driver = 'succeeded';
    world.nowMs += 60_000;
    await tick({ ports: async () => world.ports, settings });
    assert.equal(there.view.state, 'stopping');
    assert.ok(world.buckets.state.objects.has('live/demo'));
  });

  it('or a place, when its cluster has gone', async () => {
    const there = await world.toRunning();
    there.driver = 'succeeded';
    await world.pass();
    await world.pass();
    world.clusters.delete(there.view.name);
    await world.buckets.state.remove('live/demo');
    world.nowMs += 60_000;
    await tick({ ports: async () => world.ports, settings });
    assert.equal(await world.phase(), 'succeeded');
    assert.equal(world.buckets.state.objects.has('live/demo'), false);
  });
});
