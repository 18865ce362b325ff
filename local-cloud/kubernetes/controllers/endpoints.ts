/**
 * The Endpoints object of every Service with a selector: addresses of its ready
 * pods, and of those that are not ready yet.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Draft } from '../object.ts';
import type { Endpoints, Service } from '../objects.ts';
import { byKey, keyOf, keysOfAll, type Controller, type ControllerContext } from './controller.ts';
import {
  concernedServices,
  groupByPorts,
  hasSelector,
  podsBehind,
  targetRef,
  type ServicePod,
} from './service-pods.ts';

const HEADLESS = 'service.kubernetes.io/headless';
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';

export function endpointsController(context: ControllerContext): Controller {
  const { store, index } = context;
  return {
    name: 'endpoints',
    *keysFor(event) {
      yield* concernedServices(context, event);
      if (event.resource === 'endpoints') yield keyOf(event.object);
    },
    *allKeys() {
      yield* keysOfAll(index, 'services');
    },
    sync(key) {
      const service = byKey(store, 'services', key);
      const current = byKey(store, 'endpoints', key);
      if (!service) removeOwn(context, current);
      else if (hasSelector(service)) write(context, service, current);
      return undefined;
    },
  };
}

/** Only what this controller made goes with the Service; Endpoints written by hand are somebody else's. */
function removeOwn({ store }: ControllerContext, endpoints: Endpoints | undefined): void {
  if (endpoints?.metadata.labels?.[MANAGED_BY] === undefined) return;
  store.delete('endpoints', endpoints.metadata.namespace, endpoints.metadata.name);
}

function write(context: ControllerContext, service: Service, current: Endpoints | undefined): void {
  const { store } = context;
  const { name, namespace = 'default' } = service.metadata;
  const labels: Record<string, string> = { ...service.metadata.labels, [MANAGED_BY]: 'endpoint-controller' };
  if (service.spec?.clusterIP === 'None') labels[HEADLESS] = '';
  const subsets = subsetsOf(service, podsBehind(context, service));
  const next: Draft<Endpoints> = { metadata: { name, namespace, labels }, ...(subsets.length > 0 ? { subsets } : {}) };
  if (!current) store.create('endpoints', next);
  else if (
    !isDeepStrictEqual(current.subsets ?? [], subsets) ||
    !isDeepStrictEqual(current.metadata.labels ?? {}, labels)
  ) {
    store.update('endpoints', { ...next, metadata: { ...current.metadata, labels } });
  }
}

function subsetsOf(service: Service, pods: ServicePod[]): NonNullable<Endpoints['subsets']> {
  const early = service.spec?.publishNotReadyAddresses === true;
  const shown = pods.filter((each) => early || !each.terminating);
  return [...groupByPorts(shown).values()].map((group) => {
    const ready = group.filter((each) => early || each.ready).map(address);
    const notReady = group.filter((each) => !early && !each.ready).map(address);
    const ports = group[0]?.ports ?? [];
    return {
      ...(ready.length > 0 ? { addresses: ready } : {}),
      ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    };
  });
}

function address({ pod, address: ip }: ServicePod) {
  const hostname = pod.spec?.hostname;
  return { ip, ...(hostname ? { hostname } : {}), nodeName: pod.spec?.nodeName, targetRef: targetRef(pod) };
}
