/**
 * What the kubelet does while its API server is away or misbehaves; needs a server
 * that can be stopped and started again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InjectedFault, Faults } from '../../local-cloud/faults.ts';
import { systemClock } from '../../local-cloud/clock.ts';
import { conditionOf, isRunning, mainStatus, sh } from './kubelet-suite-basic.ts';
import { waitFor } from '../../testing/wait-for.ts';
import type { KubeletWorld } from './kubelet-world.ts';

const NS = 'default';

export interface Interruptible {
  /** Ends the server, keeping its state. */
  pause(): Promise<void>;
  /** Starts it again on the same port. */
  resume(): Promise<void>;
}

export function defineOutageSuite(world: () => KubeletWorld, server: () => Interruptible): void {
  test('pods go on while the API server is away, and it learns afterwards what has happened', async () => {
    const w = world();
    const script =
      'echo run >>/scratch/runs; n=$(wc -l </scratch/runs); echo run $n; [ $n -ge 3 ] && exec sleep 600; ' +
      'sleep 0.3; exit 9';
    await w.createPod(NS, 'outlives', {
      terminationGracePeriodSeconds: 1,
      containers: [sh(script, { volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }] })],
      volumes: [{ name: 'scratch', emptyDir: {} }],
    });
    await w.lineOf('outlives', /^run 1$/);
    await server().pause();
    await w.lineOf('outlives', /^run 3$/);
    await server().resume();
    const pod = await w.podWhen(
      NS,
      'outlives',
      'is reported',
      (one) => mainStatus(one).restartCount === 2 && isRunning(one),
    );
    assert.equal(mainStatus(pod).lastState?.terminated?.exitCode, 9);
    await w.createPod(NS, 'after-outage', { terminationGracePeriodSeconds: 1, containers: [sh('exec sleep 600')] });
    await w.podWhen(NS, 'after-outage', 'runs', isRunning);
    await w.deletePods(NS, 'outlives', 'after-outage');
  });

  test('a kubelet that starts before its API server registers when that comes', async () => {
    const w = world();
    await server().pause();
    await w.startNode('early');
    await server().resume();
    await waitFor('the node is there', async () => (await w.client.nodeNames()).includes('early'));
  });

  test('a scripted fault: the container does not start, and does at the next try', async () => {
    const w = world();
    const faults = new Faults(systemClock);
    faults.set([{ service: 'kubelet', method: 'start container', nth: 1, effect: 'status', status: 500 }]);
    await w.startNode('faulty', { faults });
    await w.createPod(NS, 'unlucky', {
      nodeName: 'faulty',
      terminationGracePeriodSeconds: 1,
      containers: [sh('exec sleep 600')],
    });
    const pod = await w.podWhen(NS, 'unlucky', 'runs', (one) => conditionOf(one, 'Ready') === 'True');
    assert.equal(mainStatus(pod).lastState?.terminated?.reason, 'StartError');
    assert.match(
      mainStatus(pod).lastState?.terminated?.message ?? '',
      new RegExp(new InjectedFault(faults.list()[0]!).message),
    );
    await w.deletePods(NS, 'unlucky');
  });
}
