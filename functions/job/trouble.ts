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

/** However long the other side wants to be left alone. */
const MOST_ASKED_SECONDS = 600;

/** What the record says of an action that has just failed: how often, why, and when it may be tried next. */
export function nextTrouble(before: Trouble | null, action: Action['do'], error: ActionError, nowMs: number): Trouble {
  const same = before?.action === action && before.code === error.code ? before : null;
  const count = (same?.count ?? 0) + 1;
  const askedSeconds = Math.min(error.retryAfterSeconds ?? 0, MOST_ASKED_SECONDS);
  const delayMs = Math.max(delaySeconds(action, error, count), askedSeconds) * 1000;
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

/**
 * What an action needs of those before it. Results are saved before their cluster goes, the script is stopped before
 * its workers, machines are asked for before the workers on them. All others are done whatever else fails.
 */
const RELIES_ON: Partial<Record<Action['do'], readonly Action['do'][]>> = {
  'create-cluster': ['take-place'],
  // Machines that nothing may begin on would only cost.
  'create-pool': ['set-gate'],
  'resize-pool': ['set-gate'],
  'scale-workers': ['stop-driver', 'create-pool', 'resize-pool'],
  'delete-nodes': ['scale-workers'],
  'release-nodes': ['stop-driver'],
  'delete-cluster': ['back-up'],
};

/** Whether one of the actions that were left out or have failed must be done first. */
export function isHeldBack(action: Action, undone: readonly Action['do'][]): boolean {
  return RELIES_ON[action.do]?.some((needed) => undone.includes(needed)) ?? false;
}

/** What may be done now: not the action that has to wait, nor those that rely on it. */
export function dueActions(actions: readonly Action[], trouble: Trouble | null, nowMs: number): Action[] {
  if (trouble === null || nowMs >= Date.parse(trouble.nextTryAt)) return [...actions];
  const undone: Action['do'][] = [];
  return actions.filter((action) => {
    const isDue = action.do !== trouble.action && !isHeldBack(action, undone);
    if (!isDue) undone.push(action.do);
    return isDue;
  });
}

interface ActionError {
  code: string;
  message: string;
  retry: boolean;
  /** As the other side wants it. */
  retryAfterSeconds?: number | null;
}

export interface Failure {
  action: Action['do'];
  error: ActionError;
}

/**
 * Of several things that fail, one is remembered: what costs money or results first, then what has failed before. The
 * others are tried at every pass.
 * @param tried what this pass has done or tried to do.
 */
export function troubleAfter(
  before: Trouble | null,
  tried: readonly Action[],
  failures: readonly Failure[],
  nowMs: number,
): Trouble | null {
  const isOver =
    tried.some((action) => action.do === before?.action) && !failures.some(({ action }) => action === before?.action);
  const known = isOver ? null : before;
  const failure =
    failures.find(({ action }) => URGENT.includes(action)) ??
    failures.find(({ action }) => action === known?.action) ??
    (known === null ? failures[0] : undefined);
  return failure === undefined ? known : nextTrouble(known, failure.action, failure.error, nowMs);
}
