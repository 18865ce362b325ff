/** The kubelet between looking and waiting: no status is left unsent, and the cache knows what was last answered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../local-cloud/kubelet/api.ts';
import type { KubeletContext } from '../../local-cloud/kubelet/kubelet-context.ts';
import { ObjectCache } from '../../local-cloud/kubelet/object-cache.ts';
import { StatusReporter } from '../../local-cloud/kubelet/pod/status-reporter.ts';
import { realTiming } from '../../local-cloud/kubelet/timing.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** Steps of the promise queue between an answer and everything that follows from it; far more than there are. */
const STEPS = 20;

test('a status that changes at any moment around the end of a report is reported as well', async () => {
  for (let step = 0; step < STEPS; step += 1) {
    let phase = 'Pending';
    const sent: string[] = [];
    const api = {
      mergePatch: (_path: string, { status }: { status: { phase: string } }) => {
        sent.push(status.phase);
        return Promise.resolve({ kind: 'Pod' });
      },
    };
    const context = { api, clock: new ManualClock(), timing: realTiming } as unknown as KubeletContext;
    const reporter = new StatusReporter(context, {
      pod: () => ({ metadata: { name: 'p', namespace: 'n' } }),
      status: () => ({ phase }),
      updated: () => undefined,
      gone: () => undefined,
    });
    reporter.submit();
    for (let wait = 0; wait < step; wait += 1) await Promise.resolve();
    phase = 'Running';
    reporter.submit();
    await new Promise(setImmediate);
    assert.equal(sent.at(-1), 'Running', `after ${step} steps`);
  }
});

/** A cache on an API whose answers come when the test says so. */
function cacheOf() {
  const asked: { answer: (value: unknown) => void; fail: (error: Error) => void }[] = [];
  const api = { get: () => new Promise((answer, fail) => asked.push({ answer, fail })) };
  const clock = new ManualClock();
  const cache = new ObjectCache(api as never, () => clock.nowMs());
  /** Asks anew, whatever is known. */
  const read = (): Promise<unknown> => {
    clock.advance(1);
    return cache.get('secrets', 'n', 's', 0);
  };
  return { asked, read };
}

const unreachable = new Error('connect ECONNREFUSED');

test('a read that fails answers with what an earlier one has found meanwhile', async () => {
  const { asked, read } = cacheOf();
  const first = read();
  const second = read();
  asked[0]?.answer({ kind: 'Secret', data: { key: '1' } });
  assert.deepEqual(await first, { kind: 'Secret', data: { key: '1' } });
  asked[1]?.fail(unreachable);
  assert.deepEqual(await second, { kind: 'Secret', data: { key: '1' } });
});

test('an answer that was overtaken does not count as the last one known', async () => {
  const { asked, read } = cacheOf();
  const reads = [read(), read()];
  asked[1]?.answer({ kind: 'Secret', data: { key: 'new' } });
  await reads[1];
  asked[0]?.answer({ kind: 'Secret', data: { key: 'old' } });
  await reads[0];
  const third = read();
  asked[2]?.fail(unreachable);
  assert.deepEqual(await third, { kind: 'Secret', data: { key: 'new' } });
});

test('an object that is known to be gone does not come back while the API server is away', async () => {
  const { asked, read } = cacheOf();
  const first = read();
  asked[0]?.answer({ kind: 'Secret', data: {} });
  await first;
  const second = read();
  asked[1]?.fail(new ApiError(404, 'NotFound', 'not found'));
  assert.equal(await second, undefined);
  const third = read();
  asked[2]?.fail(unreachable);
  await assert.rejects(third, unreachable);
});
