/**
 * The kinds' fields, as somebody may have sent them: none is sure to be there, whatever the API demands. Types only. A
 * kind has a line in `Objects`, by which its name in a call of the store (object-store.ts) stands for its type.
 */
import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1Condition,
  V1ConfigMap,
  V1Container,
  V1ContainerStatus,
  V1DaemonSet,
  V1Deployment,
  V1EndpointSlice,
  V1Endpoints,
  CoreV1Event,
  V1EnvVar,
  V1HTTPGetAction,
  V1Job,
  V1Lease,
  V1Namespace,
  V1NetworkPolicy,
  V1Node,
  V1NodeSelectorTerm,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1PodTemplateSpec,
  V1PriorityClass,
  V1Probe,
  V1ReplicaSet,
  V1ReplicationController,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1Taint,
  V1Toleration,
  V1Volume,
} from '@kubernetes/client-node';
import type { Sent } from '../wire-types.ts';
import type { Draft, KubeObject, ObjectMeta } from './object.ts';

/** An object of a kind with the metadata that every stored one has. */
type ObjectOf<T> = { apiVersion: string; kind: string; metadata: ObjectMeta } & Omit<
  Sent<T>,
  'apiVersion' | 'kind' | 'metadata'
>;

/** One condition of whatever kind; a time that is not known is written as null, as the real components do. */
export type Condition = Sent<V1Condition> & {
  lastUpdateTime?: string | undefined;
  lastProbeTime?: string | null | undefined;
  lastHeartbeatTime?: string | undefined;
};

type StatusOf<T extends { status?: unknown }> = Omit<NonNullable<T['status']>, 'conditions'> & {
  conditions?: Condition[] | undefined;
};
/** An object of a kind whose status has conditions. */
type WithConditions<T extends { status?: unknown }> = Omit<T, 'status'> & { status?: StatusOf<T> | undefined };

type EventTime = 'eventTime' | 'firstTimestamp' | 'lastTimestamp';

export type Pod = WithConditions<ObjectOf<V1Pod>>;
export type Node = WithConditions<ObjectOf<V1Node>>;
export type Namespace = ObjectOf<V1Namespace>;
export type Service = ObjectOf<V1Service>;
export type ServiceAccount = ObjectOf<V1ServiceAccount>;
export type Job = WithConditions<ObjectOf<V1Job>>;
export type Deployment = WithConditions<ObjectOf<V1Deployment>>;
export type ReplicaSet = WithConditions<ObjectOf<V1ReplicaSet>>;
export type ReplicationController = ObjectOf<V1ReplicationController>;
export type DaemonSet = ObjectOf<V1DaemonSet>;
export type Endpoints = ObjectOf<V1Endpoints>;
export type EndpointSlice = ObjectOf<V1EndpointSlice>;
/** Times that are not known are null. */
export type Event = Omit<ObjectOf<CoreV1Event>, EventTime> & { [Time in EventTime]?: string | null | undefined };
export type NetworkPolicy = ObjectOf<V1NetworkPolicy>;
export type PersistentVolumeClaim = ObjectOf<V1PersistentVolumeClaim>;
export type PodDisruptionBudget = WithConditions<ObjectOf<V1PodDisruptionBudget>>;
export type Role = ObjectOf<V1Role>;
export type ClusterRole = ObjectOf<V1ClusterRole>;
export type RoleBinding = ObjectOf<V1RoleBinding>;
export type ClusterRoleBinding = ObjectOf<V1ClusterRoleBinding>;
export type ConfigMap = ObjectOf<V1ConfigMap>;
export type Secret = ObjectOf<V1Secret>;
export type Lease = ObjectOf<V1Lease>;
export type PriorityClass = ObjectOf<V1PriorityClass>;

/** The kinds that are stored, by their plural names. */
export interface Objects {
  namespaces: Namespace;
  nodes: Node;
  pods: Pod;
  services: Service;
  endpoints: Endpoints;
  configmaps: ConfigMap;
  secrets: Secret;
  serviceaccounts: ServiceAccount;
  events: Event;
  replicationcontrollers: ReplicationController;
  persistentvolumeclaims: PersistentVolumeClaim;
  deployments: Deployment;
  replicasets: ReplicaSet;
  daemonsets: DaemonSet;
  jobs: Job;
  poddisruptionbudgets: PodDisruptionBudget;
  networkpolicies: NetworkPolicy;
  endpointslices: EndpointSlice;
  leases: Lease;
  priorityclasses: PriorityClass;
  roles: Role;
  clusterroles: ClusterRole;
  rolebindings: RoleBinding;
  clusterrolebindings: ClusterRoleBinding;
}

/** Objects under a plural name: of its kind where the name is known, with fields unknown where it is any text. */
export type Stored<R extends string> = R extends keyof Objects ? Objects[R] : KubeObject;
/** What is handed in to become one. */
export type NewStored<R extends string> = Draft<Stored<R>>;

export type PodSpec = NonNullable<Pod['spec']>;
export type PodStatus = NonNullable<Pod['status']>;
export type ServiceSpec = NonNullable<Service['spec']>;
export type JobSpec = NonNullable<Job['spec']>;
export type PodTemplate = Sent<V1PodTemplateSpec>;
export type Container = Sent<V1Container>;
export type ContainerStatus = Sent<V1ContainerStatus>;
export type Resources = NonNullable<Container['resources']>;
export type Volume = Sent<V1Volume>;
export type Variable = Sent<V1EnvVar>;
export type Probe = Sent<V1Probe>;
export type HttpGet = Sent<V1HTTPGetAction>;
export type Taint = Sent<V1Taint>;
export type Toleration = Sent<V1Toleration>;
export type NodeTerm = Sent<V1NodeSelectorTerm>;
export type NodeRequirement = NonNullable<NodeTerm['matchExpressions']>[number];

/** What owners of pods have in common. */
export type WithTemplate = Pick<JobSpec, 'selector' | 'template'>;
/** Of owners whose pods run for ever. */
export type RunningSpec = Pick<NonNullable<Deployment['spec']>, 'selector' | 'template'> &
  Partial<NonNullable<Deployment['spec']>>;
/** ConfigMaps and Secrets. */
export type WithData = Secret & Pick<ConfigMap, 'binaryData'>;
