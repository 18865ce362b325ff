/** Nodes. */
import type { KubeObject, Plain } from '../object.ts';
import { defineKind } from './kind.ts';
import { age, at, conditionStatus } from './cells.ts';
import { setDefault } from './set-default.ts';

export const node = defineKind({
  kind: 'Node',
  resource: 'nodes',
  namespaced: false,
  shortNames: ['no'],
  subresources: ['status'],
  defaults: defaultNode,
  columns: 'Name|Status|Roles|Age|Version|Internal-IP+|External-IP+|OS-Image+|Kernel-Version+|Container-Runtime+',
  row: nodeRow,
  selectable: { 'spec.unschedulable': ({ spec }) => spec?.unschedulable ?? false },
});

const NO_NODE_INFO = Object.fromEntries(
  [
    ...['machineID', 'systemUUID', 'bootID', 'kernelVersion', 'osImage', 'containerRuntimeVersion'],
    ...['kubeletVersion', 'kubeProxyVersion', 'operatingSystem', 'architecture'],
  ].map((name) => [name, '']),
);

function defaultNode(node: Plain): void {
  const status = (node['status'] ??= {}) as Plain;
  if (status['capacity'] && !status['allocatable']) status['allocatable'] = { ...status['capacity'] };
  setDefault(status, 'daemonEndpoints', { kubeletEndpoint: { Port: 0 } });
  setDefault(status, 'nodeInfo', { ...NO_NODE_INFO });
}

const ROLE_PREFIX = 'node-role.kubernetes.io/';

function nodeRow(node: KubeObject, nowMs: number): { cells: unknown[] } {
  const ready = conditionStatus(node, 'Ready');
  const states = [ready === undefined ? 'Unknown' : ready === 'True' ? 'Ready' : 'NotReady'];
  if (node.spec?.unschedulable) states.push('SchedulingDisabled');
  const addresses = at(node, 'status.addresses', []) as { type: string; address: string }[];
  const address = (type: string): string => addresses.find((each) => each.type === type)?.address ?? '<none>';
  return {
    cells: [
      node.metadata.name,
      states.join(','),
      rolesOf(node).join(',') || '<none>',
      age(node.metadata.creationTimestamp, nowMs),
      at(node, 'status.nodeInfo.kubeletVersion'),
      address('InternalIP'),
      address('ExternalIP'),
      at(node, 'status.nodeInfo.osImage', '<unknown>'),
      at(node, 'status.nodeInfo.kernelVersion', '<unknown>'),
      at(node, 'status.nodeInfo.containerRuntimeVersion', '<unknown>'),
    ],
  };
}

function rolesOf(node: KubeObject): string[] {
  const roles = Object.entries(node.metadata.labels ?? {}).map(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return key.slice(ROLE_PREFIX.length);
    return key === 'kubernetes.io/role' ? value : '';
  });
  return roles.filter((role) => role !== '').sort();
}
