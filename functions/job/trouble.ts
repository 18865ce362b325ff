/**
 * Pure: an action that fails again and again is tried less and less often. The record says when next, so that every
 * pass knows it, whoever runs it. How long depends on what kind of error it is.
 */
import type { Action } from './action.ts';

export interface Trouble {
  action: Action['do'];
  code: string;
  text: string;
  count: number;
  firstAt: string;
  nextTryAt: string;
}

/** Seconds before the second try after the quick one, and at most; doubled from try to try. */
interface BackOff {
  first: number;
  most: number;
}

const USUAL: BackOff = { first: 5, most: 120 };
/** Time alone does not mend it: somebody has to. */
const LASTING: BackOff = { first: 60, most: 600 };
const BY_CODE: ReadonlyMap<string, BackOff> = new Map([
  // What was planned is out of date: the next pass plans anew.
  ['FF-PASS-OVERTAKEN', { first: 1, most: 5 }],
  ['FF-WORKLOAD-CHANGED', { first: 1, most: 5 }],
  ['FF-PLACES-BUSY', { first: 1, most: 15 }],
  // An operation of the cloud's own is under way.
  ['FF-CLUSTER-BUSY', { first: 15, most: 60 }],
  ['FF-CLOUD-BUSY', { first: 30, most: 120 }],
]);
/** What costs money until it is done, and what saves results, is tried at every tick: one comes each minute. */
const MOST_WHEN_URGENT_SECONDS = 50;
const URGENT: readonly Action['do'][] = ['delete-cluster', 'back-up'];
/** The first failure is often a hiccup: one quick try more. */
const QUICK_SECONDS = 1;

export function nextTrouble(
  before: Trouble | null,
  action: Action['do'],
  error: { code: string; message: string; retry: boolean },
  nowMs: number,
): Trouble {
  const same = before?.action === action && before.code === error.code ? before : null;
  const count = (same?.count ?? 0) + 1;
  const delayMs = delaySeconds(action, error, count) * 1000;
  return {
    action,
    code: error.code,
    text: error.message,
    count,
    firstAt: same?.firstAt ?? new Date(nowMs).toISOString(),
    nextTryAt: new Date(nowMs + delayMs).toISOString(),
  };
}

function delaySeconds(action: Action['do'], { code, retry }: { code: string; retry: boolean }, count: number): number {
  if (count === 1) return QUICK_SECONDS;
  const { first, most } = BY_CODE.get(code) ?? (retry ? USUAL : LASTING);
  const bound = URGENT.includes(action) ? Math.min(most, MOST_WHEN_URGENT_SECONDS) : most;
  return Math.min(bound, first * 2 ** (count - 2));
}

/** What may be done now: nothing from the action on that has to wait, because what follows it may rely on it. */
export function dueActions(actions: readonly Action[], trouble: Trouble | null, nowMs: number): Action[] {
  if (trouble === null || nowMs >= Date.parse(trouble.nextTryAt)) return [...actions];
  const held = actions.findIndex((action) => action.do === trouble.action);
  return held < 0 ? [...actions] : actions.slice(0, held);
}
