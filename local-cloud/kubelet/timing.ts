/** Every period and limit of the kubelet in one place, with the values of a real one; tests shorten them. */
export interface Timing {
  leaseSeconds: number;
  leaseRenewMs: number;
  nodeStatusMs: number;
  /** Full list of the node's pods, in case the watch misses something. */
  resyncMs: number;
  /** Age at which a Secret or ConfigMap in use is read anew. */
  volumeRefreshMs: number;
  backOffInitialMs: number;
  backOffMaxMs: number;
  /** Retry of a volume or Service that is not there yet. */
  retryMs: number;
  memoryCheckMs: number;
  requestTimeoutMs: number;
  /** Upper bound for pods when the machine is switched off. */
  shutdownGraceSeconds: number;
}

export const realTiming: Timing = {
  leaseSeconds: 40,
  leaseRenewMs: 10_000,
  nodeStatusMs: 300_000,
  resyncMs: 45_000,
  volumeRefreshMs: 45_000,
  backOffInitialMs: 10_000,
  backOffMaxMs: 300_000,
  retryMs: 1_000,
  memoryCheckMs: 1_000,
  requestTimeoutMs: 10_000,
  shutdownGraceSeconds: 30,
};
