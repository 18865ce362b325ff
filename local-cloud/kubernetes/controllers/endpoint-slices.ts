/** The EndpointSlices of every Service with a selector, at most a hundred pods in each. */
import { isDeepStrictEqual } from 'node:util';
import type { EndpointSlice, Service } from '../objects.ts';
import { byKey, keysOfAll, type Controller, type ControllerContext } from './controller.ts';
import { controllerReference } from './owners.ts';
import {
  concernedServices,
  groupByPorts,
  hasSelector,
  podsBehind,
  targetRef,
  type ServicePod,
} from './service-pods.ts';

const MOST_PER_SLICE = 100;
const SERVICE_NAME = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const MANAGER = 'endpointslice-controller.k8s.io';
const HEADLESS = 'service.kubernetes.io/headless';

type Endpoint = NonNullable<EndpointSlice['endpoints']>[number];

interface Content {
  endpoints: Endpoint[];
  ports: { name: string; port: number; protocol: string; appProtocol?: string }[];
}

export function endpointSliceController(context: ControllerContext): Controller {
  const { store, index } = context;
  return {
    name: 'endpointslice',
    *keysFor(event) {
      yield* concernedServices(context, event);
      if (event.resource !== 'endpointslices') return;
      const service = event.object.metadata.labels?.[SERVICE_NAME];
      if (service) yield `${event.object.metadata.namespace ?? ''}/${service}`;
    },
    allKeys: () => keysOfAll(index, 'services'),
    sync(key) {
      const service = byKey(store, 'services', key);
      const slices = ownSlices(context, key);
      if (!service || service.metadata.deletionTimestamp !== undefined) {
        for (const { metadata } of slices) store.delete('endpointslices', metadata.namespace, metadata.name);
      } else if (hasSelector(service)) {
        write(context, service, slices);
      }
      return undefined;
    },
  };
}

function ownSlices({ index }: ControllerContext, key: string): EndpointSlice[] {
  const [namespace = '', name = ''] = key.split('/');
  return [...index.inNamespace('endpointslices', namespace)]
    .filter(({ metadata }) => metadata.labels?.[SERVICE_NAME] === name && metadata.labels[MANAGED_BY] === MANAGER)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** Slice after slice takes the content of the same place in order; what is left over goes. */
function write(context: ControllerContext, service: Service, slices: EndpointSlice[]): void {
  const { store } = context;
  const contents = contentsOf(context, service);
  const labels: Record<string, string> = {
    ...service.metadata.labels,
    [SERVICE_NAME]: service.metadata.name,
    [MANAGED_BY]: MANAGER,
    ...(service.spec?.clusterIP === 'None' ? { [HEADLESS]: '' } : {}),
  };
  for (const [place, { endpoints, ports }] of contents.entries()) {
    const slice = slices[place];
    if (!slice) {
      store.create('endpointslices', {
        metadata: {
          generateName: `${service.metadata.name}-`,
          namespace: service.metadata.namespace ?? 'default',
          labels,
          ownerReferences: [controllerReference(service)],
        },
        addressType: 'IPv4',
        endpoints,
        ports,
      });
    } else if (
      !isDeepStrictEqual(slice.endpoints ?? [], endpoints) ||
      !isDeepStrictEqual(slice.ports ?? [], ports) ||
      !isDeepStrictEqual(slice.metadata.labels, labels)
    ) {
      store.update('endpointslices', { ...slice, metadata: { ...slice.metadata, labels }, endpoints, ports });
    }
  }
  for (const { metadata } of slices.slice(contents.length)) {
    store.delete('endpointslices', metadata.namespace, metadata.name);
  }
}

/** A Service without pods still has one slice, an empty one. */
function contentsOf(context: ControllerContext, service: Service): Content[] {
  const early = service.spec?.publishNotReadyAddresses === true;
  const contents: Content[] = [];
  for (const group of groupByPorts(podsBehind(context, service)).values()) {
    const ports = (group[0]?.ports ?? []).map(({ name = '', port, protocol, appProtocol }) => ({
      name,
      port,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    }));
    for (let start = 0; start < group.length; start += MOST_PER_SLICE) {
      const part = group.slice(start, start + MOST_PER_SLICE);
      contents.push({ endpoints: part.map((each) => endpoint(context, each, early)), ports });
    }
  }
  return contents.length > 0 ? contents : [{ endpoints: [], ports: [] }];
}

function endpoint({ store }: ControllerContext, each: ServicePod, early: boolean): Endpoint {
  const { pod, address, ready, terminating } = each;
  const nodeName = pod.spec?.nodeName;
  const zone = nodeName && store.get('nodes', undefined, nodeName)?.metadata.labels?.['topology.kubernetes.io/zone'];
  const hostname = pod.spec?.hostname;
  return {
    addresses: [address],
    conditions: { ready: early || (ready && !terminating), serving: ready, terminating },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: targetRef(pod),
    ...(zone ? { zone } : {}),
  };
}
