/** Network policies. They are kept, not enforced. */
import type { V1NetworkPolicy } from '@kubernetes/client-node';
import type { ObjectOf } from '../objects.ts';
import type { FieldError } from '../api-error.ts';
import { defineKind } from './kind.ts';
import { printSelector, created } from './cells.ts';
import { defaultProtocol } from './set-default.ts';
import { unsupported } from './field-error.ts';
import { validateSelectorLabels } from './metadata-rules.ts';

type NetworkPolicy = ObjectOf<V1NetworkPolicy>;

declare module '../objects.ts' {
  interface Objects {
    networkpolicies: NetworkPolicy;
  }
}

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
  fields: `
IPBlock
  cidr!#1:string except#2:[string|atomic]
NetworkPolicy
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:NetworkPolicySpec
NetworkPolicyEgressRule
  ports#1:[NetworkPolicyPort|atomic] to#2:[NetworkPolicyPeer|atomic]
NetworkPolicyIngressRule
  from#2:[NetworkPolicyPeer|atomic] ports#1:[NetworkPolicyPort|atomic]
NetworkPolicyPeer
  ipBlock#3:IPBlock namespaceSelector#2:meta/LabelSelector podSelector#1:meta/LabelSelector
NetworkPolicyPort
  endPort*#3:int port#2:intstr protocol*#1:string
NetworkPolicySpec
  egress#3:[NetworkPolicyEgressRule|atomic] ingress#2:[NetworkPolicyIngressRule|atomic]
  podSelector#1:meta/LabelSelector policyTypes#4:[string|atomic]`,
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
