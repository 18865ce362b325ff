/**
 * Conditions of Kubernetes objects: finding one, and setting one so that its
 * transition time changes only with its status.
 */
import type { Condition } from '../objects.ts';

/** What the kinds whose status has conditions have in common. */
interface WithConditions {
  status?: { conditions?: Condition[] | undefined } | undefined;
}

/** The conditions in an object's status. */
export function conditionsOf(object: WithConditions): Condition[] {
  return object.status?.conditions ?? [];
}

/** The condition of one type. */
export function findCondition(conditions: readonly Condition[], type: string | undefined): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** Whether the object carries the condition with status True. */
export function isTrue(object: WithConditions, type: string): boolean {
  return findCondition(conditionsOf(object), type)?.status === 'True';
}

/**
 * The list with `next` in the place of the condition of its type. The old transition time stays while the status stays;
 * a condition that says the same as before is left alone, so that an unchanged status compares equal.
 */
export function withCondition(conditions: readonly Condition[], next: Condition): Condition[] {
  const index = conditions.findIndex((condition) => condition.type === next.type);
  const current = conditions[index];
  if (!current) return [...conditions, next];
  const merged = { ...next };
  if (current.status === next.status && current.lastTransitionTime !== undefined) {
    merged.lastTransitionTime = current.lastTransitionTime;
  }
  return conditions.with(index, merged);
}

/** The list without the condition of that type. */
export function withoutCondition(conditions: readonly Condition[], type: string): Condition[] {
  return conditions.filter((condition) => condition.type !== type);
}
