/** The kubelet on a real kube-apiserver with controller manager and scheduler. */
import { after, before, describe, test } from 'node:test';
import { defineBasicSuite } from '../support/kubelet-suite-basic.ts';
import { defineJourneySuite } from '../support/kubelet-suite-journey.ts';
import { defineLifeSuite } from '../support/kubelet-suite-life.ts';
import { KubeletWorld } from '../support/kubelet-world.ts';
import { startRealKubernetes } from '../support/real-kubernetes.ts';

const real = await startRealKubernetes();

if ('skip' in real) test('the kubelet on a real API server', { skip: real.skip }, () => undefined);
else if (!real.controllers) {
  await real.stop();
  test(
    'the kubelet on a real API server',
    { skip: 'no controller manager and scheduler among the programs' },
    () => undefined,
  );
} else {
  const world = new KubeletWorld(real);
  describe('the kubelet on a real API server', () => {
    before(async () => {
      await world.startNode('node-1');
    });
    after(() => world.stop());
    defineBasicSuite(() => world);
    defineLifeSuite(() => world);
    defineJourneySuite(() => world);
  });
}
