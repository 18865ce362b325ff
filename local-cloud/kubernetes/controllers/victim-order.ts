/**
 * Which pods a ReplicaSet (or a Job) deletes first when it has too many: the order of
 * the real controllers, rule by rule. Pure.
 */
import type { Pod } from '../objects.ts';
import { isReady, maxRestarts, phaseOf, readySinceMs } from './pod-state.ts';
import { toMs } from './time.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const phaseRank: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };
const NANOSECONDS_PER_MS = 1e6;

/** What the order looks at, read once per pod. */
interface Candidate {
  pod: Pod;
  node: string;
  phase: number;
  ready: boolean;
  cost: number;
  crowd: number;
  readySince: number | undefined;
  restarts: number;
  createdMs: number | undefined;
}

/**
 * The pods with the first victim first. `related` are the pods that count as crowding a node together: all
 * active pods of the same top-level owner.
 */
export function inVictimOrder(pods: readonly Pod[], related: Iterable<Pod>, nowMs: number): Pod[] {
  const crowd = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec?.nodeName ?? '';
    crowd.set(node, (crowd.get(node) ?? 0) + 1);
  }
  return pods
    .map((pod) => candidate(pod, crowd))
    .sort((a, b) => compare(a, b, nowMs))
    .map(({ pod }) => pod);
}

function candidate(pod: Pod, crowd: Map<string, number>): Candidate {
  const node = pod.spec?.nodeName ?? '';
  return {
    pod,
    node,
    phase: phaseRank[phaseOf(pod)] ?? 0,
    ready: isReady(pod),
    cost: deletionCost(pod),
    crowd: node === '' ? 0 : (crowd.get(node) ?? 0),
    readySince: readySinceMs(pod),
    restarts: maxRestarts(pod),
    createdMs: toMs(pod.metadata.creationTimestamp),
  };
}

/** The annotation as a 32-bit integer; 0 where it is absent or not one. */
export function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[DELETION_COST];
  if (text === undefined || !/^(0|[+-]?[1-9][0-9]*|[+-]0)$/.test(text)) return 0;
  const cost = Number(text);
  return cost >= -(2 ** 31) && cost < 2 ** 31 ? cost : 0;
}

/** Negative: `a` goes first. */
function compare(a: Candidate, b: Candidate, nowMs: number): number {
  return (
    unassignedFirst(a, b) ||
    a.phase - b.phase ||
    Number(a.ready) - Number(b.ready) ||
    a.cost - b.cost ||
    b.crowd - a.crowd ||
    shorterReadyFirst(a, b, nowMs) ||
    b.restarts - a.restarts ||
    youngerFirst(a.createdMs, b.createdMs, nowMs, a, b)
  );
}

function unassignedFirst(a: Candidate, b: Candidate): number {
  return Number(a.node !== '') - Number(b.node !== '');
}

function shorterReadyFirst(a: Candidate, b: Candidate, nowMs: number): number {
  if (!a.ready || !b.ready) return 0;
  return youngerFirst(a.readySince, b.readySince, nowMs, a, b);
}

/** Ages count in powers of two, so that pods of about the same age are told apart by their uid, that is, by chance. */
function youngerFirst(
  aMs: number | undefined,
  bMs: number | undefined,
  nowMs: number,
  a: Candidate,
  b: Candidate,
): number {
  if (aMs === bMs) return 0;
  if (aMs === undefined) return -1;
  if (bMs === undefined) return 1;
  const difference = ageRank(nowMs - aMs) - ageRank(nowMs - bMs);
  return difference !== 0 ? difference : a.pod.metadata.uid < b.pod.metadata.uid ? -1 : 1;
}

function ageRank(ageMs: number): number {
  return ageMs > 0 ? Math.floor(Math.log2(ageMs * NANOSECONDS_PER_MS)) : -1;
}
