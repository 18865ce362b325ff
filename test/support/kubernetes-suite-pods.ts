/**
 * Contract of the Kubernetes API: what is particular to pods and scalable kinds, and the tables that kubectl prints.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { waitFor } from '../../testing/wait-for.ts';
import type { KubernetesClient } from './kubernetes-client.ts';
import { deployment } from './kubernetes-suite-objects.ts';
import { freshNamespace } from './kubernetes-targets.ts';

const merge = { contentType: 'application/merge-patch+json' };

/** Columns as `-o wide` shows them, `+` marking those that only it shows. */
const columns: Record<string, string> = {
  '/api/v1/pods': 'Name Ready Status Restarts Age IP+ Node+ Nominated_Node+ Readiness_Gates+',
  '/api/v1/nodes':
    'Name Status Roles Age Version Internal-IP+ External-IP+ OS-Image+ Kernel-Version+ Container-Runtime+',
  '/api/v1/services': 'Name Type Cluster-IP External-IP Port(s) Age Selector+',
  '/api/v1/events': 'Last_Seen Type Reason Object Subobject+ Source+ Message First_Seen+ Count+ Name+',
  '/api/v1/configmaps': 'Name Data Age',
  '/api/v1/namespaces': 'Name Status Age',
  '/api/v1/serviceaccounts': 'Name Secrets Age',
  '/apis/apps/v1/deployments': 'Name Ready Up-to-date Available Age Containers+ Images+ Selector+',
  '/apis/apps/v1/replicasets': 'Name Desired Current Ready Age Containers+ Images+ Selector+',
  '/apis/batch/v1/jobs': 'Name Status Completions Duration Age Containers+ Images+ Selector+',
  '/apis/networking.k8s.io/v1/networkpolicies': 'Name Pod-Selector Age',
  '/apis/policy/v1/poddisruptionbudgets': 'Name Min_Available Max_Unavailable Allowed_Disruptions Age',
  '/apis/discovery.k8s.io/v1/endpointslices': 'Name AddressType Ports Endpoints Age',
};

export function podsSuite(client: KubernetesClient): void {
  describe('pods and tables', () => {
    let space = '';
    let pods = '';
    before(async () => {
      space = await freshNamespace(client);
      pods = `/api/v1/namespaces/${space}/pods`;
    });
    const make = (name: string, spec: Record<string, unknown> = {}): Promise<any> =>
      client.call('POST', pods, {
        metadata: { name },
        // No scheduler of this name: nothing but the test moves the pod.
        spec: {
          schedulerName: 'nobody',
          automountServiceAccountToken: false,
          containers: [{ name: 'c', image: 'i:1' }],
          ...spec,
        },
      });

    it('change their images and nothing else of their spec', async () => {
      await make('still');
      const wrong = await client.call('PATCH', `${pods}/still`, { spec: { restartPolicy: 'Never' } }, merge);
      assert.equal(wrong.code, 422);
      assert.match(wrong.body.message, /pod updates may not change fields other than `spec.containers\[\*\].image`/);
      const strategic = { contentType: 'application/strategic-merge-patch+json' };
      const right = await client.call(
        'PATCH',
        `${pods}/still`,
        { spec: { containers: [{ name: 'c', image: 'i:2' }] } },
        strategic,
      );
      assert.equal(right.body.spec.containers[0].image, 'i:2');
    });

    it('that no node has are gone at once when deleted or evicted', async () => {
      await make('brief');
      assert.equal((await client.call('DELETE', `${pods}/brief`)).code, 200);
      assert.equal((await client.call('GET', `${pods}/brief`)).code, 404);
      await make('evicted');
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'evicted', namespace: space } };
      assert.equal((await client.call('POST', `${pods}/evicted/eviction`, eviction)).code, 201);
      assert.equal((await client.call('GET', `${pods}/evicted`)).code, 404);
    });

    it('protected by a disruption budget are not evicted', async () => {
      const budget = {
        metadata: { name: 'all' },
        spec: { minAvailable: 1, selector: { matchLabels: { app: 'kept' } } },
      };
      await client.call('POST', `/apis/policy/v1/namespaces/${space}/poddisruptionbudgets`, budget);
      await client.call('POST', pods, {
        metadata: { name: 'kept', labels: { app: 'kept' } },
        spec: {
          schedulerName: 'nobody',
          automountServiceAccountToken: false,
          containers: [{ name: 'c', image: 'i:1' }],
        },
      });
      await client.call(
        'PATCH',
        `${pods}/kept/status`,
        { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
        merge,
      );
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'kept', namespace: space } };
      const { code, body } = await client.call('POST', `${pods}/kept/eviction`, eviction);
      assert.equal(code, 429);
      assert.equal(body.message, "Cannot evict pod as it would violate the pod's disruption budget.");
      assert.equal(body.details.causes[0].reason, 'DisruptionBudget');
    });

    it('have no logs to read where they are not, and want a container named', async () => {
      await make('two', {
        containers: [
          { name: 'a', image: 'i' },
          { name: 'b', image: 'i' },
        ],
        initContainers: [{ name: 'i', image: 'i' }],
      });
      const many = await client.call('GET', `${pods}/two/log`);
      assert.equal(many.code, 400);
      assert.equal(many.body.message, 'a container name must be specified for pod two, choose one of: [i a b]');
      assert.equal(
        (await client.call('GET', `${pods}/two/log?container=x`)).body.message,
        'container x is not valid for pod two',
      );
      assert.equal((await client.call('GET', `${pods}/two/log?container=a`)).code, 204);
    });

    it('are counted by the scale of their owner', async () => {
      const path = `/apis/apps/v1/namespaces/${space}/deployments`;
      await client.call('POST', path, {
        ...deployment('sized', 0),
        spec: { ...deployment('sized', 0)['spec'], paused: true },
      });
      const { body } = await client.call('GET', `${path}/sized/scale`);
      assert.deepEqual([body.kind, body.apiVersion, body.status.selector], ['Scale', 'autoscaling/v1', 'app=sized']);
      const metadata = { name: 'sized', namespace: space };
      const grown = await client.call('PUT', `${path}/sized/scale`, { ...body, metadata, spec: { replicas: 2 } });
      assert.equal(grown.body.spec.replicas, 2);
      assert.equal((await client.call('GET', `${path}/sized`)).body.spec.replicas, 2);
      assert.equal((await client.call('PATCH', `${path}/sized/scale`, { spec: { replicas: -1 } }, merge)).code, 422);
    });

    for (const [path, expected] of Object.entries(columns)) {
      it(`print the columns of ${path}`, async () => {
        const { body } = await client.call('GET', `${path}?limit=1`, undefined, {
          accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
        });
        const names = body.columnDefinitions.map(
          (column: any) => column.name.replaceAll(' ', '_') + (column.priority > 0 ? '+' : ''),
        );
        assert.equal(names.join(' '), expected);
      });
    }

    it('print the row of a pod', async () => {
      await make('row');
      const status = {
        phase: 'Running',
        containerStatuses: [
          {
            name: 'c',
            image: 'i',
            imageID: '',
            ready: false,
            restartCount: 3,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
          },
        ],
      };
      await client.call('PATCH', `${pods}/row/status`, { status }, merge);
      const { body } = await client.call('GET', `${pods}/row`, undefined, {
        accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
      });
      assert.deepEqual(body.rows[0].cells.slice(0, 4), ['row', '0/1', 'CrashLoopBackOff', '3']);
      assert.equal(body.rows[0].object.kind, 'PartialObjectMetadata');
    });

    it('are deleted with their namespace', async () => {
      const own = await freshNamespace(client);
      await client.call('POST', `/api/v1/namespaces/${own}/pods`, {
        metadata: { name: 'last' },
        spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }] },
      });
      const { body } = await client.call('DELETE', `/api/v1/namespaces/${own}`);
      assert.equal(body.status.phase, 'Terminating');
      const late = await client.call('POST', `/api/v1/namespaces/${own}/configmaps`, { metadata: { name: 'x' } });
      assert.ok(late.code === 403 || late.code === 404, late.text);
      const isGone = async (): Promise<boolean> => (await client.call('GET', `/api/v1/namespaces/${own}`)).code === 404;
      await waitFor('the namespace to be gone', isGone);
    });
  });
}
