/** The methods of operations: they are looked at; none can be cancelled. */
import { GoogleError } from '../../identity/google-http.ts';
import type { Method, MethodParts } from '../method.ts';
import type { OperationRecord } from '../records.ts';
import type { Json } from '../wire/proto-schema.ts';
import type { Target } from '../wire/target.ts';

export class OperationMethods {
  readonly #parts: MethodParts;

  constructor(parts: MethodParts) {
    this.#parts = parts;
  }

  table(): Record<string, Method> {
    const { views } = this.#parts;
    return {
      ListOperations: { name: 'operations.list', run: ({ target }) => this.#listOperations(target.location) },
      GetOperation: { name: 'operations.get', run: ({ target }) => views.operation(this.#operation(target)) },
      CancelOperation: { name: 'operations.cancel', run: ({ target }) => this.#cancelOperation(target) },
    };
  }

  /** Only node-pool upgrades can be cancelled, and there are none here. */
  #cancelOperation(target: Target): Json {
    const operation = this.#operation(target);
    throw new GoogleError(400, `Operation ${operation.name} of type ${operation.type} cannot be cancelled.`, {
      canonical: 'FAILED_PRECONDITION',
    });
  }

  #listOperations(location: string): Json {
    const found = [...this.#parts.state.operations.values()].filter(
      (each) => location === '-' || each.location === location,
    );
    return { operations: found.map((each) => this.#parts.views.operation(each)) };
  }

  #operation(target: Target): OperationRecord {
    const found = this.#parts.state.operations.get(target.operation);
    if (found && (found.location === target.location || target.location === '-')) return found;
    throw new GoogleError(404, `Not found: operation "${target.operation}".`);
  }
}
