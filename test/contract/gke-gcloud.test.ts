/**
 * gcloud against the local cloud, with real API servers and kubelets behind it; kubectl
 * with the credentials that gcloud writes.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { clusterRunner } from '../../local-cloud/gke/clusters/cluster-runner.ts';
import { nodeRunner } from '../../local-cloud/gke/pools/node-runner.ts';
import { startCompute } from '../../local-cloud/compute/compute.ts';
import { createContext } from '../../local-cloud/context.ts';
import { startGke } from '../../local-cloud/gke/gke.ts';
import { startIdentity } from '../../local-cloud/identity/identity.ts';
import { needs } from '../support/needs-program.ts';

const run = promisify(execFile);
/** Why kubectl cannot use what gcloud writes. */
const noAccess = needs('kubectl', 'gke-gcloud-auth-plugin');
const ZONE = ['--zone', 'us-central1-a'];

/** Everything real, and the environment for gcloud and kubectl. */
async function start(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'ff-gcloud-'));
  const context = createContext({ stateDir: join(dir, 'state'), quiet: true });
  const identity = await startIdentity(context, { port: 0 });
  const authenticate = (bearer: string): boolean => identity.isValidToken(bearer);
  const images = { resolveImage: () => undefined };
  const gke = await startGke(context, {
    port: 0,
    startCluster: clusterRunner(context, identity),
    startNode: nodeRunner(context, { images }),
    authenticate,
  });
  const compute = await startCompute(context, { port: 0, fleet: gke.fleet, authenticate });
  t.after(async () => {
    await compute.stop();
    await gke.stop();
    await identity.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  writeFileSync(join(dir, 'token'), identity.issueToken());
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: dir,
    KUBECONFIG: join(dir, 'kubeconfig'),
    CLOUDSDK_CONFIG: join(dir, 'gcloud'),
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: join(dir, 'token'),
    CLOUDSDK_CORE_PROJECT: 'local-project',
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: '1',
    CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER: `${gke.url}/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: `${compute.url}/compute/v1/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_SERVICEUSAGE: `${identity.url}/`,
    GCE_METADATA_ROOT: identity.host,
    GCE_METADATA_HOST: identity.host,
  };
  const call = async (command: string, ...args: string[]): Promise<string> =>
    (await run(command, args, { env, timeout: 100_000 })).stdout;
  return {
    context,
    gcloud: (...args: string[]) => call('gcloud', ...args),
    kubectl: (...args: string[]) => call('kubectl', ...args),
  };
}

test(
  'gcloud creates, shows, resizes and deletes a cluster; kubectl reaches it',
  { skip: needs('gcloud') },
  async (t) => {
    const { context, gcloud, kubectl } = await start(t);
    await gcloud(
      'container',
      'clusters',
      'create',
      'demo',
      ...ZONE,
      '--num-nodes=1',
      '--machine-type=e2-standard-2',
      '--labels=job=demo',
    );
    assert.match(
      await gcloud('container', 'clusters', 'list'),
      /^demo +us-central1-a +\S+ +127\.0\.0\.1:\d+ +e2-standard-2 +\S+ +1 +RUNNING$/m,
    );
    const value = await gcloud(
      'container',
      'clusters',
      'describe',
      'demo',
      ...ZONE,
      '--format=value(resourceLabels.job,status)',
    );
    assert.equal(value, 'demo\tRUNNING\n');

    const pool = ['--cluster=demo', ...ZONE];
    await gcloud(
      'container',
      'node-pools',
      'create',
      'workers',
      ...pool,
      '--num-nodes=2',
      '--machine-type=t2d-standard-2',
      '--spot',
    );
    await gcloud('container', 'clusters', 'resize', 'demo', ...ZONE, '--node-pool=workers', '--num-nodes=1');
    const [pools, operations, instances] = await Promise.all([
      gcloud('container', 'node-pools', 'list', ...pool),
      gcloud('container', 'operations', 'list', '--format=value(operationType,status)'),
      gcloud('compute', 'instances', 'list', '--format=value(name,status)'),
    ]);
    assert.match(pools, /^workers +t2d-standard-2 /m);
    const types = operations.trim().split('\n');
    assert.deepEqual(types, ['CREATE_CLUSTER\tDONE', 'CREATE_NODE_POOL\tDONE', 'SET_NODE_POOL_SIZE\tDONE']);
    assert.equal(instances.trim().split('\n').length, 2);
    if (noAccess !== false) t.diagnostic(`not with kubectl: ${noAccess}`);
    else {
      await gcloud('container', 'clusters', 'get-credentials', 'demo', ...ZONE);
      const nodes = (await kubectl('get', 'nodes', '-o', 'name')).trim().split('\n').sort();
      assert.deepEqual(
        nodes,
        context.books
          .alive()
          .machines.map((machine) => `node/${machine.name}`)
          .sort(),
      );
    }
    await gcloud('container', 'clusters', 'delete', 'demo', ...ZONE);
    assert.deepEqual(context.books.alive(), { machines: [], clusters: [] });
    assert.equal(await gcloud('compute', 'disks', 'list', '--format=value(name)'), '');
  },
);
