/** Deletes a leaving namespace's content and then the namespace, saying in its conditions what is still in the way. */
import { timestamp } from '../store/metadata.ts';
import { kinds } from '../kinds/registry.ts';
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import type { Condition, Namespace } from '../objects.ts';
import { conditionsOf, findCondition, withCondition } from './conditions.ts';
import { byKey, keysOfAll, type Controller, type ControllerContext } from './controller.ts';

const FINALIZER = 'kubernetes';
/**
 * Content that goes by itself (pods with a grace period) is looked for again this
 * often, beside the changes that say so.
 */
const LOOK_AGAIN_MS = 5000;

const contentTypes = (): Kind[] => kinds.filter((type) => type.namespaced && type.stored && type.resource !== 'events');

export function namespaceController(context: ControllerContext): Controller {
  const { store, index } = context;
  return {
    name: 'namespace',
    *keysFor({ type, resource, object }) {
      if (resource === 'namespaces' && type !== 'DELETED') yield `/${object.metadata.name}`;
      const namespace = object.metadata.namespace;
      if (namespace === undefined || resource === 'events') return;
      if (store.get('namespaces', undefined, namespace)?.metadata.deletionTimestamp) yield `/${namespace}`;
    },
    allKeys: () => keysOfAll(index, 'namespaces'),
    sync(key) {
      const namespace = byKey(store, 'namespaces', key);
      if (!namespace || namespace.metadata.deletionTimestamp === undefined) return undefined;
      const left = deleteContent(context, namespace.metadata.name);
      if (left.length > 0) {
        sayWhatIsLeft(context, namespace, left);
        return LOOK_AGAIN_MS;
      }
      deleteEvents(context, namespace.metadata.name);
      const finalizers: string[] = namespace.spec?.finalizers ?? [];
      store.update('namespaces', {
        ...namespace,
        spec: { ...namespace.spec, finalizers: finalizers.filter((each) => each !== FINALIZER) },
      });
      return undefined;
    },
  };
}

interface Remainder {
  type: string;
  objects: KubeObject[];
}

function deleteContent({ store, index }: ControllerContext, namespace: string): Remainder[] {
  const left: Remainder[] = [];
  for (const type of contentTypes()) {
    for (const { metadata } of [...index.inNamespace(type.resource, namespace)]) {
      if (metadata.deletionTimestamp === undefined) {
        store.delete(type.resource, namespace, metadata.name, { propagationPolicy: 'Background' });
      }
    }
  }
  for (const type of contentTypes()) {
    const objects = [...index.inNamespace(type.resource, namespace)];
    if (objects.length > 0) left.push({ type: `${type.resource}.${type.group}`, objects });
  }
  return left;
}

function deleteEvents({ store }: ControllerContext, namespace: string): void {
  for (const { metadata } of store.list('events', { namespace })) store.delete('events', namespace, metadata.name);
}

function sayWhatIsLeft({ store, clock }: ControllerContext, namespace: Namespace, left: Remainder[]): void {
  const finalizers = new Map<string, number>();
  for (const { metadata } of left.flatMap(({ objects }) => objects)) {
    for (const finalizer of metadata.finalizers ?? []) {
      finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
    }
  }
  const remaining = left.map(({ type, objects }) => `${type} has ${objects.length} resource instances`).join(', ');
  const held = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`).join(', ');
  const time = timestamp(clock.nowMs());
  const before = conditionsOf(namespace);
  const conditions = [
    no('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    no(
      'NamespaceDeletionGroupVersionParsingFailure',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    no(
      'NamespaceDeletionContentFailure',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    yes('NamespaceContentRemaining', 'SomeResourcesRemain', `Some resources are remaining: ${remaining}`),
    held === ''
      ? no('NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished')
      : yes(
          'NamespaceFinalizersRemaining',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${held}`,
        ),
  ].reduce((all, each) => replace(all, { ...each, lastTransitionTime: time }), before);
  const unchanged = conditions.every((each, index) => each === before[index]);
  if (!unchanged) store.updateStatus('namespaces', { ...namespace, status: { ...namespace.status, conditions } });
}

function replace(conditions: Condition[], next: Condition): Condition[] {
  const current = findCondition(conditions, next.type);
  return current?.status === next.status && current?.message === next.message
    ? conditions
    : withCondition(conditions, next);
}

function no(type: string, reason: string, message: string): Condition {
  return { type, status: 'False', reason, message };
}

function yes(type: string, reason: string, message: string): Condition {
  return { type, status: 'True', reason, message };
}
