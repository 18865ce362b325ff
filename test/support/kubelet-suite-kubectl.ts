/**
 * kubectl itself against an API server and the kubelet: its logs, its waiting and its deleting.
 * The behaviour is tested without it as well.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { waitFor } from '../../testing/wait-for.ts';
import { isRunning, sh } from './kubelet-suite-basic.ts';
import type { KubeletWorld } from './kubelet-world.ts';
import { kubectlFiles, needs } from './needs-program.ts';

const run = promisify(execFile);
const NS = 'default';

export function defineKubectlSuite(world: () => KubeletWorld): void {
  describe('kubectl', { skip: needs('kubectl') }, () => {
    const [program] = kubectlFiles();
    const line = (...args: string[]): string[] => ['--kubeconfig', world().kubeconfig, ...args];
    const kubectl = async (...args: string[]): Promise<string> =>
      (await run(program!, line(...args), { timeout: 60_000 })).stdout;

    test('logs: follow, tail, time stamps, the run before', async () => {
      const w = world();
      const script = [
        '[ -e /scratch/again ] || { touch /scratch/again; echo run 0; exit 1; }',
        'echo first; while [ ! -e /scratch/go ]; do sleep 0.05; done; echo second; exec sleep 600',
      ].join('\n');
      await w.createPod(NS, 'kubectl-logs', {
        nodeName: 'node-1',
        terminationGracePeriodSeconds: 1,
        volumes: [{ name: 'scratch', emptyDir: {} }],
        containers: [sh(script, { volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }] })],
      });
      await w.lineOf('kubectl-logs', /^first$/);
      assert.equal(await kubectl('logs', 'kubectl-logs', '--previous'), 'run 0\n');
      const stamped = await kubectl('logs', 'kubectl-logs', '--tail=1', '--timestamps');
      assert.match(stamped, /^\d{4}-\d\d-\d\dT[\d:.]+Z first\n$/);
      const follower = spawn(program!, line('logs', '-f', 'kubectl-logs'), { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(follower, 'exit');
      let text = '';
      follower.stdout.on('data', (data: Buffer) => (text += data.toString()));
      await waitFor('kubectl logs -f shows what is there', () => text === 'first\n');
      const pod = await w.pod(NS, 'kubectl-logs');
      writeFileSync(`${w.dir}/nodes/node-1/pods/${pod?.metadata?.uid}/volumes/scratch/go`, '');
      await waitFor('kubectl logs -f shows what comes', () => text === 'first\nsecond\n');
      await kubectl('delete', 'pod', 'kubectl-logs');
      assert.equal(await w.pod(NS, 'kubectl-logs'), undefined);
      await ended;
    });

    test('get, wait and delete', async () => {
      const w = world();
      const containers = [sh('exec sleep 600')];
      await w.createPod(NS, 'kubectl-pod', { nodeName: 'node-1', terminationGracePeriodSeconds: 1, containers });
      await kubectl('wait', '--for=condition=Ready', 'pod/kubectl-pod', '--timeout=60s');
      assert.ok(isRunning((await w.pod(NS, 'kubectl-pod'))!));
      assert.match(await kubectl('get', 'pods'), /^kubectl-pod +1\/1 +Running +0 +\d+s$/m);
      assert.match(await kubectl('get', 'nodes', '-o', 'name'), /^node\/node-1$/m);
      await kubectl('delete', 'pod', 'kubectl-pod', '--wait=false');
      await kubectl('wait', '--for=delete', 'pod/kubectl-pod', '--timeout=60s');
      await w.podGone(NS, 'kubectl-pod');
    });
  });
}
