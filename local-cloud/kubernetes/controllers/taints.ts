/** Taints of nodes and tolerations of pods. Pure. */
import type { Node, Pod, Taint, Toleration } from '../objects.ts';

export const NOT_READY = 'node.kubernetes.io/not-ready';
export const UNREACHABLE = 'node.kubernetes.io/unreachable';
export const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';

export function taintsOf(node: Node): Taint[] {
  return node.spec?.taints ?? [];
}

export function tolerationsOf(pod: Pod): Toleration[] {
  return pod.spec?.tolerations ?? [];
}

/** Whether one toleration covers one taint. No key means all keys, no effect all effects. */
function covers(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return Boolean(toleration.key) && (toleration.value ?? '') === (taint.value ?? '');
}

export function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some((toleration) => covers(toleration, taint));
}

/**
 * How long a pod may stay on a node with these NoExecute taints: undefined for ever, 0 not at all,
 * otherwise seconds from when it got them.
 */
export function staySeconds(tolerations: readonly Toleration[], taints: readonly Taint[]): number | undefined {
  let least: number | undefined;
  for (const taint of taints) {
    const matching = tolerations.filter((toleration) => covers(toleration, taint));
    if (matching.length === 0) return 0;
    for (const { tolerationSeconds } of matching) {
      if (tolerationSeconds !== undefined) least = Math.min(least ?? Infinity, Math.max(0, tolerationSeconds));
    }
  }
  return least;
}
