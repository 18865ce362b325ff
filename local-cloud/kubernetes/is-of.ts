/** How code that is handed objects of all kinds finds those of one: by the plural name that came with them. Pure. */
import type { Located, StoreEvent } from './object-store.ts';
import type { Objects } from './objects.ts';

export function isOf<R extends keyof Objects>(event: StoreEvent, resource: R): event is StoreEvent<R>;
export function isOf<R extends keyof Objects>(located: Located, resource: R): located is Located<R>;
export function isOf(located: Located, resource: string): boolean {
  return located.resource === resource;
}
