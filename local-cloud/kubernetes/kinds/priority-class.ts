/** Priority classes. */
import type { V1PriorityClass } from '@kubernetes/client-node';
import type { ObjectOf } from '../objects.ts';
import type { FieldError } from '../api-error.ts';
import { defineKind } from './kind.ts';
import { created } from './cells.ts';
import { setDefault } from './set-default.ts';
import { forbiddenField } from './field-error.ts';

type PriorityClass = ObjectOf<V1PriorityClass>;

declare module '../objects.ts' {
  interface Objects {
    priorityclasses: PriorityClass;
  }
}

export const priorityClass = defineKind({
  group: 'scheduling.k8s.io',
  kind: 'PriorityClass',
  resource: 'priorityclasses',
  namespaced: false,
  shortNames: ['pc'],
  countsGenerations: true,
  defaults: (priority) => setDefault(priority, 'preemptionPolicy', 'PreemptLowerPriority'),
  rules: validatePriorityClass,
  updateRules: validatePriorityClassUpdate,
  columns: 'Name|#Value|?Global-Default|Age|PreemptionPolicy',
  row: (priority, nowMs) => [
    priority.metadata.name,
    priority.value ?? 0,
    priority.globalDefault ?? false,
    created(priority, nowMs),
    priority.preemptionPolicy ?? '',
  ],
  fields: `
PriorityClass
  apiVersion:string description#4:string globalDefault#3:bool kind:string metadata#1:meta/ObjectMeta
  preemptionPolicy*#5:string value!#2:int`,
});

const MAX_USER_PRIORITY = 1_000_000_000;

function validatePriorityClass({ metadata, value = 0 }: PriorityClass): FieldError[] {
  if (metadata.name.startsWith('system-') || value <= MAX_USER_PRIORITY) return [];
  return [forbiddenField('value', `maximum allowed value of a user defined priority is ${MAX_USER_PRIORITY}`)];
}

function validatePriorityClassUpdate(next: PriorityClass, stored: PriorityClass): FieldError[] {
  return next.value === stored.value ? [] : [forbiddenField('value', 'may not be changed in an update.')];
}
