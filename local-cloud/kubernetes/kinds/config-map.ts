/** ConfigMaps. */
import type { V1ConfigMap } from '@kubernetes/client-node';
import type { ObjectOf } from '../objects.ts';
import { defineKind } from './kind.ts';
import { created, size } from './cells.ts';
import { validateData, validateDataUpdate } from './data.ts';

declare module '../objects.ts' {
  interface Objects {
    configmaps: ObjectOf<V1ConfigMap>;
  }
}

export const configMap = defineKind({
  kind: 'ConfigMap',
  resource: 'configmaps',
  shortNames: ['cm'],
  rules: validateData,
  updateRules: validateDataUpdate,
  columns: 'Name|Data|Age',
  row: (map, nowMs) => [map.metadata.name, size(map.data) + size(map.binaryData), created(map, nowMs)],
  fields: `
ConfigMap
  apiVersion:string binaryData#3:{bytes} data#2:{string} immutable*#4:bool kind:string metadata#1:meta/ObjectMeta`,
});
