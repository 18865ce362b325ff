/** Claims of volumes. They are kept and stay Pending: there are no volumes to bind. */
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import type { ObjectOf } from '../objects.ts';
import { defineKind } from './kind.ts';
import { created } from './cells.ts';
import { setDefault } from './set-default.ts';

type PersistentVolumeClaim = ObjectOf<V1PersistentVolumeClaim>;

declare module '../objects.ts' {
  interface Objects {
    persistentvolumeclaims: PersistentVolumeClaim;
  }
}

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
  fields: `
ModifyVolumeStatus
  status!#2:string targetVolumeAttributesClassName#1:string
PersistentVolumeClaim
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:PersistentVolumeClaimSpec
  status#3:PersistentVolumeClaimStatus
PersistentVolumeClaimCondition
  lastProbeTime#3:time lastTransitionTime#4:time message#6:string reason#5:string status!#2:string type!#1:string
PersistentVolumeClaimStatus
  accessModes#2:[string|atomic] allocatedResourceStatuses#7:{string} allocatedResources#5:{quantity}
  capacity#3:{quantity} conditions#4:[PersistentVolumeClaimCondition|map=type|merge=type]
  currentVolumeAttributesClassName*#8:string modifyVolumeStatus#9:ModifyVolumeStatus phase#1:string`,
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
