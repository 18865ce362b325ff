/** Pod disruption budgets. */
import type { V1PodDisruptionBudget } from '@kubernetes/client-node';
import { validateSelectorLabels } from './metadata-rules.ts';
import type { ObjectOf, PodDisruptionBudget, WithConditions } from '../objects.ts';
import type { FieldError } from '../api-error.ts';
import { defineKind } from './kind.ts';
import { age } from './cells.ts';
import { invalidValue } from './field-error.ts';

declare module '../objects.ts' {
  interface Objects {
    poddisruptionbudgets: WithConditions<ObjectOf<V1PodDisruptionBudget>>;
  }
}

export const podDisruptionBudget = defineKind({
  group: 'policy',
  kind: 'PodDisruptionBudget',
  resource: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  subresources: ['status'],
  countsGenerations: true,
  firstStatus: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
  rules: validateBudget,
  columns: 'Name|Min Available|Max Unavailable|#Allowed Disruptions|Age',
  row: ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    spec?.minAvailable === undefined ? 'N/A' : String(spec.minAvailable),
    spec?.maxUnavailable === undefined ? 'N/A' : String(spec.maxUnavailable),
    status?.disruptionsAllowed ?? 0,
    age(metadata.creationTimestamp, nowMs),
  ],
  fields: `
PodDisruptionBudget
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:PodDisruptionBudgetSpec
  status#3:PodDisruptionBudgetStatus
PodDisruptionBudgetSpec
  maxUnavailable#3:intstr minAvailable#1:intstr selector#2:meta/LabelSelector~replace
  unhealthyPodEvictionPolicy*#4:string
PodDisruptionBudgetStatus
  conditions#7:[meta/Condition|map=type|merge=type] currentHealthy!#4:int desiredHealthy!#5:int disruptedPods#2:{time}
  disruptionsAllowed!#3:int expectedPods!#6:int observedGeneration#1:long`,
});

function validateBudget({ spec }: PodDisruptionBudget): FieldError[] {
  const errors: FieldError[] = [];
  if (spec?.minAvailable !== undefined && spec?.maxUnavailable !== undefined) {
    errors.push(invalidValue('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const name of ['minAvailable', 'maxUnavailable'] as const) {
    const value = spec?.[name];
    if (typeof value === 'number' && value < 0)
      errors.push(invalidValue(`spec.${name}`, value, 'must be greater than or equal to 0'));
    if (typeof value === 'string' && !/^\d+%$/.test(value)) {
      errors.push(
        invalidValue(
          `spec.${name}`,
          value,
          "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or " +
            "'93%', regex used for validation is '[0-9]+%')",
        ),
      );
    }
  }
  return [...errors, ...validateSelectorLabels(spec?.selector, 'spec.selector')];
}
