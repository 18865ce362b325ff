/**
 * The YAML of manifests/: what it promises, and that a real API server and the embedded
 * one take it, and refuse what it forbids.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node';
import { workloadOf } from '../../functions/adapters/kubernetes-workloads.ts';
import { type Manifest, manifestsFor, NAMESPACE, readManifests } from '../../functions/adapters/manifests.ts';
import { storageBytesForPods, systemPool, WORKER_STORAGE_BYTES } from '../../functions/job/machines.ts';
import type { WorkloadRequest } from '../../functions/ports/workloads.ts';
import { KubeApi } from '../../local-cloud/kubelet/api.ts';
import { expand } from '../../local-cloud/kubelet/container/env.ts';
import { parseQuantity } from '../../local-cloud/quantity.ts';
import { startEmbeddedKubernetes } from '../support/kubelet-embedded.ts';
import type { ApiServer } from '../support/kubelet-world.ts';
import { kubectlFiles, needs } from '../support/needs-program.ts';
import { startRealKubernetes } from '../support/real-kubernetes.ts';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../manifests', import.meta.url));

const request: WorkloadRequest = {
  job: 'heritability',
  attempt: 2,
  workers: 3,
  worker: { cpu: 1.5, memoryBytes: 3 * 1024 ** 3 },
  largeMemoryBytes: 11 * 1024 ** 3,
  graceSeconds: 25,
  image: `registry.test/worker@sha256:${'a'.repeat(64)}`,
  redisImage: `registry.test/redis@sha256:${'b'.repeat(64)}`,
  env: { MODEL: '$(FF_REDIS_PASSWORD) $HOME; rm -rf /', DOUBLED: '$$(FF_REDIS_PASSWORD) $$', EMPTY: '' },
  inputs: { schema: 1 },
};

const podTemplates = (manifests: Manifest[]): [string, any][] =>
  manifests.flatMap((each) => (each['spec']?.template ? [[each.metadata.name, each['spec'].template]] : []));

describe('every pod of the manifests', () => {
  for (const [name, { spec }] of [...podTemplates(readManifests()), ...podTemplates(manifestsFor(request))]) {
    const containers: any[] = [...(spec.initContainers ?? []), ...spec.containers];
    it(`${name}: holds no token`, () => {
      assert.equal(spec.automountServiceAccountToken, false);
      assert.equal(spec.serviceAccountName, 'job');
      assert.ok(spec.volumes.every((volume: any) => !('projected' in volume) && !('hostPath' in volume)));
    });
    it(`${name}: requests and limits what it needs`, () => {
      for (const { resources } of containers) {
        for (const what of ['cpu', 'memory', 'ephemeral-storage']) assert.ok(resources.requests[what], what);
        for (const what of ['memory', 'ephemeral-storage']) assert.ok(resources.limits[what], what);
      }
    });
    it(`${name}: runs without privileges`, () => {
      assert.equal(spec.securityContext.runAsNonRoot, true);
      assert.deepEqual(spec.securityContext.seccompProfile, { type: 'RuntimeDefault' });
      for (const { securityContext } of containers) {
        assert.equal(securityContext.allowPrivilegeEscalation, false);
        assert.equal(securityContext.readOnlyRootFilesystem, true);
        assert.deepEqual(securityContext.capabilities, { drop: ['ALL'] });
      }
    });
  }
});

describe('what the pods request of a disk', () => {
  const requested = (...names: string[]): number =>
    podTemplates(readManifests())
      .filter(([name]) => names.includes(name))
      .flatMap(([, { spec }]) => spec.containers)
      .reduce((sum, { resources }) => sum + parseQuantity(resources.requests['ephemeral-storage'])!, 0);

  it('of a worker is what the number of workers on a machine is reckoned from', () => {
    assert.equal(requested('workers'), WORKER_STORAGE_BYTES);
  });
  it('of Redis and the driver fits on the machine of the system pool', () => {
    const both = requested('redis', 'driver');
    assert.ok(both > 0 && both <= storageBytesForPods(systemPool().diskGb), `${both} bytes`);
  });
});

describe('the namespace', () => {
  const find = (kind: string, name: string): Manifest => {
    const found = readManifests().find((each) => each.kind === kind && each.metadata.name === name);
    assert.ok(found, `${kind} ${name}`);
    return found;
  };
  it('enforces Pod Security restricted', () => {
    assert.equal(find('Namespace', NAMESPACE).metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted');
  });
  it('denies all traffic by default', () => {
    assert.deepEqual(find('NetworkPolicy', 'default-deny')['spec'], {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
  });
  it('lets Redis be reached by the job and by what is inside the network, and by nobody else', () => {
    const { ingress } = find('NetworkPolicy', 'redis')['spec'] as { ingress: { from: object[]; ports: object[] }[] };
    assert.deepEqual(ingress, [
      {
        from: [
          {
            podSelector: {
              matchExpressions: [{ key: 'foreach-fleet/role', operator: 'In', values: ['driver', 'worker'] }],
            },
          },
          { ipBlock: { cidr: '10.0.0.0/8' } },
        ],
        ports: [{ port: 6379, protocol: 'TCP' }],
      },
    ]);
    const types = readManifests().filter((each) => each.kind === 'Service');
    assert.deepEqual(
      types.map((each) => each['spec']?.type ?? 'ClusterIP'),
      ['ClusterIP'],
    );
  });
  it('lets no driver and no worker reach the metadata server, but for names', () => {
    type Rule = { to: { ipBlock?: { cidr: string; except?: string[] } }[]; ports: { port: number }[] };
    const { egress } = find('NetworkPolicy', 'compute')['spec'] as { egress: Rule[] };
    const METADATA = '169.254.169.254/32';
    const reaching = egress.filter(({ to }) =>
      to.some(({ ipBlock }) => ipBlock !== undefined && !ipBlock.except?.includes(METADATA)),
    );
    assert.deepEqual(
      reaching.map(({ ports }) => [...new Set(ports.map(({ port }) => port))]),
      [[53]],
    );
  });
  it('starts nothing of a job through a shell, and nothing of a job file stands in a command', () => {
    const ofJob = podTemplates(manifestsFor(request)).filter(([name]) => name !== 'redis');
    const started = ofJob.flatMap(([, { spec }]) =>
      [...(spec.initContainers ?? []), ...spec.containers].map(({ command = [], args = [] }) => [...command, ...args]),
    );
    assert.deepEqual([...new Set(started.flat())].sort(), [
      '/opt/foreach-fleet/bin/run-driver',
      '/opt/foreach-fleet/bin/run-worker',
    ]);
  });
  it('has one service account, without a token', () => {
    const accounts = readManifests().filter((each) => each.kind === 'ServiceAccount');
    assert.deepEqual(
      accounts.map((each) => [each.metadata.name, each['automountServiceAccountToken']]),
      [['job', false]],
    );
  });
  it('holds everything but itself', () => {
    const outside = readManifests().filter((each) => each.metadata.namespace !== NAMESPACE);
    assert.deepEqual(
      outside.map((each) => each.kind),
      ['Namespace', 'PriorityClass'],
    );
  });
});

/** What pods need of a cluster before they are made. */
const FIRST: readonly string[] = ['Namespace', 'ServiceAccount', 'PriorityClass'];

function defineServerSuite(start: () => Promise<ApiServer>): void {
  let server: ApiServer;
  let objects: KubernetesObjectApi;
  const config = new KubeConfig();
  const dir = mkdtempSync(join(tmpdir(), 'ff-manifests-'));
  const kubectl = async (...args: string[]): Promise<string> =>
    (await run(kubectlFiles()[0]!, ['--kubeconfig', join(dir, 'kubeconfig'), ...args], { timeout: 100_000 })).stdout;

  before(async () => {
    server = await start();
    config.loadFromClusterAndUser(
      { name: 'test', server: server.url, caData: Buffer.from(server.caPem).toString('base64'), skipTLSVerify: false },
      { name: 'user', token: server.token },
    );
    writeFileSync(join(dir, 'kubeconfig'), config.exportConfig(), { mode: 0o600 });
    objects = KubernetesObjectApi.makeApiClient(config);
    // A dry run makes nothing of this, and no pod is accepted without it.
    const first = readManifests().filter((each) => FIRST.includes(each.kind));
    for (const manifest of first) await objects.create(manifest);
  });
  after(async () => {
    await server?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('takes them in a dry run, which changes nothing', async () => {
    const first = await objects.list('apps/v1', 'Deployment', NAMESPACE);
    for (const manifest of readManifests()) {
      const answer = await objects.patch(manifest, undefined, 'All', 'test', true, PatchStrategy.ServerSideApply);
      assert.equal(answer.metadata?.name, manifest.metadata.name);
    }
    assert.deepEqual((await objects.list('apps/v1', 'Deployment', NAMESPACE)).items, first.items);
  });

  it('takes them: kubectl apply --dry-run=server', { skip: needs('kubectl') }, async () => {
    const lines = (await kubectl('apply', '--dry-run=server', '-f', folder)).trim().split('\n');
    assert.equal(lines.length, readManifests().length + 2);
    for (const line of lines) assert.match(line, / (created|configured|unchanged) \(server dry run\)$/);
    assert.equal(await kubectl('get', 'deployments', '-n', NAMESPACE, '-o', 'name'), '');
  });

  it('admits their pods', async () => {
    for (const [name, template] of podTemplates(manifestsFor(request)))
      await objects.create(podOf(`try-${name}`, template.spec), undefined, 'All');
  });

  it('refuses a pod that asks for more', async () => {
    const [, template] = podTemplates(manifestsFor(request))[0]!;
    const privileged = structuredClone(template.spec);
    privileged.containers[0].securityContext = { privileged: true };
    const hostNetwork = { ...structuredClone(template.spec), hostNetwork: true };
    const root = structuredClone(template.spec);
    root.securityContext = { runAsUser: 0 };
    for (const [name, spec] of Object.entries({ privileged, hostNetwork, root }))
      await assert.rejects(objects.create(podOf(name.toLowerCase(), spec)), (error: any) => {
        assert.equal(error.code, 403, String(error));
        assert.match(JSON.parse(error.body).message, /violates PodSecurity "restricted:/);
        return true;
      });
  });

  it('takes what is made of them for a job, twice', async () => {
    const workload = workloadOf(config);
    await workload.apply(request);
    await workload.apply(request);
    const view = await workload.observe();
    assert.equal(view.applied, true);
    assert.equal(view.attempt, 2);
    assert.equal(view.workersWanted, 3);
    await workload.scaleWorkers(3, 7, ['no-such-pod']);
    assert.equal((await workload.observe()).workersWanted, 7);
  });

  it('scales workers with more memory by themselves', async () => {
    const workload = workloadOf(config);
    await workload.scaleWorkers(0, 2, [], true);
    await assert.rejects(workload.scaleWorkers(0, 1, [], true), { code: 'FF-WORKLOAD-CHANGED' });
    const { workersWanted, largeWanted } = await workload.observe();
    assert.deepEqual([workersWanted, largeWanted], [7, 2]);
  });

  it('stores every field as it was written', async () => {
    const api = new KubeApi({ server: server.url, caPem: server.caPem, token: server.token }, 10_000);
    const gone: string[] = [];
    // Those were there before; replicas were changed above; quantities come back in another spelling.
    for (const asked of manifestsFor(request).filter((each) => !FIRST.includes(each.kind))) {
      const stored = await api.get(pathOf(asked));
      gone.push(...lost(asked, stored, new Set(['replicas', 'resources']), `${asked.kind}/${asked.metadata.name}`));
    }
    assert.deepEqual(gone, []);
    await api.close();
  });

  it('hands the environment of the user to the pod as it was written', async () => {
    const header = { apiVersion: 'apps/v1', kind: 'Deployment' };
    const stored = await objects.read({ ...header, metadata: { name: 'workers', namespace: NAMESPACE } });
    const { env } = (stored as any).spec.template.spec.containers[0];
    const value = (name: string): unknown => env.find((each: any) => each.name === name)?.value;
    for (const [name, written] of Object.entries(request.env))
      assert.equal(expand(String(value(name) ?? ''), { FF_REDIS_PASSWORD: 'secret' }), written, name);
    assert.equal(value('FF_GRACE_SECONDS'), '25');
  });
}

function podOf(name: string, spec: object): Manifest {
  const metadata = { name, namespace: NAMESPACE };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...spec, restartPolicy: 'Never' } };
}

function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const prefix = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const plural = `${kind.toLowerCase()}s`.replace(/ys$/, 'ies');
  const space = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${prefix}${space}/${plural}/${metadata.name}`;
}

/** Paths of what was asked for and is not there, or differs. */
function lost(asked: unknown, stored: unknown, ignored: Set<string>, path: string): string[] {
  if (typeof asked !== 'object' || asked === null)
    return asked === stored || (asked === '' && stored === undefined) ? [] : [`${path}: ${asked} became ${stored}`];
  if (typeof stored !== 'object' || stored === null) return [`${path} is gone`];
  return Object.entries(asked).flatMap(([key, value]) =>
    ignored.has(key) ? [] : lost(value, (stored as Record<string, unknown>)[key], ignored, `${path}.${key}`),
  );
}

describe('the embedded API server', () => defineServerSuite(startEmbeddedKubernetes));

describe('a real API server', { skip: needs('kube-apiserver') }, () => defineServerSuite(startRealKubernetes));
