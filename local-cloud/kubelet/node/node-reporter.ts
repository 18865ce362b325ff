/**
 * Keeps the Node and its Lease alive in the API server: registration, heartbeat, status at
 * changes. Retries for ever while it runs.
 */
import { messageOf } from '../../error-text.ts';
import type { Clock } from '../../clock.ts';
import { asNode } from '../answers.ts';
import { corePath, isConflict, isNotFound, type KubeApi } from '../api.ts';
import { HEALTHY, newNode, nodeLabels, nodeStatus, type NodeFacts, type NodeHealth } from './node-object.ts';
import type { Timing } from '../timing.ts';
import type { Lease, NodeObject, Taint } from '../types.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const RETRY_MS = 1000;

export class NodeReporter {
  readonly #api: KubeApi;
  readonly #clock: Clock;
  readonly #timing: Timing;
  readonly #facts: () => NodeFacts;
  readonly #log: (message: string) => void;
  readonly #timers = new Set<() => void>();
  #health: NodeHealth = HEALTHY;
  #stopped = false;
  #node: NodeObject | undefined;
  #sentAtMs = 0;
  #sentFacts = '';

  constructor(parts: {
    api: KubeApi;
    clock: Clock;
    timing: Timing;
    facts: () => NodeFacts;
    log: (message: string) => void;
  }) {
    this.#api = parts.api;
    this.#clock = parts.clock;
    this.#timing = parts.timing;
    this.#facts = parts.facts;
    this.#log = parts.log;
  }

  /** The Node as last answered by the API server. */
  get node(): NodeObject | undefined {
    return this.#node;
  }

  /** Registers; answers after the first try, which need not succeed. */
  async begin(): Promise<void> {
    await this.#register();
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#timers) cancel();
  }

  /** One last word, for example that the machine goes away. Failure is accepted. */
  async say(health: NodeHealth, taint?: Taint): Promise<void> {
    this.#health = health;
    const path = corePath('nodes', undefined, this.#name);
    try {
      await this.#sendStatus();
      if (taint && this.#node)
        await this.#api.mergePatch(path, { spec: { taints: [...(this.#node.spec?.taints ?? []), taint] } });
    } catch (error) {
      this.#note('last status', error);
    }
  }

  get #name(): string {
    return this.#facts().spec.name;
  }

  async #register(): Promise<void> {
    if (this.#stopped) return;
    try {
      this.#node = await this.#createOrAdopt();
      await this.#sendStatus();
      await this.#renewLease();
    } catch (error) {
      this.#note('registration', error);
      this.#later(RETRY_MS, () => this.#register());
      return;
    }
    this.#every(this.#timing.leaseRenewMs, 'lease', () => this.#renewLease());
    this.#every(Math.min(this.#timing.leaseRenewMs, this.#timing.nodeStatusMs), 'status', () => this.#sendIfDue());
  }

  async #createOrAdopt(): Promise<NodeObject> {
    const { spec } = this.#facts();
    try {
      return asNode(await this.#api.create(corePath('nodes'), newNode(spec)));
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    const patch = { metadata: { labels: nodeLabels(spec), annotations: spec.annotations } };
    return asNode(await this.#api.mergePatch(corePath('nodes', undefined, spec.name), patch));
  }

  async #sendIfDue(): Promise<void> {
    const isDue = this.#clock.nowMs() - this.#sentAtMs >= this.#timing.nodeStatusMs;
    if (isDue || this.#sentFacts !== JSON.stringify(this.#facts())) await this.#sendStatus();
  }

  async #sendStatus(): Promise<void> {
    const facts = this.#facts();
    const path = corePath('nodes', undefined, facts.spec.name);
    // Conditions of others are in the same list, so it starts from what is there now.
    const present = asNode(await this.#api.get(path));
    const now = new Date(this.#clock.nowMs()).toISOString().replace(/\.\d+Z$/, 'Z');
    const patch = { status: nodeStatus(facts, this.#health, present, now) };
    this.#node = asNode(await this.#api.mergePatch(`${path}/status`, patch));
    this.#sentAtMs = this.#clock.nowMs();
    this.#sentFacts = JSON.stringify(facts);
  }

  async #renewLease(): Promise<void> {
    const path = `${LEASES}/${this.#name}`;
    const renewTime = new Date(this.#clock.nowMs()).toISOString().replace('Z', '000Z');
    const spec = { holderIdentity: this.#name, leaseDurationSeconds: this.#timing.leaseSeconds, renewTime };
    try {
      await this.#api.mergePatch(path, { spec });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await this.#api.create(LEASES, this.#newLease(spec));
    }
  }

  #newLease(spec: Lease['spec']): Lease {
    const owner = { apiVersion: 'v1', kind: 'Node', name: this.#name, uid: this.#node?.metadata?.uid ?? '' };
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: this.#name, namespace: 'kube-node-lease', ownerReferences: [owner] },
      spec,
    };
  }

  #every(periodMs: number, what: string, action: () => Promise<void>): void {
    this.#later(periodMs, async () => {
      try {
        await action();
      } catch (error) {
        this.#note(what, error);
      }
      this.#every(periodMs, what, action);
    });
  }

  #later(delayMs: number, action: () => Promise<void>): void {
    if (this.#stopped) return;
    const cancel = this.#clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      if (!this.#stopped) void action();
    });
    this.#timers.add(cancel);
  }

  #note(what: string, error: unknown): void {
    this.#log(`node ${this.#name}: ${what}: ${messageOf(error)}`);
  }
}
