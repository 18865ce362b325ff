/** The kubelet on the embedded API server. */
import { after, before, describe } from 'node:test';
import { startEmbeddedKubernetes, type EmbeddedServer } from '../support/kubelet-embedded.ts';
import { defineBasicSuite } from '../support/kubelet-suite-basic.ts';
import { defineJourneySuite } from '../support/kubelet-suite-journey.ts';
import { defineKubectlSuite } from '../support/kubelet-suite-kubectl.ts';
import { defineLifeSuite } from '../support/kubelet-suite-life.ts';
import { defineOutageSuite } from '../support/kubelet-suite-outage.ts';
import { KubeletWorld } from '../support/kubelet-world.ts';

describe('the kubelet on the embedded API server', () => {
  let world: KubeletWorld;
  let server: EmbeddedServer;
  before(async () => {
    server = await startEmbeddedKubernetes();
    world = new KubeletWorld(server);
    await world.startNode('node-1');
  });
  after(() => world.stop());
  defineBasicSuite(() => world);
  defineLifeSuite(() => world);
  defineJourneySuite(() => world);
  defineKubectlSuite(() => world);
  defineOutageSuite(
    () => world,
    () => server,
  );
});
