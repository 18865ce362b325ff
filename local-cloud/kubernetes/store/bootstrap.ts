/** What a new cluster holds before anybody uses it. Safe to run at every start. */
import type { ObjectStore } from '../object-store.ts';

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

const PRIORITY_CLASSES = [
  {
    name: 'system-node-critical',
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
];

export function bootstrap(store: ObjectStore, apiPort: number): void {
  for (const name of NAMESPACES) {
    if (!store.get('namespaces', undefined, name)) store.create('namespaces', { metadata: { name } });
  }
  for (const { name, ...rest } of PRIORITY_CLASSES) {
    if (!store.get('priorityclasses', undefined, name))
      store.create('priorityclasses', { metadata: { name }, ...rest });
  }
  if (!store.get('clusterroles', undefined, 'cluster-admin')) {
    const rules = [
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      { nonResourceURLs: ['*'], verbs: ['*'] },
    ];
    store.create('clusterroles', { metadata: { name: 'cluster-admin' }, rules });
  }
  if (!store.get('services', 'default', 'kubernetes')) {
    store.create('services', {
      metadata: {
        name: 'kubernetes',
        namespace: 'default',
        labels: { component: 'apiserver', provider: 'kubernetes' },
      },
      spec: {
        type: 'ClusterIP',
        clusterIP: '10.96.0.1',
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: apiPort }],
      },
    });
  }
}
