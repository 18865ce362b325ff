/** Growing and shrinking, rule by rule: who goes first, who never goes, and what is said about it. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { WorkerProgress } from '../../../functions/job/progress.ts';
import { JobWorld, loop } from '../../support/job-world.ts';
import type { VirtualCluster } from '../../../testing/virtual-ports.ts';

let world: JobWorld;
let there: VirtualCluster;

beforeEach(async () => {
  world = new JobWorld();
  there = await world.toRunning();
});

const worker = (pod: string, state: WorkerProgress['state'], idleSeconds = 1000): WorkerProgress => ({
  pod,
  state,
  loop: 1,
  iterations: state === 'busy' ? 1 : 0,
  sinceSeconds: world.nowMs / 1000 - idleSeconds,
  beatSeconds: world.nowMs / 1000,
});

/** Three workers on each of two machines (see the virtual world: worker i runs on machine i modulo machines). */
function fleet(states: WorkerProgress['state'][], idleSeconds?: number): void {
  there.replicas = states.length;
  there.view.pools[1]!.nodes = Math.ceil(states.length / 3);
  there.workers = states.map((state, index) => worker(`w${index}`, state, idleSeconds));
}

describe('the tail of a loop', () => {
  it('lets idle workers go and keeps every busy one', async () => {
    fleet(['busy', 'idle', 'busy', 'idle', 'idle', 'idle']);
    there.loops = [loop({ done: 98, waiting: 0, seconds: 9800 })];
    await world.pass();
    assert.equal(there.replicas, 2);
    assert.deepEqual(
      there.workers.map((left) => left.state),
      ['busy', 'busy'],
    );
    assert.equal((await world.record()).decisions.at(-1)?.what, 'shrink');
  });

  it('takes nobody when all are busy', async () => {
    fleet(['busy', 'busy', 'busy', 'busy', 'busy', 'busy']);
    there.loops = [loop({ done: 94, waiting: 0, seconds: 9400 })];
    await world.pass();
    assert.equal(there.replicas, 6);
    assert.equal(there.view.pools[1]!.nodes, 2);
  });

  it('waits for as long as a machine takes to boot before it lets an idle worker go', async () => {
    fleet(['busy', 'idle', 'idle', 'idle', 'idle', 'idle'], 0);
    there.loops = [loop({ done: 99, waiting: 0, seconds: 9900 })];
    await world.pass(0);
    assert.equal(there.replicas, 6);
  });

  it('deletes machines that carry no worker, by name', async () => {
    fleet(['busy']);
    there.view.pools[1]!.nodes = 3;
    there.loops = [loop({ done: 99, waiting: 0, seconds: 9900 })];
    await world.pass();
    assert.equal(there.view.pools[1]!.nodes, 1);
    assert.ok(world.calls.includes('clusters.deleteNodes'));
  });
});

describe('growth', () => {
  it('stops at the quota and says so', async () => {
    world.freeVcpus = 4;
    fleet(['busy', 'busy', 'busy']);
    there.loops = [loop({ total: 5000, done: 10, waiting: 4987, seconds: 10_000 })];
    await world.pass();
    const { fleet: size } = await world.record();
    assert.equal(size.code, 'quota');
    assert.match(size.text, /quota/);
  });

  it('does not ask twice for quota that machines on their way will take', async () => {
    fleet(['busy', 'busy', 'busy']);
    there.view.pools[1]!.nodes = 4;
    there.nodesReady = 1;
    world.freeVcpus = 12;
    there.loops = [loop({ total: 5000, done: 10, waiting: 4987, seconds: 10_000 })];
    await world.pass();
    assert.equal(there.view.pools[1]!.nodes, 4);
  });

  it('never takes a machine away while work grows', async () => {
    const before = there.view.pools[1]!.nodes;
    there.loops = [loop({ total: 200, done: 10, waiting: 187, seconds: 1000 })];
    await world.pass();
    assert.ok(there.view.pools[1]!.nodes >= before);
  });

  it('one worker stays between two loops', async () => {
    fleet(['idle', 'idle', 'idle']);
    there.loops = [loop({ done: 100, waiting: 0, seconds: 100, ended: true })];
    await world.pass();
    assert.equal(there.replicas, 1);
  });
});
