/** Service accounts. They have no tokens: whoever has the token of the cluster may do everything. */
import type { V1ServiceAccount } from '@kubernetes/client-node';
import type { ObjectOf } from '../objects.ts';
import { defineKind } from './kind.ts';
import { created, size } from './cells.ts';

declare module '../objects.ts' {
  interface Objects {
    serviceaccounts: ObjectOf<V1ServiceAccount>;
  }
}

export const serviceAccount = defineKind({
  kind: 'ServiceAccount',
  resource: 'serviceaccounts',
  shortNames: ['sa'],
  answersDeleted: true,
  columns: 'Name|Secrets|Age',
  row: (account, nowMs) => [account.metadata.name, size(account.secrets), created(account, nowMs)],
  fields: `
ServiceAccount
  apiVersion:string automountServiceAccountToken*#4:bool imagePullSecrets#3:[LocalObjectReference|atomic] kind:string
  metadata#1:meta/ObjectMeta secrets#2:[ObjectReference|map=name|merge=name]`,
});
