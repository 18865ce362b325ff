/** Leases: the heartbeats of nodes. */
import type { V1Lease } from '@kubernetes/client-node';
import type { ObjectOf } from '../objects.ts';
import type { FieldError } from '../api-error.ts';
import { defineKind } from './kind.ts';
import { created } from './cells.ts';
import { invalidValue } from './field-error.ts';

type Lease = ObjectOf<V1Lease>;

declare module '../objects.ts' {
  interface Objects {
    leases: Lease;
  }
}

export const lease = defineKind({
  group: 'coordination.k8s.io',
  kind: 'Lease',
  resource: 'leases',
  untracked: true,
  rules: validateLease,
  columns: 'Name|Holder|Age',
  row: (lease, nowMs) => [lease.metadata.name, lease.spec?.holderIdentity ?? '', created(lease, nowMs)],
  fields: `
Lease
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:LeaseSpec
LeaseSpec
  acquireTime#3:microtime holderIdentity*#1:string leaseDurationSeconds*#2:int leaseTransitions*#5:int
  preferredHolder*#7:string renewTime#4:microtime strategy*#6:string`,
});

/** Who holds a lease for how long must make sense. */
function validateLease({ spec }: Lease): FieldError[] {
  if (spec?.leaseDurationSeconds === undefined || spec.leaseDurationSeconds > 0) return [];
  return [invalidValue('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0')];
}
