/**
 * What the kubelet is given and the shapes of the Kubernetes objects it reads and writes, as
 * they are on the wire (dates are strings).
 */
import type {
  AuthenticationV1TokenRequest,
  CoreV1Event,
  V1ConfigMap,
  V1Container,
  V1ContainerStatus,
  V1Lease,
  V1Node,
  V1Pod,
  V1PodCondition,
  V1PodStatus,
  V1Probe,
  V1Service,
  V1Taint,
  V1Volume,
} from '@kubernetes/client-node';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Wire } from '../wire-types.ts';
import type { Timing } from './timing.ts';

export type Pod = Wire<V1Pod>;
export type TokenRequest = Wire<AuthenticationV1TokenRequest>;
/** Secrets and ConfigMaps. */
export type WithData = Pick<Wire<V1ConfigMap>, 'binaryData' | 'data'>;
export type PodStatus = Wire<V1PodStatus>;
export type PodCondition = Wire<V1PodCondition>;
export type Container = Wire<V1Container>;
export type ContainerStatus = Wire<V1ContainerStatus>;
export type NodeObject = Wire<V1Node>;
export type Taint = Wire<V1Taint>;
export type Service = Wire<V1Service>;
export type Volume = Wire<V1Volume>;
export type Probe = Wire<V1Probe>;
export type Lease = Wire<V1Lease>;
export type EventObject = Wire<CoreV1Event>;

export interface NodeResources {
  /** Whole or fractional CPUs. */
  cpu: number;
  memoryBytes: number;
  /** A quantity as kubelets write it: capacity in Ki, what is allocatable in bytes. */
  ephemeralStorage: string;
  pods: number;
}

/** One simulated machine. */
export interface NodeSpec {
  name: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  taints: Taint[];
  /** For example gce://project/zone/instance. */
  providerId: string;
  machineType: string;
  capacity: NodeResources;
  allocatable: NodeResources;
  /** Three octets, for example '127.20.3': the node is .1, its pods are .2 to .254. */
  addressPrefix: string;
}

/** Where the programs of a container image lie on this machine. */
export interface ResolvedImage {
  /** Directories of the image and the directories of this machine that stand for them. */
  root: { from: string; to: string }[];
  /** Environment set by the image; image paths in it are mapped through `root`. */
  env: Record<string, string>;
  /** ENTRYPOINT and CMD of the image. */
  entrypoint?: string[];
  command?: string[];
  /** PATH of the image; image paths in it are mapped through `root`. */
  path: string;
  workingDir?: string;
  /** Reported as imageID; default `process://<image>`. */
  id?: string;
  sizeBytes?: number;
}

export interface ImageMap {
  /** undefined: there is no such image (ErrImagePull, then ImagePullBackOff). */
  resolveImage(image: string): ResolvedImage | undefined;
  /** Simulated time of a pull, once per node and image. Default 0. */
  pullTimeMs?(image: string): number;
}

/** One line of a container's output, parts of long lines joined. */
export interface LogLine {
  cluster: string;
  namespace: string;
  pod: string;
  podLabels: Record<string, string>;
  container: string;
  stream: 'stdout' | 'stderr';
  /** RFC 3339. */
  timestamp: string;
  line: string;
}

export interface KubeletOptions {
  connect: { server: string; caPem: string; token: string };
  /** Cluster name, only for log lines. */
  cluster: string;
  node: NodeSpec;
  /** The machine's disk: everything of this node lies below and survives a crash of the process. */
  dir: string;
  images: ImageMap;
  onLogLine?: (line: LogLine) => void;
  /** Messages for people who debug the local cloud itself. */
  log?: (message: string) => void;
  clock?: Clock;
  faults?: Faults;
  /** Certificate for the kubelet's HTTPS port; made once per `dir` when absent. */
  tls?: { certPem: string; keyPem: string };
  timing?: Partial<Timing>;
}

export interface RunningKubelet {
  nodeName: string;
  /** Where the kubelet's HTTPS server listens. */
  endpoint: { address: string; port: number };
  /**
   * The machine is switched off in order: pods get SIGTERM, their grace, SIGKILL. A later start
   * on the same `dir` restarts them in place.
   */
  stop(): Promise<void>;
  /** The machine is lost: every process gets SIGKILL at once and nothing is reported. */
  kill(): Promise<void>;
  /** Spot: the machine is taken away after the notice. Pods end Failed within 15 s at most. */
  preempt(noticeSeconds: number): Promise<void>;
}
