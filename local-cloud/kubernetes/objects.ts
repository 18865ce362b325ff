/**
 * The kinds' fields, as somebody may have sent them: none is sure to be there, whatever the API demands. Types only. A
 * kind adds itself to `Objects` in its own file (kinds/). By that its plural name in a call of the store
 * (object-store.ts) stands for its type. Types that several files need have a short name here.
 */
import type {
  V1Condition,
  V1Container,
  V1ContainerStatus,
  V1EnvVar,
  V1HTTPGetAction,
  V1NodeSelectorTerm,
  V1PodTemplateSpec,
  V1Probe,
  V1Taint,
  V1Toleration,
  V1Volume,
} from '@kubernetes/client-node';
import type { Sent } from '../wire-types.ts';
import type { Draft, KubeObject, ObjectMeta } from './object.ts';

/** An object of a kind with the metadata that every stored one has. */
export type ObjectOf<T> = { apiVersion: string; kind: string; metadata: ObjectMeta } & Omit<
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
export type WithConditions<T extends { status?: unknown }> = Omit<T, 'status'> & { status?: StatusOf<T> | undefined };

/** The kinds that are stored, by their plural names: each has its line where it is defined. */
export interface Objects {}

export type Pod = Objects['pods'];
export type Node = Objects['nodes'];
export type Namespace = Objects['namespaces'];
export type Service = Objects['services'];
export type Job = Objects['jobs'];
export type Deployment = Objects['deployments'];
export type ReplicaSet = Objects['replicasets'];
export type Endpoints = Objects['endpoints'];
export type EndpointSlice = Objects['endpointslices'];
export type Event = Objects['events'];
export type PodDisruptionBudget = Objects['poddisruptionbudgets'];
export type ConfigMap = Objects['configmaps'];
export type Secret = Objects['secrets'];

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
