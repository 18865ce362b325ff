/**
 * The ClusterManager methods: checked request in, message out. Reads answer from records; changes are recorded, get an
 * operation and are carried out in the background by operation-work.ts.
 */
import { ClusterMethods } from './clusters/cluster-methods.ts';
import type { Method, MethodCall, MethodParts } from './method.ts';
import { OperationMethods } from './operations/operation-methods.ts';
import { PoolMethods } from './pools/pool-methods.ts';
import { targetOf } from './wire/target.ts';
import { Views } from './wire/views.ts';
import type { Json } from './wire/proto-schema.ts';

export class Methods {
  readonly #context: MethodParts['context'];
  readonly #methods: Record<string, Method>;

  constructor(given: Omit<MethodParts, 'views'>) {
    this.#context = given.context;
    const parts = { ...given, views: new Views(given.state, given.fleet) };
    this.#methods = {
      ...new ClusterMethods(parts).table(),
      ...new PoolMethods(parts).table(),
      ...new OperationMethods(parts).table(),
    };
  }

  /** The method of that RPC, or undefined when it is not offered. */
  find(rpc: string): { name: string; run(request: Json, shortage: MethodCall['shortage']): Json } | undefined {
    const method = this.#methods[rpc];
    if (!method) return undefined;
    return {
      name: method.name,
      run: (request, shortage) => method.run({ request, shortage, target: targetOf(request, this.#context) }),
    };
  }
}
