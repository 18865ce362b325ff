/** Claims of volumes. They are kept and stay Pending: there are no volumes to bind. */
import { defineKind } from './kind.ts';
import { at, created } from './cells.ts';
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
  row: (claim, nowMs) => [
    claim.metadata.name,
    at(claim, 'status.phase'),
    at(claim, 'spec.volumeName'),
    at(claim, 'status.capacity.storage'),
    (at(claim, 'status.accessModes', []) as string[]).join(','),
    at(claim, 'spec.storageClassName'),
    at(claim, 'spec.volumeAttributesClassName', '<unset>'),
    created(claim, nowMs),
    at(claim, 'spec.volumeMode', '<unset>'),
  ],
});
