/** Nodes. */
import type { Node } from '../objects.ts';
import { defineKind } from './kind.ts';
import { age, conditionStatus } from './cells.ts';
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

function defaultNode(node: Node): void {
  const status = (node.status ??= {});
  if (status.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
  setDefault(status, 'daemonEndpoints', { kubeletEndpoint: { Port: 0 } });
  setDefault(status, 'nodeInfo', { ...NO_NODE_INFO });
}

const ROLE_PREFIX = 'node-role.kubernetes.io/';

function nodeRow(node: Node, nowMs: number): { cells: unknown[] } {
  const ready = conditionStatus(node, 'Ready');
  const states = [ready === undefined ? 'Unknown' : ready === 'True' ? 'Ready' : 'NotReady'];
  if (node.spec?.unschedulable) states.push('SchedulingDisabled');
  const info = node.status?.nodeInfo;
  const address = (type: string): string =>
    node.status?.addresses?.find((each) => each.type === type)?.address ?? '<none>';
  return {
    cells: [
      node.metadata.name,
      states.join(','),
      rolesOf(node).join(',') || '<none>',
      age(node.metadata.creationTimestamp, nowMs),
      info?.kubeletVersion ?? '',
      address('InternalIP'),
      address('ExternalIP'),
      info?.osImage || '<unknown>',
      info?.kernelVersion || '<unknown>',
      info?.containerRuntimeVersion || '<unknown>',
    ],
  };
}

function rolesOf(node: Node): string[] {
  const roles = Object.entries(node.metadata.labels ?? {}).map(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return key.slice(ROLE_PREFIX.length);
    return key === 'kubernetes.io/role' ? value : '';
  });
  return roles.filter((role) => role !== '').sort();
}
