/**
 * Scripted faults and delays, per service and call: the one place where a user or a test makes the local cloud
 * misbehave. Rules are kept in memory and can be replaced at any time (admin API: PUT /faults).
 */
import * as z from 'zod';
import type { Clock } from './clock.ts';
import { sleep } from './clock.ts';

export const faultRule = z.strictObject({
  /** 'storage' | 'gke' | 'compute' | 'pubsub' | 'kubernetes' | 'kubelet' | 'eventarc' | 'identity' | '*'. */
  service: z.string().min(1),
  /** The call, for example 'objects.insert' or 'clusters.create'; '*' for all. */
  method: z.string().min(1),
  /** Which matching calls are hit: 1 = the first only, [2, 3] = those, absent = all. */
  nth: z.exactOptional(z.union([z.int().min(1), z.array(z.int().min(1))])),
  /** 'before' (default): nothing has happened yet; 'after': the effect is done and the answer is lost. */
  when: z.exactOptional(z.enum(['before', 'after'])),
  /**
   * What happens. `status` answers with that HTTP (or gRPC) status, `reset` cuts the connection, `hang` never answers,
   * `delay` only waits, `stockout`/`quota` mean what the service documents.
   */
  effect: z.enum(['status', 'reset', 'hang', 'delay', 'stockout', 'quota', 'drop', 'duplicate']),
  status: z.exactOptional(z.int()),
  /** Machine-readable reason carried in the error body, for example CLUSTER_ALREADY_HAS_OPERATION. */
  reason: z.exactOptional(z.string()),
  delayMs: z.exactOptional(z.number().min(0)),
  /** Share of matching calls that are hit, 0..1; absent = 1. */
  probability: z.exactOptional(z.number().min(0).max(1)),
});
export type FaultRule = z.infer<typeof faultRule>;

/** A fault that the protocol layer must turn into its own wire format. */
export class InjectedFault extends Error {
  readonly rule: FaultRule;
  constructor(rule: FaultRule) {
    super(
      `injected fault: ${rule.service} ${rule.method} ${rule.effect} ${rule.status ?? ''} ${rule.reason ?? ''}`.trim(),
    );
    this.rule = rule;
  }
}

export class Faults {
  #rules: FaultRule[] = [];
  #seen = new Map<FaultRule, number>();
  readonly #clock: Clock;
  readonly #random: () => number;

  constructor(clock: Clock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Replaces all rules; counters of calls seen start anew. */
  set(rules: FaultRule[]): void {
    this.#rules = rules;
    this.#seen = new Map();
  }

  list(): FaultRule[] {
    return this.#rules;
  }

  /**
   * To be called before and after the effect of every call of every service. Waits for delay
   * rules; throws InjectedFault for the others.
   */
  async check(service: string, method: string, when: 'before' | 'after'): Promise<void> {
    for (const rule of this.#rules) {
      if (!this.#hits(rule, service, method, when)) continue;
      if (rule.delayMs !== undefined) await sleep(this.#clock, rule.delayMs);
      if (rule.effect !== 'delay') throw new InjectedFault(rule);
    }
  }

  #hits(rule: FaultRule, service: string, method: string, when: 'before' | 'after'): boolean {
    if ((rule.when ?? 'before') !== when) return false;
    if (rule.service !== '*' && rule.service !== service) return false;
    if (rule.method !== '*' && rule.method !== method) return false;
    const count = (this.#seen.get(rule) ?? 0) + 1;
    this.#seen.set(rule, count);
    if (rule.nth !== undefined && ![rule.nth].flat().includes(count)) return false;
    return rule.probability === undefined || this.#random() < rule.probability;
  }
}
