/**
 * The Kubernetes adapter against an API server that answers otherwise than usual: nothing of
 * that may be taken for "there is nothing".
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { KubernetesApi } from '../../functions/adapters/kubernetes-api.ts';
import { workloadOf } from '../../functions/adapters/kubernetes-workloads.ts';
import { PortError } from '../../functions/ports/port-error.ts';
import { listen } from '../../local-cloud/listen.ts';
import { serverIdentity } from '../../local-cloud/kubernetes/wire/tls.ts';

type Handle = (path: string, request: IncomingMessage, response: ServerResponse) => void;

const config = new KubeConfig();
let handle: Handle;
let connections = 0;
let stop: () => void;

before(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'workloads-trouble-'));
  const { caPem, certPem, keyPem } = await serverIdentity(dir, 'test');
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) =>
    handle((request.url ?? '').split('?')[0]!, request, response),
  );
  server.on('secureConnection', () => (connections += 1));
  const address = `https://127.0.0.1:${await listen(server, 0)}`;
  const caData = Buffer.from(caPem).toString('base64');
  config.loadFromClusterAndUser({ name: 'test', server: address, caData, skipTLSVerify: false }, { name: 'user' });
  stop = () => {
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true, force: true });
  };
});
after(() => stop());

const send = (response: ServerResponse, body: unknown, code = 200): void => {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
};

const kinds: Record<string, string> = { pods: 'PodList', nodes: 'NodeList', deployments: 'DeploymentList' };
const status = (code: number, message: string): object => ({ kind: 'Status', status: 'Failure', code, message });

/** Lists of `items` whatever is asked for; single objects are not there. */
function listing(items: Record<string, object[]>, table: (resource: string) => unknown): Handle {
  return (path, request, response) => {
    const resource = path.split('/').at(-1)!;
    const kind = kinds[resource];
    if (kind === undefined) return send(response, status(404, `${path} not found`), 404);
    const isTable = (request.headers.accept ?? '').includes('as=Table');
    send(response, isTable ? table(resource) : { kind, items: items[resource] ?? [] });
  };
}

const column = (name: string): object => ({ name, type: 'string' });
const readyNow = [{ type: 'Ready', status: 'True' }];
const whole = {
  nodes: [{ metadata: { name: 'machine' }, status: { conditions: readyNow } }],
  pods: [
    {
      metadata: { name: 'worker', labels: { 'foreach-fleet/role': 'worker' } },
      spec: { nodeName: 'machine' },
      status: { phase: 'Running', conditions: readyNow },
    },
  ],
};

async function refused(): Promise<PortError> {
  const error = await workloadOf(config)
    .observe()
    .then(
      () => assert.fail('it was taken for an answer'),
      (thrown: unknown) => thrown,
    );
  assert.ok(error instanceof PortError, String(error));
  assert.equal(error.code, 'FF-KUBERNETES');
  return error;
}

describe('tables that are not as they are known', () => {
  const rows = [{ cells: ['worker', '1/1', 'Running', 'machine'] }];
  const names = ['Name', 'Ready', 'Status', 'Node'];
  const unusual: [what: string, table: unknown][] = [
    ['a column with another name', { kind: 'Table', columnDefinitions: ['Name', 'State'].map(column), rows }],
    ['no columns', { kind: 'Table', rows }],
    ['cells of another type', { kind: 'Table', columnDefinitions: names.map(column), rows: [{ cells: [1, 2, 3, 4] }] }],
    ['cells that are missing', { kind: 'Table', columnDefinitions: names.map(column), rows: [{}] }],
    ['a list of objects instead', { kind: 'PodList', items: [] }],
  ];
  for (const [what, table] of unusual)
    it(`${what}: whole objects are read`, async () => {
      handle = listing(whole, () => table);
      const { pods, nodes } = await workloadOf(config).observe();
      const worker = { name: 'worker', role: 'worker', ready: true, ended: false, node: 'machine', trouble: null };
      assert.deepEqual(pods.filter((pod) => pod.role === 'worker').at(0), worker);
      assert.deepEqual(nodes, [{ name: 'machine', ready: true }]);
    });
});

describe('what is no answer', () => {
  it('another kind of object is not an empty list', async () => {
    handle = (_path, _request, response) => send(response, { kind: 'Status', status: 'Success' });
    assert.equal((await refused()).retry, true);
  });

  it('text that is not JSON', async () => {
    handle = (_path, _request, response) => send(response, '<html>a proxy says hello</html>');
    assert.equal((await refused()).retry, true);
  });

  it('an answer that is cut off', async () => {
    handle = (_path, _request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
      response.write('{"kind":"PodList","items":[]}');
      setImmediate(() => response.destroy());
    };
    assert.equal((await refused()).retry, true);
  });

  for (const [code, retry] of [
    [403, false],
    [429, true],
    [503, true],
  ] as const)
    it(`status ${code}, in the words of the server`, async () => {
      handle = (_path, _request, response) => send(response, status(code, 'not today'), code);
      const error = await refused();
      assert.match(error.message, new RegExp(`${code}: not today$`));
      assert.equal(error.retry, retry);
    });

  it('silence: the call is given up, and its connection with it', async () => {
    let closed: (() => void) | undefined;
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    handle = (_path, _request, response) => response.once('close', () => closed?.());
    const answer = new KubernetesApi(config, 50).get('asking', '/api/v1/nodes');
    await assert.rejects(answer, /asking: no answer within 50 ms/);
    await isClosed;
  });
});

it('many calls share few connections', async () => {
  connections = 0;
  const scale = { kind: 'Scale', metadata: { resourceVersion: '1' }, spec: { replicas: 100 } };
  handle = (path, _request, response) =>
    send(response, path.endsWith('/scale') ? scale : { kind: 'PartialObjectMetadata' });
  const pods = Array.from({ length: 100 }, (_, index) => `pod-${index}`);
  await workloadOf(config).scaleWorkers(100, 1, pods);
  assert.ok(connections <= 2, `${connections} connections`);
});
