/** Network policies. They are kept, not enforced. */
import type { NetworkPolicy } from '../objects.ts';
import type { FieldError } from '../api-error.ts';
import { defineKind } from './kind.ts';
import { printSelector, created } from './cells.ts';
import { defaultProtocol } from './set-default.ts';
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

function defaultNetworkPolicy({ spec }: NetworkPolicy): void {
  if (!spec) return;
  if (!spec.policyTypes) spec.policyTypes = spec.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress'];
  for (const { ports } of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) defaultProtocol(ports);
}

function validateNetworkPolicy({ spec }: NetworkPolicy): FieldError[] {
  const errors = validateSelectorLabels(spec?.podSelector, 'spec.podSelector');
  for (const [index, type] of (spec?.policyTypes ?? []).entries()) {
    if (type !== 'Ingress' && type !== 'Egress')
      errors.push(unsupported(`spec.policyTypes[${index}]`, type, ['Egress', 'Ingress']));
  }
  return errors;
}
