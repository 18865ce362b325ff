/**
 * Compute operations. A managed instance group's are DONE as soon as the order is taken, long
 * before the machines follow, as Google's are.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import type { LocalContext } from '../../context.ts';
import { GoogleError } from '../../identity/google-http.ts';
import { Documents } from '../../documents.ts';
import { newId } from '../resource-id.ts';
import type { Resource } from './resources.ts';

const KEPT = 200;

const operationSchema = z.looseObject({ name: z.string(), selfLink: z.string() });

export class ComputeOperations {
  readonly #context: LocalContext;
  readonly #documents: Documents<Resource>;
  readonly #all: Map<string, Resource>;

  constructor(context: LocalContext) {
    this.#context = context;
    this.#documents = new Documents(join(context.stateDir, 'compute', 'operations'), operationSchema);
    this.#all = this.#documents.load();
  }

  /** The first answer says RUNNING; every later look says DONE. `scope` is 'zones/Z', 'regions/R' or 'global'. */
  add(scope: string, operationType: string, targetLink: string): Resource {
    const nowMs = this.#context.clock.nowMs();
    const time = new Date(nowMs).toISOString();
    const name = `operation-${nowMs}-${randomBytes(6).toString('hex')}`;
    const root = targetLink.slice(0, targetLink.indexOf(`/${scope}/`));
    const [collection, place] = scope.split('/');
    const running: Resource = {
      kind: 'compute#operation',
      id: newId(),
      name,
      ...(place === undefined ? {} : { [collection === 'zones' ? 'zone' : 'region']: `${root}/${scope}` }),
      operationType,
      targetLink,
      insertTime: time,
      startTime: time,
      progress: 0,
      status: 'RUNNING',
      selfLink: `${root}/${scope}/operations/${name}`,
    };
    const operation: Resource = { ...running, endTime: time, progress: 100, status: 'DONE' };
    this.#all.set(name, operation);
    this.#documents.save(name, operation);
    for (const old of this.#all.keys()) {
      if (this.#all.size <= KEPT) break;
      this.#all.delete(old);
      this.#documents.remove(old);
    }
    return running;
  }

  get(name: string): Resource {
    const found = this.#all.get(name);
    if (!found) throw new GoogleError(404, `The resource 'operations/${name}' was not found`);
    return found;
  }

  list(scope: string): Resource[] {
    return [...this.#all.values()].filter((each) => String(each['selfLink']).includes(`/${scope}/operations/`));
  }
}
