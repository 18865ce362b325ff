/**
 * What the kubelet must do on any API server while pods live: restarts, probes,
 * logs, deletion, memory limits, sidecars.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { corePath } from '../../local-cloud/kubelet/api.ts';
import { readProcess } from '../../local-cloud/kubelet/container/process-table.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { conditionOf, isOver, isReady, isRunning, mainStatus, sh } from './kubelet-suite-basic.ts';
import type { KubeletWorld } from './kubelet-world.ts';

const NS = 'default';
const EMPTY_WORK = { volumes: [{ name: 'scratch', emptyDir: {} }] };
const WORK_MOUNT = { volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }] };

export function defineLifeSuite(world: () => KubeletWorld): void {
  test('a failing container is restarted with growing delays and keeps its emptyDir', async () => {
    const w = world();
    const container = sh('echo run >>/scratch/runs; echo run $(wc -l </scratch/runs); exit 7', WORK_MOUNT);
    await w.createPod(NS, 'crashes', { ...EMPTY_WORK, terminationGracePeriodSeconds: 1, containers: [container] });
    const pod = await w.podWhen(
      NS,
      'crashes',
      'backs off',
      (one) => mainStatus(one).state?.waiting?.reason === 'CrashLoopBackOff' && mainStatus(one).restartCount >= 2,
    );
    assert.match(
      mainStatus(pod).state?.waiting?.message ?? '',
      /^back-off \d+(ms|s) restarting failed container=main pod=crashes_default\(/,
    );
    assert.equal(mainStatus(pod).lastState?.terminated?.exitCode, 7);
    assert.equal(pod.status?.phase, 'Running');
    await w.lineOf('crashes', /^run 3$/);
    await w.eventOf(NS, 'crashes', 'BackOff', /^Back-off restarting failed container main in pod crashes_default\(/);
    await w.deletePods(NS, 'crashes');
  });

  test('a container waits while another program has its port, which is named, and starts when it is free', async () => {
    const w = world();
    const stranger = createServer().listen(0, '0.0.0.0');
    await once(stranger, 'listening');
    const address = stranger.address();
    assert.ok(address !== null && typeof address === 'object');
    const ports = [{ containerPort: address.port }];
    const probe = { readinessProbe: { tcpSocket: { port: address.port }, periodSeconds: 1 } };
    await w.createPod(NS, 'port', { containers: [{ ...sh('echo started; sleep 100', probe), ports }] });
    const pod = await w.podWhen(NS, 'port', 'waits', (one) => mainStatus(one).state?.waiting?.message !== undefined);
    assert.deepEqual([mainStatus(pod).state?.waiting?.reason, isReady(pod)], ['RunContainerError', false]);
    const message = mainStatus(pod).state?.waiting?.message ?? '';
    assert.match(
      message,
      new RegExp(`^port ${address.port} of 127[.0-9]+ is taken by .*node.* \\(process ${process.pid}\\)`),
    );
    await w.eventOf(NS, 'port', 'Failed', /is taken by/);
    stranger.close();
    await w.lineOf('port', /^started$/);
    await w.deletePods(NS, 'port');
  });

  test('OnFailure restarts until success', async () => {
    const w = world();
    const container = sh('echo run >>/scratch/runs; [ $(wc -l </scratch/runs) -ge 3 ]', WORK_MOUNT);
    await w.createPod(NS, 'third-time', { ...EMPTY_WORK, restartPolicy: 'OnFailure', containers: [container] });
    const pod = await w.podWhen(NS, 'third-time', 'is over', isOver);
    assert.equal(pod.status?.phase, 'Succeeded');
    assert.equal(mainStatus(pod).restartCount, 2);
  });

  test('a failing init container of a pod that never restarts ends it', async () => {
    const w = world();
    await w.createPod(NS, 'init-fails', {
      restartPolicy: 'Never',
      initContainers: [{ ...sh('exit 4'), name: 'prepare' }],
      containers: [sh('echo never')],
    });
    const pod = await w.podWhen(NS, 'init-fails', 'is over', isOver);
    assert.equal(pod.status?.phase, 'Failed');
    assert.equal(conditionOf(pod, 'Initialized'), 'False');
    assert.equal(mainStatus(pod).state?.waiting?.reason, 'PodInitializing');
  });

  test('a sidecar starts before the main container and ends after it', async () => {
    const w = world();
    const sidecar = {
      ...sh('trap "echo sidecar ends; exit 0" TERM; echo sidecar; while :; do sleep 0.1; done'),
      name: 'side',
      restartPolicy: 'Always',
    };
    await w.createPod(NS, 'sidecar', {
      restartPolicy: 'Never',
      initContainers: [sidecar],
      containers: [sh('sleep 0.5; echo main')],
    });
    const pod = await w.podWhen(NS, 'sidecar', 'is over', isOver);
    assert.equal(pod.status?.phase, 'Succeeded');
    const order = w.lines.filter((line) => line.pod === 'sidecar').map((line) => line.line);
    assert.deepEqual(order, ['sidecar', 'main', 'sidecar ends']);
  });

  test('readiness follows its probe, liveness kills, startup holds both back', async () => {
    const w = world();
    const period = { periodSeconds: 1, failureThreshold: 1 };
    const container = sh('touch /scratch/started /scratch/alive; exec sleep 600', {
      ...WORK_MOUNT,
      startupProbe: { exec: { command: ['test', '-e', '/scratch/started'] }, periodSeconds: 1, failureThreshold: 30 },
      readinessProbe: { exec: { command: ['test', '-e', '/scratch/ready'] }, ...period },
      livenessProbe: { exec: { command: ['test', '-e', '/scratch/alive'] }, ...period },
    });
    await w.createPod(NS, 'probes', { ...EMPTY_WORK, terminationGracePeriodSeconds: 1, containers: [container] });
    const started = await w.podWhen(NS, 'probes', 'has started', (pod) => mainStatus(pod).started === true);
    assert.equal(conditionOf(started, 'Ready'), 'False');
    await w.eventOf(NS, 'probes', 'Unhealthy', /^Readiness probe failed/);
    const work = `${w.dir}/nodes/node-1/pods/${started.metadata?.uid}/volumes/scratch`;
    const { rmSync, writeFileSync } = await import('node:fs');
    writeFileSync(`${work}/ready`, '');
    await w.podWhen(NS, 'probes', 'is ready', isReady);
    rmSync(`${work}/alive`);
    const restarted = await w.podWhen(NS, 'probes', 'is restarted', (pod) => mainStatus(pod).restartCount === 1);
    assert.equal(mainStatus(restarted).lastState?.terminated?.exitCode, 143);
    await w.eventOf(NS, 'probes', 'Killing', /Container main failed liveness probe, will be restarted/);
    await w.deletePods(NS, 'probes');
  });

  test('probes by TCP and HTTP go to the address of the pod', async () => {
    const w = world();
    const program =
      `require('node:http').createServer((q, r) => { r.statusCode = q.url === '/ok' ? 200 : 500; r.end(); })` +
      '.listen(8080, process.env.POD_IP)';
    const container = {
      ...sh(''),
      command: [process.execPath, '-e', program],
      env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
      ports: [{ name: 'web', containerPort: 8080 }],
      startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 30 },
      readinessProbe: { httpGet: { port: 'web', path: '/ok' }, periodSeconds: 1 },
    };
    await w.createPod(NS, 'web', { terminationGracePeriodSeconds: 1, containers: [container] });
    await w.podWhen(NS, 'web', 'is ready', isReady);
    await w.deletePods(NS, 'web');
  });

  test('logs: follow, tail, timestamps, previous run, long lines', async () => {
    const w = world();
    const script = [
      'n=$(cat /scratch/n 2>/dev/null || echo 0); echo $((n + 1)) >/scratch/n; echo run $n',
      '[ $n = 0 ] && exit 1',
      'head -c 40000 /dev/zero | tr "\\0" x; echo; echo first; ' +
        'while [ ! -e /scratch/go ]; do sleep 0.05; done; echo second; exec sleep 600',
    ].join('\n');
    await w.createPod(NS, 'logs', {
      ...EMPTY_WORK,
      terminationGracePeriodSeconds: 1,
      containers: [sh(script, WORK_MOUNT)],
    });
    await w.lineOf('logs', /^first$/);
    assert.equal((await w.client.logs(NS, 'logs', { previous: true })).trim(), 'run 0');
    // The line is told as it comes and written behind that.
    await waitFor('the line is on disk', async () => (await w.client.logs(NS, 'logs', { tailLines: 1 })) === 'first\n');
    const stamped = await w.client.logs(NS, 'logs', { tailLines: 1, timestamps: true });
    assert.match(stamped, /^\d{4}-\d\d-\d\dT[\d:.]+Z first\n$/);
    const follow = await w.client.follow(NS, 'logs');
    await waitFor('the follower has what is there', () => follow.text().includes('first\n'));
    assert.deepEqual(
      follow
        .text()
        .split('\n')
        .map((line) => line.length),
      ['run 1'.length, 40_000, 'first'.length, 0],
    );
    const pod = await w.pod(NS, 'logs');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${w.dir}/nodes/node-1/pods/${pod?.metadata?.uid}/volumes/scratch/go`, '');
    await waitFor('the follower has what comes', () => follow.text().includes('second'));
    const long = await w.lineOf('logs', /^x+$/);
    assert.equal(long.line.length, 40_000);
    await w.deletePods(NS, 'logs');
    await follow.ended;
  });

  test('deletion: preStop, SIGTERM, and the pod is gone when its process has ended', async () => {
    const w = world();
    const container = sh(
      'trap "cat /scratch/hook; sleep 0.3; echo term; exit 0" TERM; echo up; while :; do sleep 0.1; done',
      {
        ...WORK_MOUNT,
        lifecycle: { preStop: { exec: { command: ['sh', '-c', 'echo hook >/scratch/hook'] } } },
      },
    );
    await w.createPod(NS, 'graceful', { ...EMPTY_WORK, terminationGracePeriodSeconds: 20, containers: [container] });
    await w.lineOf('graceful', /^up$/);
    await w.deletePods(NS, 'graceful');
    await w.podGone(NS, 'graceful');
    await w.lineOf('graceful', /^hook$/);
    await w.lineOf('graceful', /^term$/);
    await w.eventOf(NS, 'graceful', 'Killing', /^Stopping container main$/);
  });

  test('deletion: SIGKILL for the whole process group when the grace is over', async () => {
    const w = world();
    const script =
      'trap "echo refused" TERM; setsid sh -c "echo daemon; exec sleep 600" & ' +
      '(trap "" TERM; echo child $(exec sh -c "echo \\$PPID"); while :; do sleep 0.1; done) & ' +
      'while :; do sleep 0.1; done';
    await w.createPod(NS, 'stubborn', { terminationGracePeriodSeconds: 1, containers: [sh(script)] });
    const child = Number((await w.lineOf('stubborn', /^child \d+$/)).line.slice(6));
    await w.lineOf('stubborn', /^daemon/);
    assert.ok(readProcess(child));
    await w.api.delete(corePath('pods', NS, 'stubborn'), {});
    const leaving = await w.podWhen(
      NS,
      'stubborn',
      'is being deleted',
      (pod) => pod.metadata?.deletionTimestamp !== undefined,
    );
    assert.equal(leaving.metadata?.deletionGracePeriodSeconds, 1);
    await w.podGone(NS, 'stubborn');
    await w.lineOf('stubborn', /^refused$/);
    assert.equal(readProcess(child) === undefined || readProcess(child)?.zombie, true);
  });

  test('a forced deletion kills at once', async () => {
    const w = world();
    await w.createPod(NS, 'forced', { containers: [sh('trap "" TERM; echo pid $$$$; while :; do sleep 0.1; done')] });
    const pid = Number((await w.lineOf('forced', /^pid \d+$/)).line.slice(4));
    await w.api.delete(corePath('pods', NS, 'forced'), { gracePeriodSeconds: 0 });
    await waitFor('the process is gone', () => readProcess(pid) === undefined);
  });

  test('a container over its memory limit is killed: OOMKilled, 137', async () => {
    const w = world();
    const container = {
      ...sh(''),
      command: [process.execPath, '-e', 'const hold = []; setInterval(() => hold.push(Buffer.alloc(20 << 20, 1)), 20)'],
      resources: { limits: { memory: '200Mi' } },
    };
    await w.createPod(NS, 'memory', { restartPolicy: 'Never', containers: [container] });
    const pod = await w.podWhen(NS, 'memory', 'is over', isOver);
    assert.equal(mainStatus(pod).state?.terminated?.reason, 'OOMKilled');
    assert.equal(mainStatus(pod).state?.terminated?.exitCode, 137);
  });

  test('FallbackToLogsOnError takes the end of the log as message', async () => {
    const w = world();
    await w.createPod(NS, 'fallback', {
      restartPolicy: 'Never',
      containers: [sh('echo why; exit 1', { terminationMessagePolicy: 'FallbackToLogsOnError' })],
    });
    const pod = await w.podWhen(NS, 'fallback', 'is over', isOver);
    assert.equal(mainStatus(pod).state?.terminated?.message, 'why\n');
  });

  test('a pod goes on running while nobody looks', async () => {
    const w = world();
    await w.createPod(NS, 'steady', { terminationGracePeriodSeconds: 1, containers: [sh('exec sleep 600')] });
    const pod = await w.podWhen(NS, 'steady', 'runs', isRunning);
    assert.equal(mainStatus(pod).restartCount, 0);
    await w.deletePods(NS, 'steady');
  });
}
