/** Bindings of roles, of a namespace and of the cluster. They are kept; whoever has the token may do everything. */
import type { V1ClusterRoleBinding, V1RoleBinding } from '@kubernetes/client-node';
import type { ObjectOf } from '../objects.ts';
import { isDeepStrictEqual } from 'node:util';
import type { FieldError } from '../api-error.ts';
import { defineKind } from './kind.ts';
import { created } from './cells.ts';
import { invalidValue } from './field-error.ts';
import { pathSegmentProblem } from './metadata-rules.ts';

type RoleBinding = ObjectOf<V1RoleBinding>;

declare module '../objects.ts' {
  interface Objects {
    rolebindings: RoleBinding;
    clusterrolebindings: ObjectOf<V1ClusterRoleBinding>;
  }
}

const shared = {
  group: 'rbac.authorization.k8s.io',
  nameProblem: pathSegmentProblem,
  updateRules: validateBindingUpdate,
  columns: 'Name|Role|Age|Users+|Groups+|ServiceAccounts+',
  row: bindingRow,
};

export const roleBinding = defineKind({
  ...shared,
  kind: 'RoleBinding',
  resource: 'rolebindings',
  fields: `
RoleBinding
  apiVersion:string kind:string metadata#1:meta/ObjectMeta roleRef!#3:RoleRef subjects#2:[Subject|atomic]
RoleRef (atomic)
  apiGroup!#1:string kind!#2:string name!#3:string
Subject (atomic)
  apiGroup#2:string kind!#1:string name!#3:string namespace#4:string`,
});
export const clusterRoleBinding = defineKind({
  ...shared,
  kind: 'ClusterRoleBinding',
  resource: 'clusterrolebindings',
  namespaced: false,
  fields: `
ClusterRoleBinding
  apiVersion:string kind:string metadata#1:meta/ObjectMeta roleRef!#3:RoleRef subjects#2:[Subject|atomic]`,
});

/** Which role a binding grants never changes. */
function validateBindingUpdate(next: RoleBinding, stored: RoleBinding): FieldError[] {
  return isDeepStrictEqual(next.roleRef, stored.roleRef)
    ? []
    : [invalidValue('roleRef', next.roleRef, 'cannot change roleRef')];
}

function bindingRow(binding: RoleBinding, nowMs: number): unknown[] {
  const subjects = binding.subjects ?? [];
  const named = (kind: string): string =>
    subjects
      .filter((each) => each.kind === kind)
      .map((each) => String(each.name))
      .join(', ');
  const accounts = subjects
    .filter((each) => each.kind === 'ServiceAccount')
    .map((each) => `${each.namespace}/${each.name}`);
  const role = `${binding.roleRef?.kind}/${binding.roleRef?.name}`;
  return [binding.metadata.name, role, created(binding, nowMs), named('User'), named('Group'), accounts.join(', ')];
}
