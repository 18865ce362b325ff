/**
 * The kinds' fields, as somebody may have sent them: none is sure to be there, whatever the API demands. Types only;
 * whoever looks at an object of a kind says so by its parameter.
 */
import type {
  V1ClusterRoleBinding,
  V1Condition,
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
  V1Secret,
  V1Service,
  V1Taint,
  V1Toleration,
  V1Volume,
} from '@kubernetes/client-node';
import type { Sent } from '../wire-types.ts';
import type { ObjectMeta } from './object.ts';

/** An object of a kind with the metadata that every stored one has. */
type ObjectOf<T> = { apiVersion: string; kind: string; metadata: ObjectMeta } & Omit<
  Sent<T>,
  'apiVersion' | 'kind' | 'metadata'
>;

export type Pod = ObjectOf<V1Pod>;
export type Node = ObjectOf<V1Node>;
export type Service = ObjectOf<V1Service>;
export type Job = ObjectOf<V1Job>;
export type Deployment = ObjectOf<V1Deployment>;
export type ReplicaSet = ObjectOf<V1ReplicaSet>;
export type DaemonSet = ObjectOf<V1DaemonSet>;
export type Endpoints = ObjectOf<V1Endpoints>;
export type EndpointSlice = ObjectOf<V1EndpointSlice>;
export type Event = ObjectOf<CoreV1Event>;
export type NetworkPolicy = ObjectOf<V1NetworkPolicy>;
export type PersistentVolumeClaim = ObjectOf<V1PersistentVolumeClaim>;
export type PodDisruptionBudget = ObjectOf<V1PodDisruptionBudget>;
export type RoleBinding = ObjectOf<V1ClusterRoleBinding>;
export type Secret = ObjectOf<V1Secret>;
export type Lease = ObjectOf<V1Lease>;
export type PriorityClass = ObjectOf<V1PriorityClass>;

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
export type Condition = Sent<V1Condition>;

/** What owners of pods have in common. */
export type WithTemplate = Pick<JobSpec, 'selector' | 'template'>;
/** Of owners whose pods run for ever. */
export type RunningSpec = Pick<NonNullable<Deployment['spec']>, 'selector' | 'template'> &
  Partial<NonNullable<Deployment['spec']>>;
/** ConfigMaps and Secrets. */
export type WithData = Secret & { binaryData?: Record<string, string> | undefined };
