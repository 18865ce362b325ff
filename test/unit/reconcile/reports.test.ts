/**
 * Reports of errors and descriptions of loops on their way to the bucket, and what
 * ends a job of which nearly everything fails.
 */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import * as z from 'zod';
import { JobWorld } from '../../support/job-world.ts';

let world: JobWorld;

beforeEach(() => {
  world = new JobWorld();
});

const error = (iteration: number): { id: string; json: string } => ({
  id: `${iteration}-0`,
  json: JSON.stringify({ loop: 1, iteration, message: `no value for ${iteration}` }),
});

const report = z.object({ iteration: z.number().optional(), loop: z.number().optional() });

function lines(below: string): z.infer<typeof report>[] {
  const names = [...world.buckets.results.objects.keys()].filter((name) => name.startsWith(below)).toSorted();
  const texts = names.map((name) => world.buckets.results.objects.get(name)!.bytes.toString());
  return texts.flatMap((text) => text.trimEnd().split('\n')).map((line) => report.parse(JSON.parse(line)));
}

const saved = (): (number | undefined)[] => lines('demo/attempt-1/errors/').map(({ iteration }) => iteration);

describe('reports', () => {
  it('of all errors are in the bucket after one pass, however many', async () => {
    const there = await world.toRunning();
    there.errors = Array.from({ length: 120 }, (_, index) => error(index + 1));
    await world.pass();
    assert.deepEqual(
      saved(),
      Array.from({ length: 120 }, (_, index) => index + 1),
    );
    assert.equal((await world.record()).ledger.errors, 120);
    assert.deepEqual(there.errors, []);
  });

  it('are neither lost nor doubled when a pass dies after writing them', async () => {
    const there = await world.toRunning();
    there.errors = [error(1), error(2)];
    world.failNext('queue.confirmReports');
    await world.pass();
    there.errors.push(error(3));
    await world.pass();
    await world.pass();
    assert.deepEqual(saved(), [1, 2, 3]);
    assert.equal((await world.record()).ledger.errors, 3);
  });

  it('of loops are kept as they are, once', async () => {
    const there = await world.toRunning();
    there.described = [{ id: '5-0', json: '{"loop":1}' }];
    world.failNext('queue.confirmReports');
    await world.pass();
    there.described.push({ id: '6-0', json: '{"loop":2}' });
    await world.pass();
    assert.deepEqual(
      lines('demo/attempt-1/loops/').map(({ loop }) => loop),
      [1, 2],
    );
    assert.deepEqual(there.described, []);
  });

  it('that cannot be written keep the cluster', async () => {
    const there = await world.toRunning();
    there.driver = 'failed';
    there.errors = [error(1)];
    for (let i = 0; i < 3; i += 1) {
      world.failNext('queue.confirmReports');
      await world.pass(10);
    }
    assert.equal(there.view.state, 'running');
    assert.match((await world.record()).waitingFor ?? '', /1 results and reports to be written/);
    await world.pass(120);
    await world.untilGone(there);
    assert.deepEqual(saved(), [1]);
  });
});

describe('too many errors', () => {
  it('are limited by default, and as the job file says', async () => {
    type Inputs = { errorLimits: unknown; tasks: object };
    const limitsOf = async (jobFile: string): Promise<Inputs> => {
      world = new JobWorld();
      return (await world.toCanary(jobFile)).workload!.inputs as Inputs;
    };
    assert.deepEqual((await limitsOf('script: run.R\n')).errorLimits, { count: 30, rate: 0.9, sample: 30 });
    const given = await limitsOf('script: run.R\ntasks: {errors: {count: 5}}\n');
    assert.deepEqual(given.errorLimits, { count: 5, rate: 0.9, sample: 30 });
    assert.ok(!('errors' in given.tasks));
    assert.equal((await limitsOf('script: run.R\ntasks: {errors: null}\n')).errorLimits, null);
  });

  it('end the job with a code of their own, and say how to go on', async () => {
    const there = await world.toRunning();
    there.driver = 'failed';
    there.driverState = 'failed';
    there.driverReason = 'error-limit';
    there.driverMessage = 'too many errors: 30 of 31 finished iterations of loop 1 failed';
    await world.pass();
    const { ending } = await world.record();
    assert.deepEqual(
      [ending?.outcome, ending?.code, ending?.message],
      ['failed', 'FF-TOO-MANY-ERRORS', there.driverMessage],
    );
    assert.match(ending?.remedy ?? '', /raise tasks\.errors/);
  });

  it('are the only reason that has its own code', async () => {
    const there = await world.toRunning();
    there.driver = 'failed';
    there.driverReason = 'something new';
    await world.pass();
    assert.equal((await world.record()).ending?.code, 'FF-SCRIPT-FAILED');
  });
});
