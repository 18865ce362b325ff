/** Network policies. They are kept, not enforced. */
import type { Plain } from '../object.ts';
import type { LabelSelector } from '../labels.ts';
import type { FieldError } from '../api-error.ts';
import { defineKind } from './kind.ts';
import { printSelector, created } from './cells.ts';
import { setDefault } from './set-default.ts';
import { unsupported } from './field-error.ts';
import { validateSelectorLabels } from './metadata-rules.ts';

export const networkPolicy = defineKind({
  group: 'networking.k8s.io',
  kind: 'NetworkPolicy',
  resource: 'networkpolicies',
  shortNames: ['netpol'],
  countsGenerations: true,
  defaults: defaultNetworkPolicy,
  rules: validateNetworkPolicy,
  columns: 'Name|Pod-Selector|Age',
  row: (policy, nowMs) => [policy.metadata.name, printSelector(policy.spec?.podSelector), created(policy, nowMs)],
});

function defaultNetworkPolicy({ spec }: Plain): void {
  if (!spec) return;
  if (!spec.policyTypes) spec.policyTypes = spec.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress'];
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])] as Plain[]) {
    for (const port of (rule['ports'] ?? []) as Plain[]) setDefault(port, 'protocol', 'TCP');
  }
}

function validateNetworkPolicy({ spec }: Plain): FieldError[] {
  const errors = validateSelectorLabels(spec?.podSelector as LabelSelector | undefined, 'spec.podSelector');
  for (const [index, type] of ((spec?.policyTypes ?? []) as string[]).entries()) {
    if (type !== 'Ingress' && type !== 'Egress')
      errors.push(unsupported(`spec.policyTypes[${index}]`, type, ['Egress', 'Ingress']));
  }
  return errors;
}
