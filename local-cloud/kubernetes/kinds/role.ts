/** Roles, of a namespace and of the cluster. They are kept; whoever has the token may do everything. */
import type { V1ClusterRole, V1Role } from '@kubernetes/client-node';
import type { ObjectOf } from '../objects.ts';
import type { KubeObject } from '../object.ts';
import { defineKind } from './kind.ts';
import { pathSegmentProblem } from './metadata-rules.ts';

declare module '../objects.ts' {
  interface Objects {
    roles: ObjectOf<V1Role>;
    clusterroles: ObjectOf<V1ClusterRole>;
  }
}

const shared = {
  group: 'rbac.authorization.k8s.io',
  nameProblem: pathSegmentProblem,
  columns: 'Name|Created At',
  row: ({ metadata }: KubeObject) => [metadata.name, metadata.creationTimestamp],
};

export const role = defineKind({
  ...shared,
  kind: 'Role',
  resource: 'roles',
  fields: `
PolicyRule
  apiGroups#2:[string|atomic] nonResourceURLs#5:[string|atomic] resourceNames#4:[string|atomic]
  resources#3:[string|atomic] verbs!#1:[string|atomic]
Role
  apiVersion:string kind:string metadata#1:meta/ObjectMeta rules#2:[PolicyRule|atomic]`,
});
export const clusterRole = defineKind({
  ...shared,
  kind: 'ClusterRole',
  resource: 'clusterroles',
  namespaced: false,
  fields: `
AggregationRule
  clusterRoleSelectors#1:[meta/LabelSelector|atomic]
ClusterRole
  aggregationRule#3:AggregationRule apiVersion:string kind:string metadata#1:meta/ObjectMeta
  rules#2:[PolicyRule|atomic]`,
});
