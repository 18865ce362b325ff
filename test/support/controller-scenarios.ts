/**
 * Scenarios that show what the controllers do, through the API alone, and what a user can see of it. What they answer
 * is compared between the embedded Kubernetes and a real one.
 */
import { blot, type ClusterScenario } from './cluster-scenario.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { deployment, job } from './scenario-workloads.ts';

/** Conditions as `type=status reason: message`. */
function conditions(object: any): string[] {
  return (object.status.conditions as any[])
    .map(({ type, status, reason, message }) =>
      blot(`${type}=${status} ${reason}: ${message}`, object.metadata.namespace),
    )
    .sort();
}

/** The numbers of a status. */
function numbers(object: any): Record<string, number> {
  return Object.fromEntries(Object.entries(object.status).filter(([, value]) => typeof value === 'number')) as Record<
    string,
    number
  >;
}

const isAvailable = (count: number) => (object: any) =>
  object.status?.availableReplicas === count &&
  object.status.replicas === count &&
  object.status.updatedReplicas === count &&
  object.status.observedGeneration === object.metadata.generation &&
  object.status.conditions.some((each: any) => each.reason === 'NewReplicaSetAvailable');

const has = (type: string) => (object: any) =>
  (object.status?.conditions ?? []).some((each: any) => each.type === type && each.status === 'True');

export interface Scenario {
  name: string;
  run(cluster: ClusterScenario): Promise<unknown>;
}

export const scenarios: Scenario[] = [
  {
    name: 'a deployment comes up',
    async run(cluster) {
      await cluster.create(deployment(cluster.namespace, { replicas: 3 }));
      const up = await cluster.until('Deployment', 'web', 'available', isAvailable(3));
      const [set] = await cluster.list('ReplicaSet');
      return {
        numbers: numbers(up),
        conditions: conditions(up),
        revision: up.metadata.annotations['deployment.kubernetes.io/revision'],
        set: { numbers: numbers(set), annotations: set.metadata.annotations, name: blot(set.metadata.name) },
        events: [...(await cluster.eventsOnce(1, 'Deployment')), ...(await cluster.eventsOnce(3, 'ReplicaSet'))],
      };
    },
  },
  {
    name: 'a rollout, back again, and scaled in by deletion cost',
    async run(cluster) {
      await cluster.create(deployment(cluster.namespace, { replicas: 4 }));
      await cluster.until('Deployment', 'web', 'available', isAvailable(4));
      const annotate = (value: string | null): Promise<any> =>
        cluster.patch('Deployment', 'web', { spec: { template: { metadata: { annotations: { version: value } } } } });
      await annotate('2');
      await cluster.until('Deployment', 'web', 'rolled', isAvailable(4));
      await annotate(null);
      await cluster.until('Deployment', 'web', 'rolled back', isAvailable(4));
      const pods = (await cluster.list('Pod')).filter((pod) => !pod.metadata.deletionTimestamp);
      const dear = pods.slice(0, 2).map((pod) => pod.metadata.name as string);
      for (const name of dear) {
        await cluster.patch('Pod', name, {
          metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '10' }, labels: { full: null } },
        });
      }
      // The controller reads pods from a cache of its own: that it has seen the costs shows in what it counts.
      await waitFor('the costs are seen', async () => {
        const sets = await cluster.list('ReplicaSet');
        return sets.some((set) => set.spec.replicas === 4 && set.status.fullyLabeledReplicas === 2);
      });
      await cluster.patch('Deployment', 'web', { spec: { replicas: 2 } });
      await cluster.until('Deployment', 'web', 'scaled in', isAvailable(2));
      await waitFor('two pods', async () => (await cluster.list('Pod')).length === 2);
      const left = (await cluster.list('Pod')).map((pod) => pod.metadata.name as string);
      const sets = await cluster.list('ReplicaSet');
      return {
        dearKept: left.toSorted().join() === dear.toSorted().join(),
        sets: sets
          .map((set) => {
            const { annotations } = set.metadata;
            return [
              annotations['deployment.kubernetes.io/revision'],
              annotations['deployment.kubernetes.io/revision-history'],
              set.spec.replicas,
            ].join('|');
          })
          .toSorted(),
      };
    },
  },
  {
    name: 'pods that fit nowhere',
    async run(cluster) {
      await cluster.create(deployment(cluster.namespace, { replicas: 1, cpu: '6' }));
      const pod = await waitFor('a refusal', async () =>
        (await cluster.list('Pod')).find((each) => each.status?.conditions?.length > 0),
      );
      const events = await cluster.eventsOnce(1, 'Pod');
      // The numbers depend on the nodes of other scenarios; the words in between came with Kubernetes 1.34.
      const own = (text: string): string =>
        text
          .replace('no new claims to deallocate, ', '')
          .replaceAll(/\d+\/\d+|\d+ node/g, '#')
          .replaceAll(/\d+ (Pre|Ins)/g, '# $1');
      return { conditions: conditions(pod).map(own), events: [...new Set(events.map(own))].slice(0, 1) };
    },
  },
  {
    name: 'a job completes',
    async run(cluster) {
      await cluster.create(job(cluster.namespace, '0', { completions: 3, parallelism: 2 }));
      const done = await cluster.until('Job', 'sum', 'complete', has('Complete'));
      return {
        numbers: numbers(done),
        conditions: conditions(done),
        uncounted: done.status.uncountedTerminatedPods,
        completed: typeof done.status.completionTime,
        finalizers: (await cluster.list('Pod')).map((pod) => pod.metadata.finalizers),
        events: await cluster.eventsOnce(4, 'Job'),
      };
    },
  },
  {
    name: 'a job fails by its pod failure policy',
    async run(cluster) {
      const rules = [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }];
      await cluster.create(job(cluster.namespace, '1', { podFailurePolicy: { rules }, backoffLimit: 5 }));
      const failed = await cluster.until('Job', 'sum', 'failed', has('Failed'));
      return {
        numbers: numbers(failed),
        conditions: conditions(failed),
        completed: typeof failed.status.completionTime,
        events: await cluster.eventsOnce(2, 'Job'),
      };
    },
  },
  {
    name: 'a job at its backoff limit',
    async run(cluster) {
      await cluster.create(job(cluster.namespace, '3', { backoffLimit: 0 }));
      const failed = await cluster.until('Job', 'sum', 'failed', has('Failed'));
      return { numbers: numbers(failed), conditions: conditions(failed), events: await cluster.eventsOnce(2, 'Job') };
    },
  },
  {
    name: 'a job past its deadline',
    async run(cluster) {
      await cluster.create(job(cluster.namespace, undefined, { activeDeadlineSeconds: 1 }));
      const failed = await cluster.until('Job', 'sum', 'failed', has('Failed'));
      return { numbers: numbers(failed), conditions: conditions(failed), events: await cluster.eventsOnce(3, 'Job') };
    },
  },
  {
    name: 'a job suspended and resumed',
    async run(cluster) {
      await cluster.create(job(cluster.namespace, undefined, { completions: 2, parallelism: 2 }));
      await cluster.until('Job', 'sum', 'running', (each) => each.status?.ready === 2);
      await cluster.patch('Job', 'sum', { spec: { suspend: true } });
      const suspended = await cluster.until(
        'Job',
        'sum',
        'suspended',
        (each) => has('Suspended')(each) && !each.status.active && !each.status.terminating,
      );
      await cluster.patch('Job', 'sum', { spec: { suspend: false } });
      const resumed = await cluster.until('Job', 'sum', 'running again', (each) => each.status?.ready === 2);
      return {
        suspended: {
          numbers: numbers(suspended),
          conditions: conditions(suspended),
          started: typeof suspended.status.startTime,
        },
        resumed: {
          numbers: numbers(resumed),
          conditions: conditions(resumed),
          started: typeof resumed.status.startTime,
        },
        events: await cluster.eventsOnce(8, 'Job'),
      };
    },
  },
  {
    name: 'a disruption budget and endpoints',
    async run(cluster) {
      await cluster.create(deployment(cluster.namespace, { replicas: 4 }));
      const selector = { app: 'web' };
      await cluster.create({
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'web' },
        spec: { selector: { matchLabels: selector }, maxUnavailable: '30%' },
      });
      await cluster.create({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web' },
        spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
      });
      const budget = await cluster.until(
        'PodDisruptionBudget',
        'web',
        '2 allowed',
        (each) => each.status?.disruptionsAllowed === 2,
      );
      const endpoints = await cluster.until(
        'Endpoints',
        'web',
        '4 addresses',
        (each) => each.subsets?.[0]?.addresses?.length === 4,
      );
      const slice = await waitFor('a slice of 4', async () => {
        const [first] = await cluster.list('EndpointSlice');
        return first?.endpoints?.length === 4 && first;
      });
      return {
        budget: { numbers: numbers(budget), conditions: conditions(budget) },
        endpoints: {
          ports: endpoints.subsets[0].ports,
          address: Object.keys(endpoints.subsets[0].addresses[0]).sort(),
          target: Object.keys(endpoints.subsets[0].addresses[0].targetRef).sort(),
          labels: endpoints.metadata.labels,
        },
        slice: {
          type: slice.addressType,
          ports: slice.ports,
          labels: slice.metadata.labels,
          conditions: slice.endpoints[0].conditions,
          owner: slice.metadata.ownerReferences[0].kind,
        },
      };
    },
  },
  {
    name: 'a deployment deleted in the foreground',
    async run(cluster) {
      await cluster.create(deployment(cluster.namespace, { replicas: 2 }));
      await cluster.until('Deployment', 'web', 'available', isAvailable(2));
      await cluster.remove('Deployment', 'web', 'Foreground');
      await waitFor('nothing is left', async () => (await cluster.list('Deployment')).length === 0);
      return { sets: (await cluster.list('ReplicaSet')).length, pods: (await cluster.list('Pod')).length };
    },
  },
];
