/** The ServiceAccount `default` of every namespace. */
import { byKey, keyOf, type Controller, type ControllerContext } from './controller.ts';

const NAME = 'default';

export function serviceAccountController({ store, index }: ControllerContext): Controller {
  return {
    name: 'serviceaccount',
    *keysFor({ resource, object, type }) {
      if (resource === 'namespaces' && type !== 'DELETED') yield keyOf(object);
      if (resource === 'serviceaccounts' && type === 'DELETED') yield `/${object.metadata.namespace ?? ''}`;
    },
    *allKeys() {
      for (const namespace of index.all('namespaces')) yield keyOf(namespace);
    },
    sync(key) {
      const namespace = byKey(store, 'namespaces', key);
      if (!namespace || namespace.metadata.deletionTimestamp !== undefined) return undefined;
      const { name } = namespace.metadata;
      if (!store.get('serviceaccounts', name, NAME)) {
        store.create('serviceaccounts', { metadata: { name: NAME, namespace: name } });
      }
      return undefined;
    },
  };
}
