/**
 * Pod address ranges, loosely: a VPC's 10.0.0.0/8 holds about 62 clusters of the default /14 (elastic/cloud-on-k8s
 * issues 2461, 2473); a cluster that asks for a smaller range takes its share. Only counted, never assigned.
 */
import type { ClusterRecord } from '../records.ts';

const DEFAULT_PREFIX = 14;
const CLUSTERS_OF_DEFAULT_SIZE = 62;

/** What GKE says when the network has no range left for this cluster, or undefined. */
export function addressSpaceProblem(cluster: ClusterRecord, all: Iterable<ClusterRecord>): string | undefined {
  const { network } = cluster.spec;
  let taken = 0;
  for (const each of all) if (each.spec.network === network) taken += share(each);
  if (taken <= CLUSTERS_OF_DEFAULT_SIZE) return undefined;
  return `Google Compute Engine: IP_SPACE_EXHAUSTED: IP space of network '${network}' is exhausted.`;
}

function share(cluster: ClusterRecord): number {
  const { ipAllocationPolicy, clusterIpv4Cidr } = cluster.spec;
  const block = ipAllocationPolicy?.clusterIpv4CidrBlock || clusterIpv4Cidr || '';
  const prefix = Number(/\/(\d+)$/.exec(block)?.[1] ?? DEFAULT_PREFIX);
  return 2 ** (DEFAULT_PREFIX - prefix);
}
