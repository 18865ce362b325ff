/** Claims of volumes. They are kept and stay Pending: there are no volumes to bind. */
import type { PersistentVolumeClaim } from '../objects.ts';
import { defineKind } from './kind.ts';
import { created } from './cells.ts';
import { setDefault } from './set-default.ts';

export const persistentVolumeClaim = defineKind({
  kind: 'PersistentVolumeClaim',
  resource: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  subresources: ['status'],
  answersDeleted: true,
  firstStatus: { phase: 'Pending' },
  defaults: ({ spec }) => {
    if (spec) setDefault(spec, 'volumeMode', 'Filesystem');
  },
  columns: 'Name|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|VolumeMode+',
  row: claimRow,
});

function claimRow(claim: PersistentVolumeClaim, nowMs: number): unknown[] {
  const { spec, status } = claim;
  return [
    claim.metadata.name,
    status?.phase ?? '',
    spec?.volumeName ?? '',
    status?.capacity?.['storage'] ?? '',
    (status?.accessModes ?? []).join(','),
    spec?.storageClassName ?? '',
    spec?.volumeAttributesClassName || '<unset>',
    created(claim, nowMs),
    spec?.volumeMode || '<unset>',
  ];
}
