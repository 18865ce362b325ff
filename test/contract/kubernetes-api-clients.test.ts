/**
 * The vendors' own clients against the embedded Kubernetes API: every kubectl that
 * is installed, and @kubernetes/client-node.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { AppsV1Api, CoreV1Api, KubeConfig, Watch } from '@kubernetes/client-node';
import { deployment } from '../support/kubernetes-suite-objects.ts';
import { startEmbedded, type EmbeddedTarget } from '../support/kubernetes-targets.ts';
import { kubectlFiles, needs } from '../support/needs-program.ts';

const run = promisify(execFile);
const programs = kubectlFiles();

let target: EmbeddedTarget;
let dir = '';
const config = new KubeConfig();

before(async () => {
  target = await startEmbedded();
  dir = mkdtempSync(join(tmpdir(), 'kubectl-'));
  const { url, caPem, token } = target.client;
  config.loadFromOptions({
    clusters: [{ name: 'c', server: url, caData: Buffer.from(caPem).toString('base64') }],
    users: [{ name: 'u', token }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  writeFileSync(join(dir, 'config'), config.exportConfig());
});
after(async () => {
  await target.stop();
  rmSync(dir, { recursive: true, force: true });
});

describe('kubectl', { skip: needs('kubectl') }, () => {
  for (const program of programs) {
    it(`${program.split('/').at(-1)} works unchanged`, async () => {
      const space = `k-${programs.indexOf(program)}`;
      const kubectl = async (...words: string[]): Promise<string> => {
        const env = { PATH: process.env['PATH'] ?? '', HOME: dir, KUBECONFIG: join(dir, 'config') };
        const { stdout, stderr } = await run(program, ['--namespace', space, ...words], { env });
        return stdout + stderr;
      };
      const file = join(dir, `${space}.json`);
      writeFileSync(file, JSON.stringify(deployment('web', 2)));
      await kubectl('create', 'namespace', space);
      assert.match(await kubectl('apply', '-f', file), /web created/);
      assert.match(await kubectl('apply', '-f', file), /web unchanged/);
      assert.match(await kubectl('apply', '-f', file, '--server-side', '--force-conflicts'), /web serverside-applied/);
      assert.match(await kubectl('create', 'secret', 'generic', 's', '--from-literal=a=b'), /s created/);
      assert.match(await kubectl('create', 'job', 'j', '--image=i', '--', 'true'), /j created/);
      assert.match(await kubectl('scale', 'deployment', 'web', '--replicas=0'), /web scaled/);
      assert.match(await kubectl('set', 'image', 'deployment/web', 'c=other:2'), /image updated/);
      assert.match(await kubectl('label', 'deployment', 'web', 'x=y'), /labeled/);
      assert.match(await kubectl('rollout', 'status', 'deployment/web', '--timeout=20s'), /successfully rolled out/);
      assert.match(
        await kubectl('wait', '--for=condition=Available', 'deployment/web', '--timeout=20s'),
        /condition met/,
      );
      const all = await kubectl('get', 'all,nodes,events');
      assert.match(all, /deployment\.apps\/web +0\/0 +0 +0 +\d+s/);
      assert.match(all, /job\.batch\/j +Running +0\/1/);
      assert.match(await kubectl('describe', 'deployment', 'web'), /Selector: +app=web[^]*Image: +other:2/);
      assert.match(await kubectl('explain', 'deployment.spec.strategy'), /rollingUpdate\t<RollingUpdateDeployment>/);
      assert.match(await kubectl('auth', 'can-i', 'create', 'pods'), /yes/);
      await assert.rejects(
        kubectl('apply', '-f', file, '--dry-run=server', '--namespace', 'nowhere'),
        /namespaces "nowhere" not found/,
      );
      assert.match(await kubectl('delete', 'deployment', 'web'), /"web" deleted/);
    });
  }
});

describe('@kubernetes/client-node', () => {
  it('creates, lists, replaces, patches and deletes', async () => {
    const core = config.makeApiClient(CoreV1Api);
    const apps = config.makeApiClient(AppsV1Api);
    const namespace = 'default';
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'm' }, data: { a: '1' } } });
    const read = await core.readNamespacedConfigMap({ namespace, name: 'm' });
    assert.deepEqual(read.data, { a: '1' });
    await core.replaceNamespacedConfigMap({ namespace, name: 'm', body: { ...read, data: { a: '2' } } });
    await assert.rejects(
      core.replaceNamespacedConfigMap({ namespace, name: 'm', body: read }),
      (error: any) => error.code === 409,
    );
    await apps.createNamespacedDeployment({ namespace, body: deployment('d', 0) as any });
    const scale = await apps.readNamespacedDeploymentScale({ namespace, name: 'd' });
    assert.equal(scale.kind, 'Scale');
    const found = await apps.listNamespacedDeployment({ namespace, labelSelector: '', limit: 5 });
    assert.deepEqual(
      found.items.map((item) => item.metadata?.name),
      ['d'],
    );
    assert.ok(found.items[0]?.metadata?.creationTimestamp instanceof Date);
    await core.deleteNamespacedConfigMap({ namespace, name: 'm' });
    await assert.rejects(core.readNamespacedConfigMap({ namespace, name: 'm' }), (error: any) => error.code === 404);
  });

  it('watches', async () => {
    const core = config.makeApiClient(CoreV1Api);
    const seen = new Promise<string>((resolve, reject) => {
      const watch = new Watch(config).watch(
        '/api/v1/namespaces/default/secrets',
        {},
        (type, object) => resolve(`${type} ${object.metadata.name}`),
        (error) => reject(error ?? new Error('the watch ended')),
      );
      watch.catch(reject);
      seenAbort = (): void => void watch.then((controller) => controller.abort());
    });
    await core.createNamespacedSecret({ namespace: 'default', body: { metadata: { name: 'seen' } } });
    assert.equal(await seen, 'ADDED seen');
    seenAbort();
  });
});

let seenAbort = (): void => {};
