// What a pod that does not run says of itself: Kubernetes' own words, and the last ones of its container.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podObject } from '../../../functions/adapters/kubernetes-objects.ts';
import { troubleOf } from '../../../functions/adapters/kubernetes-views.ts';

/** As an API server gives a pod whose container has ended and waits for its next start. */
const restarting = (message?: string): unknown => ({
  metadata: { name: 'workers-1' },
  status: {
    phase: 'Running',
    containerStatuses: [
      {
        state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s restarting failed container=worker' } },
        lastState: { terminated: { reason: 'Error', exitCode: 1, finishedAt: '2026-01-01T00:00:00Z', message } },
      },
    ],
  },
});

const rows: [name: string, message: string | undefined, trouble: string][] = [
  ['nothing', undefined, 'CrashLoopBackOff: back-off 20s restarting failed container=worker'],
  [
    'the last lines, without those for machines',
    'one\ntwo\n{"ff":1,"event":"worker-lost"}\nError in load(file): bad restore file\n\nExecution halted\n',
    'CrashLoopBackOff: back-off 20s restarting failed container=worker; ' +
      'it said: two / Error in load(file): bad restore file / Execution halted',
  ],
];

for (const [name, message, trouble] of rows) {
  test(`of a container that ends again and again: ${name}`, () => {
    assert.equal(troubleOf(podObject.parse(restarting(message))), trouble);
  });
}
