/** Namespaces. A new one brings its default account and the certificate of the cluster. */
import type { V1Namespace } from '@kubernetes/client-node';
import type { Namespace, ObjectOf } from '../objects.ts';
import { defineKind, type Kind } from './kind.ts';
import { created } from './cells.ts';
import { labelProblem } from './metadata-rules.ts';

declare module '../objects.ts' {
  interface Objects {
    namespaces: ObjectOf<V1Namespace>;
  }
}

export const namespace = defineKind({
  kind: 'Namespace',
  resource: 'namespaces',
  namespaced: false,
  shortNames: ['ns'],
  subresources: ['status'],
  firstStatus: { phase: 'Active' },
  nameProblem: labelProblem,
  defaults: defaultNamespace,
  created: fillNamespace,
  columns: 'Name|Status|Age',
  row: (namespace, nowMs) => [namespace.metadata.name, namespace.status?.phase ?? '', created(namespace, nowMs)],
  selectable: { 'status.phase': ({ status }) => status?.phase },
  fields: `
Namespace
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:NamespaceSpec status#3:NamespaceStatus
NamespaceCondition
  lastTransitionTime#4:time message#6:string reason#5:string status!#2:string type!#1:string
NamespaceSpec
  finalizers#1:[string|atomic]
NamespaceStatus
  conditions#2:[NamespaceCondition|map=type|merge=type] phase#1:string`,
});

function defaultNamespace(namespace: Namespace): void {
  const { metadata } = namespace;
  metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  namespace.spec = { ...namespace.spec, finalizers: namespace.spec?.finalizers ?? ['kubernetes'] };
}

type Created = NonNullable<Kind<'namespaces'>['created']>;

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
