/** nodeSelector and node affinity: which nodes a pod may and would rather run on. Pure. */
import type { Node, NodeRequirement, NodeTerm, Pod } from '../objects.ts';

/** Whether the node has the labels that the pod's nodeSelector and required node affinity ask for. */
export function matchesNode(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  for (const [key, value] of Object.entries(pod.spec?.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!required) return true;
  return (required.nodeSelectorTerms ?? []).some((term) => matchesTerm(term, node));
}

/** Sum of the weights of the preferred terms that the node satisfies. */
export function nodePreference(pod: Pod, node: Node): number {
  let sum = 0;
  for (const { weight, preference } of pod.spec?.affinity?.nodeAffinity
    ?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
    if (preference && matchesTerm(preference, node)) sum += weight ?? 0;
  }
  return sum;
}

/** A term without any requirement matches nothing. */
function matchesTerm(term: NodeTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  return (
    expressions.every((each) => holds(each, node.metadata.labels?.[each.key ?? ''])) &&
    fields.every((each) => holds(each, each.key === 'metadata.name' ? node.metadata.name : undefined))
  );
}

function holds({ operator, values = [] }: NodeRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}
