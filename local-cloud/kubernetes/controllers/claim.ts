/**
 * Which objects a controller's owner manages: adopts those that its selector matches and nobody
 * manages, lets go of those that no longer match.
 */
import { matchesSelector, type LabelSelector } from '../labels.ts';
import type { KubeObject } from '../object.ts';
import type { Stored } from '../objects.ts';
import type { ControllerContext } from './controller.ts';
import { controllerOf, controllerReference, ownersOf, withOwners } from './owners.ts';

/** The managed objects of one type in the owner's namespace, after adopting and releasing. */
export function claim<R extends string>(
  { store, index }: ControllerContext,
  resource: R,
  owner: KubeObject,
  selector: LabelSelector | undefined,
): Stored<R>[] {
  const claimed: Stored<R>[] = [];
  if (!selector) return claimed;
  const ownerLeaves = owner.metadata.deletionTimestamp !== undefined;
  for (const object of [...index.inNamespace(resource, owner.metadata.namespace)]) {
    const manager = controllerOf(object);
    if (manager && manager.uid !== owner.metadata.uid) continue;
    const matches = matchesSelector(selector, object.metadata.labels);
    if (manager && matches) claimed.push(object);
    else if (ownerLeaves) continue;
    else if (manager) release(store, resource, object, manager.uid);
    else if (matches && object.metadata.deletionTimestamp === undefined) {
      const owners = [...ownersOf(object), controllerReference(owner)];
      claimed.push(store.update(resource, withOwners(object, owners)));
    }
  }
  return claimed;
}

function release<R extends string>(
  store: ControllerContext['store'],
  resource: R,
  object: Stored<R>,
  uid: string,
): void {
  const left = ownersOf(object).filter((owner) => owner.uid !== uid);
  store.update(resource, withOwners(object, left));
}

/**
 * Keys of the owners of one type that a changed object concerns: its managers before and after, or,
 * for an orphan, those that would match it.
 */
export function* concernedOwners(
  { index }: ControllerContext,
  event: { object: KubeObject; previous?: KubeObject },
  owners: { kind: string; resource: 'deployments' | 'jobs' | 'replicasets' },
): Iterable<string> {
  const namespace = event.object.metadata.namespace ?? '';
  let managed = false;
  for (const object of [event.object, event.previous]) {
    const manager = object && controllerOf(object);
    if (!manager) continue;
    if (object === event.object) managed = true;
    if (manager.kind === owners.kind) yield `${namespace}/${manager.name}`;
  }
  if (managed) return;
  for (const owner of index.inNamespace(owners.resource, namespace)) {
    const selector = owner.spec?.selector;
    if (selector && matchesSelector(selector, event.object.metadata.labels)) {
      yield `${namespace}/${owner.metadata.name}`;
    }
  }
}
