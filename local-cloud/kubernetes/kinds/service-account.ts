/** Service accounts. They have no tokens: whoever has the token of the cluster may do everything. */
import { defineKind } from './kind.ts';
import { created, size } from './cells.ts';

export const serviceAccount = defineKind({
  kind: 'ServiceAccount',
  resource: 'serviceaccounts',
  shortNames: ['sa'],
  answersDeleted: true,
  columns: 'Name|Secrets|Age',
  row: (account, nowMs) => [account.metadata.name, size(account['secrets']), created(account, nowMs)],
});
