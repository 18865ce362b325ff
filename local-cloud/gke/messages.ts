/**
 * The messages of the API, as far as this service reads them; what else is in them is kept and shown. The definitions
 * (wire/proto-schema.ts) have judged a request before, so these forms give its fields their types and refuse nothing.
 * Records on disk are read by them too.
 */
import * as z from 'zod';

const optional = z.exactOptional;
const labels = z.record(z.string(), z.string());
const switched = z.looseObject({ enabled: optional(z.boolean()) });

const askedConfig = z.looseObject({
  machineType: optional(z.string()),
  diskSizeGb: optional(z.number()),
  diskType: optional(z.string()),
  serviceAccount: optional(z.string()),
  spot: optional(z.boolean()),
  preemptible: optional(z.boolean()),
  maxRunDuration: optional(z.string()),
  kubeletConfig: optional(z.looseObject({ shutdownGracePeriodSeconds: optional(z.number()) })),
  labels: optional(labels),
  resourceLabels: optional(labels),
  taints: optional(
    z.array(z.looseObject({ key: optional(z.string()), value: optional(z.string()), effect: optional(z.string()) })),
  ),
});
export type AskedConfig = z.infer<typeof askedConfig>;

/** What createNodePool is asked for. */
export const askedPool = z.looseObject({
  name: optional(z.string()),
  initialNodeCount: optional(z.number()),
  config: optional(askedConfig),
  locations: optional(z.array(z.string())),
  version: optional(z.string()),
  maxPodsConstraint: optional(z.looseObject({ maxPodsPerNode: optional(z.string()) })),
  networkConfig: optional(z.looseObject({ enablePrivateNodes: optional(z.boolean()) })),
});
export type AskedPool = z.infer<typeof askedPool>;

/** What createCluster is asked for. */
export const askedCluster = z.looseObject({
  name: optional(z.string()),
  network: optional(z.string()),
  subnetwork: optional(z.string()),
  resourceLabels: optional(labels),
  locations: optional(z.array(z.string())),
  initialClusterVersion: optional(z.string()),
  initialNodeCount: optional(z.number()),
  nodeConfig: optional(askedConfig),
  nodePools: optional(z.array(askedPool)),
  clusterIpv4Cidr: optional(z.string()),
  ipAllocationPolicy: optional(z.looseObject({ clusterIpv4CidrBlock: optional(z.string()) })),
  networkConfig: optional(z.looseObject({ defaultEnablePrivateNodes: optional(z.boolean()) })),
  privateClusterConfig: optional(
    z.looseObject({ enablePrivateNodes: optional(z.boolean()), enablePrivateEndpoint: optional(z.boolean()) }),
  ),
  masterAuthorizedNetworksConfig: optional(switched),
  controlPlaneEndpointsConfig: optional(
    z.looseObject({
      ipEndpointsConfig: optional(
        switched.extend({
          enablePublicEndpoint: optional(z.boolean()),
          authorizedNetworksConfig: optional(switched),
        }),
      ),
    }),
  ),
});
export type AskedCluster = z.infer<typeof askedCluster>;

const nodeConfig = askedConfig.extend({
  machineType: z.string(),
  diskSizeGb: z.number(),
  diskType: z.string(),
  serviceAccount: z.string(),
});
export type NodeConfig = z.infer<typeof nodeConfig>;

/** A NodePool as asked for, with defaults filled in. */
export const poolMessage = askedPool.extend({
  name: z.string(),
  initialNodeCount: z.number(),
  config: nodeConfig,
  locations: z.array(z.string()),
});
export type PoolMessage = z.infer<typeof poolMessage>;

/** A Cluster as asked for, with defaults filled in, without node pools. */
export const clusterMessage = askedCluster.extend({
  name: z.string(),
  network: z.string(),
  subnetwork: z.string(),
  resourceLabels: labels,
  locations: z.array(z.string()),
  initialClusterVersion: z.string(),
});
export type ClusterMessage = z.infer<typeof clusterMessage>;

/** Labels, and a count, where a request has them by themselves. */
export const askedLabels = labels.default({});
export const askedCount = z.number().default(0);
