/**
 * Longer stories on any API server: Redis behind a Service, the host of a kubelet killed with SIGKILL,
 * a machine switched off, lost, preempted.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { asNode, asPods } from '../../local-cloud/kubelet/answers.ts';
import { corePath } from '../../local-cloud/kubelet/api.ts';
import { readProcess } from '../../local-cloud/kubelet/container/process-table.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { conditionOf, isOver, isReady, isRunning, mainStatus, sh } from './kubelet-suite-basic.ts';
import { TEST_IMAGE, type KubeletWorld } from './kubelet-world.ts';
import { deployment } from './kubernetes-suite-objects.ts';

const NS = 'default';
const POD_IP = { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } };

/** A Deployment of one container. */
function workload(name: string, replicas: number, container: Record<string, unknown>): Record<string, any> {
  const pods = { automountServiceAccountToken: false, terminationGracePeriodSeconds: 2, containers: [container] };
  return deployment(name, replicas, pods);
}

export function defineJourneySuite(world: () => KubeletWorld): void {
  test('workers of a Deployment reach Redis through the variables of its Service', async () => {
    const w = world();
    const redis = {
      name: 'redis',
      image: TEST_IMAGE,
      command: [
        'redis-server',
        '--bind',
        '$(POD_IP)',
        '--port',
        '6379',
        '--dir',
        '/data',
        '--save',
        '',
        '--protected-mode',
        'no',
      ],
      env: [POD_IP],
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
      readinessProbe: { tcpSocket: { port: 6379 }, periodSeconds: 1 },
    };
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'redis' },
      spec: { selector: { app: 'redis' }, ports: [{ port: 6379 }] },
    };
    await w.api.create(corePath('services', NS), service);
    const env = [{ name: 'HOST', value: '$(REDIS_SERVICE_HOST)' }];
    await w.api.create(
      '/apis/apps/v1/namespaces/default/deployments',
      workload('client', 2, sh('redis-cli -h $HOST ping; exec sleep 600', { env })),
    );
    const held = await waitFor('a client waits for Redis', async () => {
      const list = asPods(await w.api.get(corePath('pods', NS), { labelSelector: 'app=client' }));
      return list.items?.find((pod) =>
        /Service "redis"/.test(pod.status?.containerStatuses?.[0]?.state?.waiting?.message ?? ''),
      );
    });
    await w.eventOf(NS, held.metadata?.name ?? '', 'ServiceNotReady', /waiting for a ready pod behind Service "redis"/);
    const wanted = workload('redis', 1, redis);
    wanted.spec.template.spec.volumes = [{ name: 'data', emptyDir: {} }];
    await w.api.create('/apis/apps/v1/namespaces/default/deployments', wanted);
    await waitFor(
      'both clients have their answer',
      () => w.lines.filter((line) => line.pod.startsWith('client-') && line.line === 'PONG').length === 2,
      40,
    );
    for (const name of ['client', 'redis'])
      await w.api.delete(`/apis/apps/v1/namespaces/default/deployments/${name}`, { propagationPolicy: 'Background' });
    await w.api.delete(corePath('services', NS, 'redis'), {});
    await waitFor('no pod of a Deployment is left', async () => {
      const list = asPods(await w.api.get(corePath('pods', NS), { labelSelector: 'app in (client,redis)' }));
      return list.items?.length === 0;
    });
  });

  test('Jobs fail and complete with their pods, and take them along when deleted', async () => {
    const w = world();
    const pod = { automountServiceAccountToken: false, restartPolicy: 'Never' };
    const job = (name: string, command: string) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name },
      spec: { backoffLimit: 0, template: { spec: { ...pod, containers: [sh(command)] } } },
    });
    await w.api.create('/apis/batch/v1/namespaces/default/jobs', job('fails', 'exit 5'));
    await w.api.create('/apis/batch/v1/namespaces/default/jobs', job('works', 'echo fine'));
    const jobs = '/apis/batch/v1/namespaces/default/jobs';
    await w.untilCondition(`${jobs}/fails`, 'Failed');
    await w.untilCondition(`${jobs}/works`, 'Complete');
    for (const name of ['fails', 'works']) await w.api.delete(`${jobs}/${name}`, { propagationPolicy: 'Background' });
    await waitFor('no pod of a Job is left', async () => {
      const list = asPods(await w.api.get(corePath('pods', NS), { labelSelector: 'job-name in (fails,works)' }));
      return list.items?.length === 0;
    });
  });

  test('kill -9 of the process of a kubelet: nothing survives, and the next one restarts the containers', async () => {
    const w = world();
    const options = w.options('crashing', { timing: { retryMs: 200 } });
    const host = await w.startHost(options);
    const script = 'echo $$$$ >>/scratch/pids; setsid sleep 600 & sleep 600 & echo $! >>/scratch/pids; wait';
    const volume = { volumes: [{ name: 'scratch', emptyDir: {} }] };
    const mount = { volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }] };
    await w.createPod(NS, 'survivor', {
      ...volume,
      nodeName: 'crashing',
      terminationGracePeriodSeconds: 1,
      containers: [sh(script, mount)],
    });
    await w.createPod(NS, 'orphan', { nodeName: 'crashing', containers: [sh('exec sleep 600')] });
    const before = await w.podWhen(NS, 'survivor', 'runs', isRunning);
    const orphan = await w.podWhen(NS, 'orphan', 'runs', isRunning);
    const { existsSync, readFileSync } = await import('node:fs');
    const pidsFile = `${options.dir}/pods/${before.metadata?.uid}/volumes/scratch/pids`;
    const pids = await waitFor('the processes have noted their ids', () => {
      const found = existsSync(pidsFile) ? readFileSync(pidsFile, 'utf8').trim().split('\n').map(Number) : [];
      return found.length === 2 ? found : undefined;
    });
    host.kill('SIGKILL');
    await once(host, 'exit');
    await waitFor('the main process dies with its host', () => isGone(pids[0]!));
    await w.api.delete(corePath('pods', NS, 'orphan'), { gracePeriodSeconds: 0 });
    await w.startWith(options);
    const after = await w.podWhen(
      NS,
      'survivor',
      'runs again',
      (pod) => isRunning(pod) && mainStatus(pod).restartCount === 1 && isReady(pod),
    );
    assert.ok(isGone(pids[1]!));
    assert.equal(after.metadata?.uid, before.metadata?.uid);
    assert.equal(after.status?.podIP, before.status?.podIP);
    assert.equal(mainStatus(after).lastState?.terminated?.exitCode, 137);
    await waitFor('emptyDir is kept', () => readFileSync(pidsFile, 'utf8').trim().split('\n').length === 4);
    await waitFor(
      'the directory of the pod that is gone is removed',
      () => !existsSync(`${options.dir}/pods/${orphan.metadata?.uid}`),
    );
    await w.deletePods(NS, 'survivor');
    assert.equal(existsSync(`${options.dir}/pods/${before.metadata?.uid}`), false);
  });

  test('a machine switched off in order lets pods finish and restarts them in place', async () => {
    const w = world();
    const options = w.options('sleeper');
    const first = await w.startWith(options);
    const container = sh('trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.1; done');
    await w.createPod(NS, 'comes-back', {
      nodeName: 'sleeper',
      restartPolicy: 'OnFailure',
      terminationGracePeriodSeconds: 5,
      containers: [container],
    });
    await w.lineOf('comes-back', /^up$/);
    await first.stop();
    await w.lineOf('comes-back', /^bye$/);
    await w.startWith(options);
    const pod = await w.podWhen(
      NS,
      'comes-back',
      'runs again',
      (one) => isRunning(one) && mainStatus(one).restartCount === 1,
    );
    assert.equal(mainStatus(pod).lastState?.terminated?.exitCode, 143);
    await w.api.delete(corePath('pods', NS, 'comes-back'), { gracePeriodSeconds: 1 });
    await w.podGone(NS, 'comes-back');
  });

  test('preemption: pods are told, and end Failed as disrupted', async () => {
    const w = world();
    const kubelet = await w.startWith(w.options('spot'));
    const container = sh('trap "echo told; exit 0" TERM; echo up; while :; do sleep 0.1; done');
    await w.createPod(NS, 'on-spot', { nodeName: 'spot', terminationGracePeriodSeconds: 60, containers: [container] });
    await w.createPod(NS, 'deaf', {
      nodeName: 'spot',
      terminationGracePeriodSeconds: 60,
      containers: [sh('trap "" TERM; echo up; while :; do sleep 0.1; done')],
    });
    await Promise.all([w.lineOf('on-spot', /^up$/), w.lineOf('deaf', /^up$/)]);
    await kubelet.preempt(3);
    await w.lineOf('on-spot', /^told$/);
    for (const name of ['on-spot', 'deaf']) {
      const pod = await w.podWhen(NS, name, 'is over', isOver);
      assert.equal(pod.status?.phase, 'Failed');
      assert.equal(pod.status?.reason, 'Terminated');
      assert.equal(conditionOf(pod, 'DisruptionTarget'), 'True');
    }
    const node = asNode(await w.api.get('/api/v1/nodes/spot'));
    assert.equal(node.status?.conditions?.find((one) => one.type === 'Ready')?.status, 'False');
    assert.ok(node.spec?.taints?.some((taint) => taint.key === 'cloud.google.com/impending-node-termination'));
  });

  test('a lost machine: every process is gone at once and nothing is reported', async () => {
    const w = world();
    const kubelet = await w.startWith(w.options('lost'));
    await w.createPod(NS, 'on-lost', {
      nodeName: 'lost',
      containers: [sh('trap "" TERM; echo pid $$$$; while :; do sleep 0.1; done')],
    });
    const pid = Number((await w.lineOf('on-lost', /^pid \d+$/)).line.slice(4));
    await w.podWhen(NS, 'on-lost', 'runs', isRunning);
    await kubelet.kill();
    assert.ok(isGone(pid));
    assert.equal((await w.pod(NS, 'on-lost'))?.status?.phase, 'Running');
    await w.api.delete(corePath('pods', NS, 'on-lost'), { gracePeriodSeconds: 0 });
    // Nobody says here that it is not ready: pods of later tests would be put there.
    await w.api.delete(corePath('nodes', undefined, 'lost'), {});
  });
}

function isGone(pid: number): boolean {
  const entry = readProcess(pid);
  return entry === undefined || entry.zombie;
}
