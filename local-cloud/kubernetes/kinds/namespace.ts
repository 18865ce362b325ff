/** Namespaces. A new one brings its default account and the certificate of the cluster. */
import type { KubeObject } from '../object.ts';
import { defineKind, type Kind } from './kind.ts';
import { created } from './cells.ts';
import { labelProblem } from './metadata-rules.ts';

export const namespace = defineKind({
  kind: 'Namespace',
  resource: 'namespaces',
  namespaced: false,
  shortNames: ['ns'],
  subresources: ['status', 'finalize'],
  firstStatus: { phase: 'Active' },
  nameProblem: labelProblem,
  defaults: defaultNamespace,
  created: fillNamespace,
  columns: 'Name|Status|Age',
  row: (namespace, nowMs) => [namespace.metadata.name, namespace.status?.phase ?? '', created(namespace, nowMs)],
  selectable: { 'status.phase': ({ status }) => status?.phase },
});

function defaultNamespace(namespace: KubeObject): void {
  const { metadata } = namespace;
  metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  namespace.spec = { ...namespace.spec, finalizers: namespace.spec?.finalizers ?? ['kubernetes'] };
}

type Created = NonNullable<Kind['created']>;

function fillNamespace(...[{ metadata }, { store, rootCaPem }]: Parameters<Created>): void {
  const namespace = metadata.name;
  store.create('serviceaccounts', { metadata: { name: 'default', namespace } });
  const description =
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints ' +
    'such as the internal service IP or kubernetes.default.svc.';
  store.create('configmaps', {
    metadata: { name: 'kube-root-ca.crt', namespace, annotations: { 'kubernetes.io/description': description } },
    data: { 'ca.crt': rootCaPem ?? '' },
  });
}
