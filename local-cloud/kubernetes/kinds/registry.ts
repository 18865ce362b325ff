/**
 * Every kind that the embedded Kubernetes API serves. Discovery, routing, the store and the tables all
 * read this list; a kind that is not here answers 404, as on a server without it. To add one: a file
 * beside this one, and a line in the list.
 */
import { declareFields, packageOf } from '../schema/schema.ts';
import { configMap } from './config-map.ts';
import { daemonSet } from './daemon-set.ts';
import { deployment } from './deployment.ts';
import { endpointSlice } from './endpoint-slice.ts';
import { endpoints } from './endpoints.ts';
import { event } from './event.ts';
import { job } from './job.ts';
import { lease } from './lease.ts';
import { namespace } from './namespace.ts';
import { networkPolicy } from './network-policy.ts';
import { node } from './node.ts';
import { persistentVolumeClaim } from './persistent-volume-claim.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';
import { pod } from './pod/pod.ts';
import { priorityClass } from './priority-class.ts';
import { replicaSet } from './replica-set.ts';
import { replicationController } from './replication-controller.ts';
import { selfSubjectAccessReview, selfSubjectRulesReview, selfSubjectReview } from './review.ts';
import { role, clusterRole } from './role.ts';
import { roleBinding, clusterRoleBinding } from './role-binding.ts';
import { secret } from './secret.ts';
import { service } from './service.ts';
import { serviceAccount } from './service-account.ts';
import type { Kind } from './kind.ts';

const served: Kind[] = [];
const byPath = new Map<string, Kind>();
const byResource = new Map<string, Kind>();

/** All kinds, in the order of discovery. */
export const kinds: readonly Kind[] = served;

for (const each of [
  namespace,
  node,
  pod,
  service,
  endpoints,
  configMap,
  secret,
  serviceAccount,
  event,
  replicationController,
  persistentVolumeClaim,
  deployment,
  replicaSet,
  daemonSet,
  job,
  podDisruptionBudget,
  networkPolicy,
  endpointSlice,
  lease,
  priorityClass,
  role,
  clusterRole,
  roleBinding,
  clusterRoleBinding,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  selfSubjectReview,
])
  addKind(each);

/** Serves one more kind. */
export function addKind(kind: Kind): void {
  served.push(kind);
  byPath.set(`${kind.group}/${kind.version}/${kind.resource}`, kind);
  byResource.set(kind.resource, kind);
  declareFields(packageOf(kind.group, kind.version), kind.fields);
}

/** The kind behind a request path, if it is served. */
export function findKind(group: string, version: string, resource: string): Kind | undefined {
  return byPath.get(`${group}/${version}/${resource}`);
}

/** The kind behind a plural name. Throws for a name that is not in the list. */
export function kindOf(resource: string): Kind {
  const found = byResource.get(resource);
  if (!found) throw new Error(`no such resource type: ${resource}`);
  return found;
}
