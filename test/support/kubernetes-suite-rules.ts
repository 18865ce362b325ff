/** Contract of the Kubernetes API: defaults, rules with their messages, unknown fields, Pod Security, discovery. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { KubernetesClient } from './kubernetes-client.ts';
import { deployment } from './kubernetes-suite-objects.ts';
import { freshNamespace } from './kubernetes-targets.ts';

type Plain = Record<string, any>;

const container = { name: 'c', image: 'example/image:1' };
const pod = (spec: Plain = {}, metadata: Plain = {}): Plain => ({
  metadata: { name: 'p', ...metadata },
  spec: { automountServiceAccountToken: false, containers: [container], ...spec },
});
const workload = (spec: Plain): Plain => {
  const base = deployment('d', 1);
  return { ...base, spec: { ...base['spec'], ...spec } };
};
const job = (spec: Plain, policy: string | undefined = 'Never'): Plain => ({
  metadata: { name: 'j' },
  spec: { template: { spec: { containers: [container], ...(policy ? { restartPolicy: policy } : {}) } }, ...spec },
});

/** Path below the namespace, object, and the fields that are named as wrong. */
const refused: [why: string, path: string, object: Plain, code: number, expected: string[]][] = [
  ['a name that is no DNS name', 'pods', pod({}, { name: 'Bad_Name' }), 422, ['metadata.name']],
  ['no containers', 'pods', pod({ containers: [] }), 422, ['spec.containers']],
  ['no image', 'pods', pod({ containers: [{ name: 'c' }] }), 422, ['spec.containers[0].image']],
  ['two containers of one name', 'pods', pod({ containers: [container, container] }), 422, ['spec.containers[1].name']],
  ['a policy that does not exist', 'pods', pod({ restartPolicy: 'Sometimes' }), 422, ['spec.restartPolicy']],
  [
    'a mount of no volume',
    'pods',
    pod({ containers: [{ ...container, volumeMounts: [{ name: 'no', mountPath: '/x' }] }] }),
    422,
    ['spec.containers[0].volumeMounts[0].name'],
  ],
  [
    'requests above limits',
    'pods',
    pod({ containers: [{ ...container, resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }] }),
    422,
    ['spec.containers[0].resources.requests'],
  ],
  ['a text where a number belongs', 'pods', pod({ terminationGracePeriodSeconds: 'x' }), 400, []],
  ['an account that does not exist', 'pods', pod({ serviceAccountName: 'nope' }), 403, []],
  ['a label value with a space', 'pods', pod({}, { labels: { a: 'b c' } }), 422, ['metadata.labels']],
  [
    'a selector that misses its template',
    'apps/deployments',
    workload({ selector: { matchLabels: { x: 'y' } } }),
    422,
    ['spec.template.metadata.labels'],
  ],
  ['an empty selector', 'apps/deployments', workload({ selector: {} }), 422, ['spec.selector']],
  ['negative replicas', 'apps/deployments', workload({ replicas: -1 }), 422, ['spec.replicas']],
  [
    'a deployment of pods that end',
    'apps/deployments',
    workload({
      template: { metadata: { labels: { app: 'd' } }, spec: { containers: [container], restartPolicy: 'Never' } },
    }),
    422,
    ['spec.template.spec.restartPolicy'],
  ],
  [
    'a rollout that cannot move',
    'apps/deployments',
    workload({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
    422,
    ['spec.strategy.rollingUpdate.maxUnavailable'],
  ],
  ['a job that never ends', 'batch/jobs', job({}, 'Always'), 422, ['spec.template.spec.restartPolicy']],
  ['a negative back-off', 'batch/jobs', job({ backoffLimit: -1 }), 422, ['spec.backoffLimit']],
  ['a service without ports', 'services', { metadata: { name: 's' }, spec: {} }, 422, ['spec.ports']],
  [
    'a service name that begins with a digit',
    'services',
    { metadata: { name: '1s' }, spec: { ports: [{ port: 1 }] } },
    422,
    ['metadata.name'],
  ],
  ['a key with a slash', 'configmaps', { metadata: { name: 'c' }, data: { 'a/b': '1' } }, 422, ['data[a/b]']],
  ['a number as data', 'configmaps', { metadata: { name: 'c' }, data: { a: 1 } }, 400, []],
  ['data that is not base64', 'secrets', { metadata: { name: 's' }, data: { a: '???' } }, 400, []],
  [
    'a budget with two limits',
    'policy/poddisruptionbudgets',
    { metadata: { name: 'b' }, spec: { minAvailable: 1, maxUnavailable: 1 } },
    422,
    ['spec'],
  ],
];

const pathOf = (space: string, path: string): string => {
  const [group, resource] = path.includes('/') ? path.split('/') : ['', path];
  return `${group === '' ? '/api/v1' : `/apis/${group}/v1`}/namespaces/${space}/${resource}`;
};

export function rulesSuite(client: KubernetesClient): void {
  describe('rules', () => {
    let space = '';
    before(async () => {
      space = await freshNamespace(client);
    });
    const dry = (path: string, object: Plain, more = ''): Promise<any> =>
      client.call('POST', `${pathOf(space, path)}?dryRun=All${more}`, object);

    for (const [why, path, object, code, fields] of refused) {
      it(`refuse ${why}`, async () => {
        const answer = await dry(path, object);
        assert.equal(answer.code, code, answer.text);
        assert.deepEqual(
          (answer.body.details?.causes ?? []).map((cause: any) => cause.field),
          fields,
          answer.text,
        );
      });
    }

    it('give a pod its defaults', async () => {
      const probe = { exec: { command: ['x'] } };
      const { body } = await dry(
        'pods',
        pod({
          containers: [{ ...container, readinessProbe: probe, ports: [{ containerPort: 80 }] }],
          volumes: [{ name: 'v' }, { name: 's', secret: { secretName: 'x' } }],
        }),
      );
      assert.equal(body.spec.restartPolicy, 'Always');
      assert.equal(body.spec.dnsPolicy, 'ClusterFirst');
      assert.equal(body.spec.terminationGracePeriodSeconds, 30);
      assert.equal(body.spec.serviceAccountName, 'default');
      assert.deepEqual(body.spec.volumes, [
        { name: 'v', emptyDir: {} },
        { name: 's', secret: { secretName: 'x', defaultMode: 420 } },
      ]);
      const [first] = body.spec.containers;
      assert.equal(first.imagePullPolicy, 'IfNotPresent');
      assert.deepEqual(first.ports, [{ containerPort: 80, protocol: 'TCP' }]);
      assert.deepEqual(first.readinessProbe, {
        ...probe,
        timeoutSeconds: 1,
        periodSeconds: 10,
        successThreshold: 1,
        failureThreshold: 3,
      });
      assert.deepEqual(
        body.spec.tolerations.map((each: any) => each.key),
        ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'],
      );
      assert.deepEqual([body.status.phase, body.status.qosClass], ['Pending', 'BestEffort']);
    });

    it('give workloads and services their defaults', async () => {
      const { body: made } = await dry('apps/deployments', deployment('d', 2));
      assert.deepEqual(made.spec.strategy, {
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' },
      });
      assert.deepEqual([made.spec.revisionHistoryLimit, made.spec.progressDeadlineSeconds], [10, 600]);
      const { body: first } = await dry('batch/jobs', job({}));
      assert.deepEqual([first.spec.backoffLimit, first.spec.completions, first.spec.parallelism], [6, 1, 1]);
      const uid = first.spec.selector.matchLabels['batch.kubernetes.io/controller-uid'];
      assert.equal(first.spec.template.metadata.labels['controller-uid'], uid);
      assert.equal(first.spec.template.metadata.labels['job-name'], 'j');
      const { body: service } = await dry('services', { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } });
      assert.match(service.spec.clusterIP, /^10\.96\./);
      assert.deepEqual(service.spec.ports, [{ port: 80, protocol: 'TCP', targetPort: 80 }]);
    });

    it('drop unknown fields with a warning, or refuse them when asked to be strict', async () => {
      const object = pod({ foo: 1, containers: [{ ...container, imag: 'x' }] });
      const warned = await dry('pods', object);
      assert.equal(warned.code, 201);
      assert.deepEqual(warned.warnings, ['unknown field "spec.containers[0].imag"', 'unknown field "spec.foo"']);
      assert.equal(warned.body.spec.foo, undefined);
      const strict = await dry('pods', object, '&fieldValidation=Strict');
      assert.equal(strict.code, 400);
      assert.match(
        strict.body.message,
        /strict decoding error: unknown field "spec.containers\[0\].imag", unknown field "spec.foo"$/,
      );
      assert.deepEqual((await dry('pods', object, '&fieldValidation=Ignore')).warnings, []);
    });

    it('keep what may not change: selectors, job templates, pod specs, cluster addresses', async () => {
      const merge = { contentType: 'application/merge-patch+json' };
      await client.call('POST', pathOf(space, 'apps/deployments'), deployment('fixed', 0));
      await client.call('POST', pathOf(space, 'batch/jobs'), {
        ...job({ suspend: true }),
        metadata: { name: 'fixed' },
      });
      await client.call('POST', pathOf(space, 'services'), {
        metadata: { name: 'fixed' },
        spec: { ports: [{ port: 80 }] },
      });
      const rows: [path: string, patch: Plain, field: string][] = [
        [
          'apps/deployments',
          { spec: { selector: { matchLabels: { app: 'x' } }, template: { metadata: { labels: { app: 'x' } } } } },
          'spec.selector',
        ],
        ['batch/jobs', { spec: { completions: 5 } }, 'spec.completions'],
        ['services', { spec: { clusterIP: '10.96.9.9', clusterIPs: ['10.96.9.9'] } }, 'spec.clusterIPs[0]'],
      ];
      for (const [path, patch, field] of rows) {
        const { code, body } = await client.call('PATCH', `${pathOf(space, path)}/fixed`, patch, merge);
        assert.equal(code, 422, path);
        assert.deepEqual(
          body.details.causes.map((cause: any) => cause.field),
          [field],
        );
      }
    });

    it('enforce Pod Security on pods, and warn about workloads', async () => {
      const strict = await freshNamespace(client, { 'pod-security.kubernetes.io/enforce': 'restricted' });
      const { code, body } = await client.call('POST', pathOf(strict, 'pods'), pod({ hostNetwork: true }));
      assert.equal(code, 403);
      const parts = [
        'host namespaces (hostNetwork=true)',
        'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)',
        'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"])',
        'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)',
        'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to ' +
          '"RuntimeDefault" or "Localhost")',
      ];
      assert.equal(
        body.message,
        `pods "p" is forbidden: violates PodSecurity "restricted:latest": ${parts.join(', ')}`,
      );
      const warned = await client.call('POST', pathOf(strict, 'apps/deployments'), deployment('w', 0));
      assert.equal(warned.code, 201);
      assert.equal(warned.warnings[0], `would violate PodSecurity "restricted:latest": ${parts.slice(1).join(', ')}`);
      const securityContext = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
      const good = {
        ...container,
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      };
      assert.equal(
        (
          await client.call(
            'POST',
            `${pathOf(strict, 'pods')}?dryRun=All`,
            pod({ securityContext, containers: [good] }),
          )
        ).code,
        201,
      );
    });

    it('are found by discovery, plain and aggregated', async () => {
      const { body: apps } = await client.call('GET', '/apis/apps/v1');
      const found = apps.resources.find((each: any) => each.name === 'deployments');
      assert.deepEqual(
        [found.kind, found.namespaced, found.shortNames, found.categories],
        ['Deployment', true, ['deploy'], ['all']],
      );
      assert.ok(apps.resources.some((each: any) => each.name === 'deployments/scale' && each.kind === 'Scale'));
      const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
      const { body } = await client.call('GET', '/apis', undefined, { accept });
      const group = body.items.find((each: any) => each.metadata.name === 'batch');
      const jobs = group.versions[0].resources.find((each: any) => each.resource === 'jobs');
      assert.deepEqual([jobs.responseKind, jobs.scope], [{ group: '', version: '', kind: 'Job' }, 'Namespaced']);
    });
  });
}
