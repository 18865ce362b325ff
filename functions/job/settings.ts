/** What a pass needs to know of the installation's configuration, and nothing else of it. */
export interface PassSettings {
  installation: string;
  workerImage: string;
  redisImage: string;
  /** Zones, in order of preference. */
  locations: readonly string[];
  maxClusters: number;
  /** Buckets that a job file may name by gs://, and registries that its image may come from. */
  allowedBuckets: readonly string[];
  allowedRegistries: readonly string[];
}
