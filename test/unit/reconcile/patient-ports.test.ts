/** Calls that are refused for a moment are made again at once, where doing so twice changes nothing. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { PortError } from '../../../functions/ports/port-error.ts';
import { withPatience } from '../../../functions/reconcile/patient-ports.ts';
import { JobWorld } from '../../support/job-world.ts';

let world: JobWorld;

beforeEach(() => {
  world = new JobWorld();
});

function failTimes(call: string, times: number, error?: PortError): void {
  for (let time = 0; time < times; time += 1) world.failNext(call, 'before', error);
}

describe('a call that is refused', () => {
  it('is made again, twice', async () => {
    const { state } = withPatience(world.ports).buckets;
    await world.buckets.state.write('a', 'text', {});
    failTimes('state.read', 2);
    assert.equal(String((await state.read('a', 100))?.bytes), 'text');
    failTimes('state.read', 3);
    await assert.rejects(state.read('a', 100), { code: 'FF-TEST' });
  });

  it('is not made again where time alone does not mend it', async () => {
    const { state } = withPatience(world.ports).buckets;
    failTimes('state.read', 1, new PortError('FF-OBJECT-TOO-LARGE', 'it has 9 bytes', { retry: false }));
    await assert.rejects(state.read('a', 1), { code: 'FF-OBJECT-TOO-LARGE' });
  });

  it('is not made again where the other side wants to be left alone', async () => {
    const { state } = withPatience(world.ports).buckets;
    failTimes('state.read', 1, new PortError('FF-BUCKET', '429', { retry: true, retryAfterSeconds: 2 }));
    await assert.rejects(state.read('a', 1), { code: 'FF-BUCKET', retryAfterSeconds: 2 });
  });

  it('is not made again where its refusal was long in coming', async () => {
    const { state } = world.buckets;
    const read = state.read.bind(state);
    let asked = 0;
    state.read = async (name, maxBytes) => {
      asked += 1;
      world.nowMs += 30_000;
      world.failNext('state.read');
      return read(name, maxBytes);
    };
    await assert.rejects(withPatience(world.ports).buckets.state.read('a', 100), { code: 'FF-TEST' });
    assert.equal(asked, 1);
  });

  it('is made again where it writes what is written once, and nowhere else', async () => {
    const { state, results } = withPatience(world.ports).buckets;
    failTimes('results.write', 2);
    await results.write('a', 'text', { ifGeneration: '0', contentType: 'text/plain' });
    failTimes('state.write', 1);
    await assert.rejects(state.write('a', 'text', { contentType: 'text/plain' }), { code: 'FF-TEST' });
  });
});
