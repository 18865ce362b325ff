/** The kubelet on a real kube-apiserver with controller manager and scheduler. */
import { after, before, describe } from 'node:test';
import { defineBasicSuite } from '../support/kubelet-suite-basic.ts';
import { defineJourneySuite } from '../support/kubelet-suite-journey.ts';
import { defineKubectlSuite } from '../support/kubelet-suite-kubectl.ts';
import { defineLifeSuite } from '../support/kubelet-suite-life.ts';
import { KubeletWorld } from '../support/kubelet-world.ts';
import { needs } from '../support/needs-program.ts';
import { startRealKubernetes } from '../support/real-kubernetes.ts';

describe('the kubelet on a real API server', { skip: needs('kube-apiserver', 'kube-controller-manager') }, () => {
  let world: KubeletWorld;
  before(async () => {
    world = new KubeletWorld(await startRealKubernetes());
    await world.startNode('node-1');
  });
  after(() => world.stop());
  defineBasicSuite(() => world);
  defineLifeSuite(() => world);
  defineJourneySuite(() => world);
  defineKubectlSuite(() => world);
});
