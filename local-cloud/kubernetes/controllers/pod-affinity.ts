/** Affinity and anti-affinity between pods: which nodes they rule out, and which they make better or worse. Pure. */
import { matchesSelector, type LabelSelector } from '../labels.ts';
import type { KubeObject } from '../object.ts';
import type { ClusterState, NodeState } from './node-state.ts';

interface Term {
  topologyKey: string;
  labelSelector?: LabelSelector;
  namespaces?: string[];
  namespaceSelector?: LabelSelector;
}

const HOSTNAME = 'kubernetes.io/hostname';

/** Required and preferred terms of one pod, ready to be asked about node after node. */
export class PodAffinity {
  readonly #pod: KubeObject;
  readonly #state: ClusterState;
  readonly #attracting: Term[];
  readonly #repelled: Term[];
  readonly #wished: { weight: number; term: Term }[];
  /** Topology key -> the values from which pods already there keep this one away. */
  readonly #closed = new Map<string, Set<string>>();
  /** Topology values that hold a pod of a term, for terms over more than one node. */
  readonly #domains = new Map<Term, Set<string>>();

  constructor(pod: KubeObject, state: ClusterState) {
    this.#pod = pod;
    this.#state = state;
    const affinity = pod.spec.affinity ?? {};
    this.#attracting = affinity.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    this.#repelled = affinity.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    this.#wished = [...wishes(affinity.podAffinity, 1), ...wishes(affinity.podAntiAffinity, -1)];
    for (const { pod: other, node } of state.repelling.values()) this.#close(other, node);
  }

  /** Whether the pod depends on other pods being somewhere: then more pods may mean more room. */
  get attracted(): boolean {
    return this.#attracting.length > 0;
  }

  /** Why the node is ruled out, in the scheduler's words; undefined when it is not. */
  refuses(node: NodeState): string | undefined {
    for (const term of this.#attracting) {
      if (!this.#holds(term, node) && !this.#isFirstOfItsKind(term)) return "node(s) didn't match pod affinity rules";
    }
    if (this.#repelled.some((term) => this.#holds(term, node))) return "node(s) didn't match pod anti-affinity rules";
    for (const [key, values] of this.#closed) {
      const value = topologyOf(node, key);
      if (value !== undefined && values.has(value)) return "node(s) didn't satisfy existing pods anti-affinity rules";
    }
    return undefined;
  }

  /** Sum of the weights of preferred terms that hold there, those of anti-affinity counted negative. */
  preference(node: NodeState): number {
    let sum = 0;
    for (const { weight, term } of this.#wished) if (this.#holds(term, node)) sum += weight;
    return sum;
  }

  #close(other: KubeObject, nodeName: string): void {
    const node = this.#state.nodes.get(nodeName);
    if (!node) return;
    for (const term of other.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution as Term[]) {
      const value = topologyOf(node, term.topologyKey);
      if (value === undefined || !matchesTerm(term, other, this.#pod)) continue;
      const values = this.#closed.get(term.topologyKey) ?? new Set();
      this.#closed.set(term.topologyKey, values.add(value));
    }
  }

  #holds(term: Term, node: NodeState): boolean {
    const value = topologyOf(node, term.topologyKey);
    if (value === undefined) return false;
    if (term.topologyKey === HOSTNAME) return hasPodOf(term, this.#pod, node);
    return this.#domainsOf(term).has(value);
  }

  #domainsOf(term: Term): Set<string> {
    let domains = this.#domains.get(term);
    if (domains) return domains;
    domains = new Set();
    for (const node of this.#state.nodes.values()) {
      const value = topologyOf(node, term.topologyKey);
      if (value !== undefined && hasPodOf(term, this.#pod, node)) domains.add(value);
    }
    this.#domains.set(term, domains);
    return domains;
  }

  /** The first pod of a group that wants to be together may start anywhere. */
  #isFirstOfItsKind(term: Term): boolean {
    if (!matchesTerm(term, this.#pod, this.#pod)) return false;
    for (const node of this.#state.nodes.values()) if (hasPodOf(term, this.#pod, node)) return false;
    return true;
  }
}

function wishes(affinity: any, sign: number): { weight: number; term: Term }[] {
  const preferred = (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) as any[];
  return preferred.map(({ weight, podAffinityTerm }) => ({ weight: sign * Number(weight), term: podAffinityTerm }));
}

function topologyOf(node: NodeState, key: string): string | undefined {
  return node.node.metadata.labels?.[key] ?? (key === HOSTNAME ? node.name : undefined);
}

function hasPodOf(term: Term, owner: KubeObject, node: NodeState): boolean {
  for (const { pod } of node.pods.values()) if (matchesTerm(term, owner, pod)) return true;
  return false;
}

/** Whether `other` is one of the pods that a term of `owner` speaks of. Without namespaces a term speaks of the owner's own. */
function matchesTerm(term: Term, owner: KubeObject, other: KubeObject): boolean {
  const namespace = other.metadata.namespace ?? '';
  const anyNamespace = term.namespaceSelector !== undefined;
  const named = term.namespaces?.length ? term.namespaces : anyNamespace ? [] : [owner.metadata.namespace ?? ''];
  if (!anyNamespace && !named.includes(namespace)) return false;
  return term.labelSelector !== undefined && matchesSelector(term.labelSelector, other.metadata.labels);
}
