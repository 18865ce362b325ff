/** Nodes. */
import type { V1Node } from '@kubernetes/client-node';
import type { Node, ObjectOf, WithConditions } from '../objects.ts';
import { defineKind } from './kind.ts';
import { age, conditionStatus } from './cells.ts';
import { setDefault } from './set-default.ts';

declare module '../objects.ts' {
  interface Objects {
    nodes: WithConditions<ObjectOf<V1Node>>;
  }
}

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
  fields: `
AttachedVolume
  devicePath!#2:string name!#1:string
ConfigMapNodeConfigSource
  kubeletConfigKey!#5:string name!#2:string namespace!#1:string resourceVersion#4:string uid#3:string
ContainerImage
  names#1:[string|atomic] sizeBytes#2:long
DaemonEndpoint
  Port!#1:int
Node
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:NodeSpec status#3:NodeStatus
NodeAddress
  address!#2:string type!#1:string
NodeCondition
  lastHeartbeatTime#3:time lastTransitionTime#4:time message#6:string reason#5:string status!#2:string type!#1:string
NodeConfigSource
  configMap#2:ConfigMapNodeConfigSource
NodeConfigStatus
  active#2:NodeConfigSource assigned#1:NodeConfigSource error#4:string lastKnownGood#3:NodeConfigSource
NodeDaemonEndpoints
  kubeletEndpoint#1:DaemonEndpoint
NodeFeatures
  supplementalGroupsPolicy*#1:bool
NodeRuntimeHandler
  features#2:NodeRuntimeHandlerFeatures name#1:string
NodeRuntimeHandlerFeatures
  recursiveReadOnlyMounts*#1:bool userNamespaces*#2:bool
NodeSpec
  configSource#6:NodeConfigSource externalID#2:string podCIDR#1:string podCIDRs#7:[string|set|merge]
  providerID#3:string taints#5:[Taint|atomic] unschedulable#4:bool
NodeStatus
  addresses#5:[NodeAddress|map=type|merge=type] allocatable#2:{quantity} capacity#1:{quantity}
  conditions#4:[NodeCondition|map=type|merge=type] config#11:NodeConfigStatus daemonEndpoints#6:NodeDaemonEndpoints
  features#13:NodeFeatures images#8:[ContainerImage|atomic] nodeInfo#7:NodeSystemInfo phase#3:string
  runtimeHandlers#12:[NodeRuntimeHandler|atomic] volumesAttached#10:[AttachedVolume|atomic]
  volumesInUse#9:[string|atomic]
NodeSwapStatus
  capacity*#1:long
NodeSystemInfo
  architecture!#10:string bootID!#3:string containerRuntimeVersion!#6:string kernelVersion!#4:string
  kubeProxyVersion!#8:string kubeletVersion!#7:string machineID!#1:string operatingSystem!#9:string osImage!#5:string
  swap#11:NodeSwapStatus systemUUID!#2:string
Taint
  effect!#3:string key!#1:string timeAdded#4:time value#2:string`,
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
