/** Roles, of a namespace and of the cluster. They are kept; whoever has the token may do everything. */
import type { KubeObject } from '../object.ts';
import { defineKind } from './kind.ts';
import { pathSegmentProblem } from './metadata-rules.ts';

const shared = {
  group: 'rbac.authorization.k8s.io',
  nameProblem: pathSegmentProblem,
  columns: 'Name|Created At',
  row: ({ metadata }: KubeObject) => [metadata.name, metadata.creationTimestamp],
};

export const role = defineKind({ ...shared, kind: 'Role', resource: 'roles' });
export const clusterRole = defineKind({ ...shared, kind: 'ClusterRole', resource: 'clusterroles', namespaced: false });
