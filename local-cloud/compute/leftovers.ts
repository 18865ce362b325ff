/**
 * Disks, addresses, forwarding and firewall rules, groups and templates that no cluster owns: what a deleted one may
 * leave behind and what keeps billing. Only the admin API or a test plants them; the API lists and deletes them.
 */
import { join } from 'node:path';
import * as z from 'zod';
import type { LocalContext } from '../context.ts';
import { Documents } from '../documents.ts';
import { newId } from './resource-id.ts';

export const leftoverKind = z.enum([
  'disks',
  'addresses',
  'forwardingRules',
  'firewalls',
  'instanceGroupManagers',
  'instanceTemplates',
]);
export type LeftoverKind = z.infer<typeof leftoverKind>;

const leftoverSchema = z.object({
  kind: leftoverKind,
  name: z.string(),
  id: z.string(),
  /** A zone for disks and groups, a region or 'global' for the others. */
  scope: z.string(),
  /** Of a template's machines; of a firewall rule, whom it is for. */
  tags: z.array(z.string()).default([]),
  /** Of a group. */
  template: z.string().default(''),
  labels: z.record(z.string(), z.string()),
  sizeGb: z.number(),
  createdMs: z.number(),
});
export type Leftover = z.infer<typeof leftoverSchema>;

export class Leftovers {
  readonly #context: LocalContext;
  readonly #documents: Documents<Leftover>;
  readonly #all: Map<string, Leftover>;

  constructor(context: LocalContext) {
    this.#context = context;
    this.#documents = new Documents(join(context.stateDir, 'compute', 'leftovers'), leftoverSchema);
    this.#all = this.#documents.load();
  }

  list(kind: LeftoverKind): Leftover[] {
    return [...this.#all.values()].filter((each) => each.kind === kind);
  }

  find(kind: LeftoverKind, scope: string, name: string): Leftover | undefined {
    return this.#all.get(keyOf(kind, scope, name));
  }

  plant(
    asked: Pick<Leftover, 'kind' | 'name' | 'scope'> &
      Partial<Pick<Leftover, 'labels' | 'sizeGb' | 'tags' | 'template'>>,
  ): Leftover {
    const defaults = { labels: {}, sizeGb: 10, tags: [], template: '' };
    const planted: Leftover = { ...defaults, ...asked, id: newId(), createdMs: this.#context.clock.nowMs() };
    const key = keyOf(planted.kind, planted.scope, planted.name);
    this.#all.set(key, planted);
    this.#documents.save(key, planted);
    return planted;
  }

  remove(leftover: Leftover): void {
    const key = keyOf(leftover.kind, leftover.scope, leftover.name);
    this.#all.delete(key);
    this.#documents.remove(key);
  }
}

function keyOf(kind: LeftoverKind, scope: string, name: string): string {
  return `${kind}~${scope}~${name}`;
}
