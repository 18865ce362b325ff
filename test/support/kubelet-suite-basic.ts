/** What the kubelet must do on any API server: pods come up, get what their spec says, and end as they should. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asLease, asNode } from '../../local-cloud/kubelet/answers.ts';
import { corePath } from '../../local-cloud/kubelet/api.ts';
import type { ContainerStatus, Pod } from '../../local-cloud/kubelet/types.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { TEST_IMAGE, type KubeletWorld } from './kubelet-world.ts';

const NS = 'default';

export function sh(script: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { name: 'main', image: TEST_IMAGE, command: ['sh', '-c', script], ...more };
}

export function conditionOf(pod: Pod, type: string): string | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type)?.status;
}

/** Status of the first container; what a pod has before its kubelet has spoken is empty. */
export function mainStatus(pod: Pod): Pick<ContainerStatus, 'state' | 'lastState' | 'restartCount' | 'started'> {
  return pod.status?.containerStatuses?.[0] ?? { restartCount: 0 };
}

export const isRunning = (pod: Pod): boolean => pod.status?.phase === 'Running';
export const isReady = (pod: Pod): boolean => conditionOf(pod, 'Ready') === 'True';
export const isOver = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

export function defineBasicSuite(world: () => KubeletWorld): void {
  test('the node is registered, ready and holds a lease', async () => {
    const node = await waitFor('node is ready', async () => {
      const found = asNode(await world().api.get('/api/v1/nodes/node-1'));
      return found.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ? found : undefined;
    });
    const { metadata, spec, status = {} } = node;
    const labels = metadata?.labels ?? {};
    assert.equal(labels['kubernetes.io/hostname'], 'node-1');
    assert.equal(labels['cloud.google.com/gke-nodepool'], 'workers');
    assert.equal(labels['node.kubernetes.io/instance-type'], 'e2-standard-4');
    assert.equal(spec?.providerID, 'gce://local/europe-west1-b/node-1');
    assert.equal(status.capacity?.['pods'], '110');
    assert.match(status.nodeInfo?.kubeletVersion ?? '', /^v1\.33\./);
    const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-1';
    const lease = asLease(await world().api.get(path));
    assert.equal(lease.spec?.holderIdentity, 'node-1');
  });

  test('a pod runs to its end and reports how', async () => {
    const w = world();
    await w.createPod(NS, 'to-the-end', {
      restartPolicy: 'Never',
      containers: [sh('echo out; echo err >&2; printf done >/dev/termination-log; exit 3')],
    });
    const pod = await w.podWhen(NS, 'to-the-end', 'is over', isOver);
    assert.equal(pod.status?.phase, 'Failed');
    const ended = mainStatus(pod).state?.terminated;
    assert.equal(ended?.exitCode, 3);
    assert.equal(ended?.reason, 'Error');
    assert.equal(ended?.message, 'done');
    assert.deepEqual(
      ['Ready', 'ContainersReady'].map((type) => pod.status?.conditions?.find((one) => one.type === type)?.reason),
      ['PodFailed', 'PodFailed'],
    );
    assert.equal((await w.lineOf('to-the-end', /^err$/)).stream, 'stderr');
    for (const reason of ['Pulled', 'Created', 'Started']) await w.eventOf(NS, 'to-the-end', reason);
    await w.createPod(NS, 'succeeds', { restartPolicy: 'OnFailure', containers: [sh('true')] });
    const done = await w.podWhen(NS, 'succeeds', 'is over', isOver);
    assert.equal(done.status?.phase, 'Succeeded');
    assert.equal(mainStatus(done).state?.terminated?.reason, 'Completed');
  });

  test('a pod has an address of its own, and gives it back', async () => {
    const w = world();
    await w.createPod(NS, 'address-a', { terminationGracePeriodSeconds: 1, containers: [sh('exec sleep 600')] });
    await w.createPod(NS, 'address-b', { terminationGracePeriodSeconds: 1, containers: [sh('exec sleep 600')] });
    const a = await w.podWhen(NS, 'address-a', 'runs', isRunning);
    const b = await w.podWhen(NS, 'address-b', 'runs', isRunning);
    assert.notEqual(a.status?.podIP, b.status?.podIP);
    assert.match(a.status?.podIP ?? '', /^127\.\d+\.\d+\.\d+$/);
    assert.equal(a.status?.hostIP, a.status?.podIP?.replace(/\d+$/, '1'));
    await w.deletePods(NS, 'address-a', 'address-b');
    await w.createPod(NS, 'address-c', { terminationGracePeriodSeconds: 1, containers: [sh('exec sleep 600')] });
    const c = await w.podWhen(NS, 'address-c', 'runs', isRunning);
    assert.ok([a.status?.podIP, b.status?.podIP].includes(c.status?.podIP));
    await w.deletePods(NS, 'address-c');
  });

  test('environment: values, references, expansion, sources', async () => {
    const w = world();
    await w.addSecret(NS, 'env-secret', { password: 's3cret/data' });
    await w.addConfigMap(NS, 'env-map', { COLOUR: 'green', SIZE: '3' });
    const env = [
      { name: 'PLAIN', value: 'a' },
      { name: 'EXPANDED', value: '$(PLAIN)-$(COLOUR)-$(NOBODY)-$$(PLAIN)' },
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      { name: 'TEAM', valueFrom: { fieldRef: { fieldPath: "metadata.labels['team']" } } },
      { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'env-secret', key: 'password' } } },
      { name: 'ABSENT', valueFrom: { secretKeyRef: { name: 'env-secret', key: 'nothing', optional: true } } },
      { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
    ];
    const container = sh('env | sort; exit 0', {
      env,
      envFrom: [{ configMapRef: { name: 'env-map' } }],
      resources: { limits: { memory: '64Mi' } },
    });
    await w.createPod(NS, 'env', { restartPolicy: 'Never', containers: [container] }, { labels: { team: 'blue' } });
    const pod = await w.podWhen(NS, 'env', 'is over', isOver);
    const text = await w.client.logs(NS, 'env');
    const seen = Object.fromEntries(
      text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    assert.equal(seen['EXPANDED'], 'a-green-$(NOBODY)-$(PLAIN)');
    assert.equal(seen['POD'], 'env');
    assert.equal(seen['POD_IP'], pod.status?.podIP);
    assert.equal(seen['NODE'], 'node-1');
    assert.equal(seen['TEAM'], 'blue');
    assert.equal(seen['PASSWORD'], 's3cret/data');
    assert.equal(seen['MEMORY'], '64');
    assert.equal(seen['SIZE'], '3');
    assert.equal(seen['IMAGE_VARIABLE'], 'from image');
    assert.equal(seen['HOSTNAME'], 'env');
    assert.equal('ABSENT' in seen, false);
    assert.equal('NODE_OPTIONS' in seen || 'KUBECONFIG' in seen, false);
  });

  test('a missing key holds the container with CreateContainerConfigError', async () => {
    const w = world();
    const env = [{ name: 'LATE', valueFrom: { configMapKeyRef: { name: 'late-map', key: 'value' } } }];
    await w.createPod(NS, 'late-config', { restartPolicy: 'Never', containers: [sh('echo got $LATE', { env })] });
    const waiting = await w.podWhen(
      NS,
      'late-config',
      'waits',
      (pod) => mainStatus(pod).state?.waiting?.reason === 'CreateContainerConfigError',
    );
    assert.match(mainStatus(waiting).state?.waiting?.message ?? '', /configmap "late-map" not found/);
    await w.addConfigMap(NS, 'late-map', { value: 'it' });
    await w.lineOf('late-config', /^got it$/);
  });

  test('volumes: emptyDir shared, secret with items and mode, downward API, all under their mount paths', async () => {
    const w = world();
    await w.addSecret(NS, 'volume-secret', { a: 'one', b: 'two' });
    const mounts = [
      { name: 'scratch', mountPath: '/scratch' },
      { name: 'secret', mountPath: '/etc/keys' },
      { name: 'info', mountPath: '/etc/info' },
      { name: 'all', mountPath: '/etc/all' },
    ];
    const script = [
      'pwd; cat /etc/keys/sub/a; echo; ls /etc/keys; stat -Lc %a /etc/keys/sub/a; cat /etc/info/labels; ' +
        'echo; ls /etc/all',
      'cat /scratch/from-init; echo "$SETTING"',
    ].join('\n');
    await w.createPod(
      NS,
      'volumes',
      {
        restartPolicy: 'Never',
        initContainers: [{ ...sh('echo prepared >/scratch/from-init'), name: 'prepare', volumeMounts: mounts }],
        containers: [
          sh(script, {
            workingDir: '/scratch',
            volumeMounts: mounts,
            env: [{ name: 'SETTING', value: '--dir=/scratch/tmp' }],
          }),
        ],
        volumes: [
          { name: 'scratch', emptyDir: {} },
          {
            name: 'secret',
            secret: { secretName: 'volume-secret', defaultMode: 0o400, items: [{ key: 'a', path: 'sub/a' }] },
          },
          { name: 'info', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
          {
            name: 'all',
            projected: {
              sources: [{ secret: { name: 'volume-secret' } }, { configMap: { name: 'none', optional: true } }],
            },
          },
        ],
      },
      { labels: { team: 'blue' } },
    );
    const pod = await w.podWhen(NS, 'volumes', 'is over', isOver);
    assert.equal(pod.status?.phase, 'Succeeded');
    assert.equal(pod.status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode, 0);
    const lines = (await w.client.logs(NS, 'volumes')).trimEnd().split('\n');
    const workDir = lines[0] ?? '';
    assert.match(workDir, /volumes\/scratch$/);
    assert.deepEqual(lines.slice(1), [
      'one',
      'sub',
      '400',
      'team="blue"',
      'a',
      'b',
      'prepared',
      `--dir=${workDir}/tmp`,
    ]);
  });

  test('a missing secret holds the pod with FailedMount, a changed one reaches the files', async () => {
    const w = world();
    const script = 'while [ "$(cat /etc/keys/value)" != new ]; do sleep 0.1; done; echo seen';
    await w.createPod(NS, 'late-secret', {
      restartPolicy: 'Never',
      containers: [sh(script, { volumeMounts: [{ name: 'keys', mountPath: '/etc/keys' }] })],
      volumes: [{ name: 'keys', secret: { secretName: 'late-secret' } }],
    });
    await w.eventOf(
      NS,
      'late-secret',
      'FailedMount',
      /MountVolume.SetUp failed for volume "keys" : secret "late-secret" not found/,
    );
    await w.addSecret(NS, 'late-secret', { value: 'old' });
    await w.podWhen(NS, 'late-secret', 'runs', isRunning);
    await w.api.mergePatch(corePath('secrets', NS, 'late-secret'), { stringData: { value: 'new' } });
    await w.lineOf('late-secret', /^seen$/);
  });

  test('an unknown image: ErrImagePull, then ImagePullBackOff', async () => {
    const w = world();
    await w.createPod(NS, 'no-image', {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: 'registry.test/unknown:1' }],
    });
    await w.podWhen(
      NS,
      'no-image',
      'backs off',
      (pod) => mainStatus(pod).state?.waiting?.reason === 'ImagePullBackOff',
    );
    await w.eventOf(NS, 'no-image', 'Failed', /ErrImagePull/);
    await w.deletePods(NS, 'no-image');
  });

  test('an unknown program: StartError with exit code 128', async () => {
    const w = world();
    await w.createPod(NS, 'no-program', {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: TEST_IMAGE, command: ['no-such-program'] }],
    });
    const pod = await w.podWhen(NS, 'no-program', 'is over', isOver);
    assert.equal(mainStatus(pod).state?.terminated?.exitCode, 128);
    assert.equal(mainStatus(pod).state?.terminated?.reason, 'StartError');
    assert.match(mainStatus(pod).state?.terminated?.message ?? '', /executable file not found in \$PATH/);
  });

  test('activeDeadlineSeconds ends the pod', async () => {
    const w = world();
    await w.createPod(NS, 'deadline', {
      activeDeadlineSeconds: 1,
      terminationGracePeriodSeconds: 1,
      containers: [sh('exec sleep 600')],
    });
    const pod = await w.podWhen(NS, 'deadline', 'is over', isOver);
    assert.equal(pod.status?.phase, 'Failed');
    assert.equal(pod.status?.reason, 'DeadlineExceeded');
  });
}
