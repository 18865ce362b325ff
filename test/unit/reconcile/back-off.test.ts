/** What fails again and again is tried less often; a location that refuses a cluster is not asked again. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { newRecord, withDecision } from '../../../functions/job/job-record.ts';
import { dueActions, nextTrouble, type Trouble, troubleAfter } from '../../../functions/job/trouble.ts';
import { PortError } from '../../../functions/ports/port-error.ts';
import { JobWorld } from '../../support/job-world.ts';

let world: JobWorld;

beforeEach(() => {
  world = new JobWorld();
});

const upload = (): Promise<void> => world.upload({ 'run.R': 'x <- 1', 'job.yaml': 'script: run.R' });
const refuse = (code: `FF-${string}`, times: number, retry = false): void => {
  for (let time = 0; time < times; time += 1)
    world.failNext('clusters.create', 'before', new PortError(code, `refused ${time}`, { retry }));
};

describe('an action that fails again and again', () => {
  const rows: [code: string, retry: boolean, action: Trouble['action'], waits: number[]][] = [
    ['FF-BUCKET', true, 'back-up', [1, 5, 10, 20, 40, 50, 50]],
    ['FF-KUBERNETES', true, 'apply-workload', [1, 5, 10, 20, 40, 80, 120, 120]],
    ['FF-CLOUD-PERMISSION', false, 'resize-pool', [1, 60, 120, 240, 480, 600, 600]],
    ['FF-PASS-OVERTAKEN', true, 'scale-workers', [1, 1, 2, 4, 5, 5]],
    ['FF-WORKLOAD-CHANGED', true, 'scale-workers', [1, 1, 2, 4, 5, 5]],
    ['FF-PLACES-BUSY', true, 'take-place', [1, 1, 2, 4, 8, 15, 15]],
    ['FF-CLOUD-BUSY', true, 'create-cluster', [1, 30, 60, 120, 120]],
    ['FF-CLUSTER-BUSY', true, 'resize-pool', [1, 15, 30, 60, 60]],
    ['FF-CLOUD-PERMISSION', false, 'delete-cluster', [1, 50, 50]],
  ];
  for (const [code, retry, action, waits] of rows)
    it(`waits longer from try to try, up to a bound: ${code} of ${action}`, () => {
      let trouble: Trouble | null = null;
      const seen: number[] = [];
      for (let count = 0; count < waits.length; count += 1) {
        trouble = nextTrouble(trouble, action, { code, message: '', retry }, 0);
        seen.push(Date.parse(trouble.nextTryAt) / 1000);
      }
      assert.deepEqual(seen, waits);
    });

  it('waits as long as the other side wants, if that is longer, and not for ever', () => {
    const after = (retryAfterSeconds: number): number => {
      const error = { code: 'FF-KUBERNETES', message: '429', retry: true, retryAfterSeconds };
      return Date.parse(nextTrouble(null, 'apply-workload', error, 0).nextTryAt) / 1000;
    };
    assert.deepEqual([0, 1, 30, 86_400].map(after), [1, 1, 30, 600]);
  });

  it('holds back what relies on it, and nothing else', () => {
    const trouble = nextTrouble(null, 'back-up', { code: 'FF-BUCKET', message: '', retry: true }, 0);
    const deletion = { do: 'delete-cluster', name: 'n', location: 'l' } as const;
    const actions = [{ do: 'renew-lease' }, { do: 'back-up' }, { do: 'set-gate', tasks: 4 }, deletion] as const;
    assert.deepEqual(dueActions(actions, trouble, 999), [{ do: 'renew-lease' }, { do: 'set-gate', tasks: 4 }]);
    assert.deepEqual(dueActions(actions, trouble, 1000), actions);
    assert.deepEqual(dueActions([deletion], trouble, 0), [deletion]);
  });

  it('is remembered before others, if it saves results or money; the others wait no longer for that', () => {
    const failed = (action: Trouble['action']) => ({ action, error: { code: 'FF-X', message: '', retry: true } });
    const tried = [{ do: 'renew-lease' }, { do: 'back-up' }] as const;
    const lease = troubleAfter(null, tried, [failed('renew-lease')], 0);
    assert.equal(lease?.action, 'renew-lease');
    const both = troubleAfter(lease, tried, [failed('renew-lease'), failed('back-up')], 0);
    assert.deepEqual([both?.action, both?.count], ['back-up', 1]);
    const still = troubleAfter(both, [{ do: 'renew-lease' }], [failed('renew-lease')], 0);
    assert.deepEqual(still, both);
    const again = troubleAfter(both, tried, [failed('renew-lease'), failed('back-up')], 0);
    assert.deepEqual([again?.action, again?.count], ['back-up', 2]);
    assert.equal(troubleAfter(again, tried, [failed('renew-lease')], 0)?.action, 'renew-lease');
    assert.equal(troubleAfter(again, tried, [], 0), null);
  });

  const refusedCalls: [call: string, what: string][] = [
    ['uploads.remove', 'an answered request that cannot be removed'],
    ['queue.stop', 'a driver that cannot be told'],
    ['queue.renewLease', 'a lease that cannot be renewed'],
  ];
  for (const [call, what] of refusedCalls)
    it(`does not keep a cancelled job's results from being saved, and its cluster from going: ${what}`, async () => {
      const there = await world.toRunning();
      there.journal(1, 1);
      for (let time = 0; time < 200; time += 1) world.failNext(call);
      await world.buckets.uploads.write('jobs/demo/control/cancel.json', '{}', {});
      for (let pass = 0; pass < 5; pass += 1) await world.pass(20);
      assert.equal((await world.record()).ledger.results, 1);
      assert.equal(there.view.state, 'stopping');
    });

  it('is called some seventy times an hour at most, whatever comes in between, and is told of once', async () => {
    const there = await world.toRunning();
    there.journal(1, 1);
    for (let call = 0; call < 5000; call += 1) world.failNext('results.write');
    world.calls.length = 0;
    for (let second = 0; second < 3600; second += 5) await world.pass(5);
    const tries = world.calls.filter((call) => call === 'results.write').length;
    assert.ok(tries > 50 && tries < 80, String(tries));
    const { decisions } = await world.record();
    const told = decisions.filter(({ what }) => what === 'could not act');
    assert.equal(told.length, 1);
    assert.equal(told[0]?.count, tries);
    assert.ok(decisions.some(({ what }) => what === 'phase creating'));
  });

  it('is done at once when the trouble is over, and nothing speaks of it any more', async () => {
    const there = await world.toRunning();
    there.journal(1, 1);
    world.failNext('results.write');
    const result = await world.pass();
    assert.ok(result.did === 'acted' && result.again);
    await world.pass();
    assert.equal((await world.record()).ledger.results, 1);
    assert.equal((await world.record()).trouble, null);
  });
});

describe('a location that refuses a cluster', () => {
  for (const code of ['FF-CLUSTER-QUOTA', 'FF-CLUSTER-STOCKOUT', 'FF-CLUSTER-REFUSED'] as const)
    it(`is left for the next one (${code})`, async () => {
      await upload();
      refuse(code, 1);
      const result = await world.pass();
      assert.ok(result.did === 'acted' && result.again);
      await world.pass();
      assert.equal(world.cluster().view.location, 'zone-b');
      const { decisions, clustersMade } = await world.record();
      assert.match(decisions.find((one) => one.code === 'location-refused')?.text ?? '', /zone-a: refused 0/);
      assert.equal(clustersMade, 1);
    });

  it('ends the job when there is no other, says what the cloud has said, and costs nothing', async () => {
    await upload();
    refuse('FF-CLUSTER-QUOTA', 10);
    for (let pass = 0; pass < 10; pass += 1) await world.pass();
    const { ending, spending } = await world.record();
    assert.equal(ending?.code, 'FF-CLUSTER-STOCKOUT');
    assert.match(ending?.message ?? '', /refused 1/);
    assert.equal(spending.usd, 0);
    assert.equal(world.calls.filter((call) => call === 'clusters.create').length, 2);
  });

  it('is asked again when the error is not about it', async () => {
    await upload();
    refuse('FF-CLUSTER', 2, true);
    for (const seconds of [1, 2, 10]) await world.pass(seconds);
    assert.equal(world.cluster().view.location, 'zone-a');
  });
});

describe('decisions', () => {
  it('of the same kind are counted since the last move, and push nothing out', () => {
    let record = newRecord('demo', '2026-11-26T00:00:00.000Z');
    const note = (what: string, code: string, at: string): void => {
      record = withDecision(record, { at, what, code, text: `${code} at ${at}` });
    };
    note('phase running', 'running', 't0');
    for (let time = 1; time <= 100; time += 1) {
      note('wait', 'queue-unknown', `t${time}`);
      note('could not act', 'FF-BUCKET', `t${time}`);
      note('grow', 'work', `t${time}`);
    }
    const kinds = new Map(record.decisions.map((one) => [one.code, one]));
    assert.equal(kinds.get('FF-BUCKET')?.count, 100);
    assert.deepEqual([kinds.get('queue-unknown')?.firstAt, kinds.get('queue-unknown')?.at], ['t1', 't100']);
    assert.equal(record.decisions.length, 60);
  });
});
