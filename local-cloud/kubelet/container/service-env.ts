/**
 * The variables of Services (REDIS_SERVICE_HOST ...). There is no virtual address here, so they carry the address of a
 * ready pod behind the Service. When that pod is replaced, containers that have started keep the old address.
 */
import type { PodFacts } from './downward.ts';
import { hasVariables, mentionsService, serviceVariables, type ServiceTarget } from './env.ts';
import type { ObjectCache } from '../object-cache.ts';
import type { Container, Pod, Service } from '../types.ts';

/** A Service that the container names has no ready pod yet: it stays in ContainerCreating. */
export class ServiceNotReady extends Error {}

export interface ServiceEnvContext {
  cache: ObjectCache;
  facts: PodFacts;
  apiServer: string;
}

/** How old Services and pods may be when a container starts. */
const FRESH_MS = 500;

/**
 * Variables of the Services of the namespace. Throws ServiceNotReady for one that is
 * named by the container and has no pod yet.
 */
export async function serviceEnv(context: ServiceEnvContext, container: Container): Promise<Record<string, string>> {
  const env = apiServerEnv(context.apiServer);
  const { pod } = context.facts;
  if (pod.spec?.enableServiceLinks === false) return env;
  const texts = textsOf(container);
  const services = await context.cache.services(pod.metadata?.namespace ?? 'default', maxAgeMs(texts));
  for (const service of services.filter(hasVariables)) {
    const name = service.metadata?.name ?? '';
    const target = await serviceTarget(context, service);
    if (target) Object.assign(env, serviceVariables(service, target));
    else if (service.spec?.selector && mentionsService(name, texts))
      throw new ServiceNotReady(`waiting for a ready pod behind Service "${name}"`);
  }
  return env;
}

/**
 * A Service made just before the pod that names it must be seen, or the variable
 * would stay empty for the container's life.
 */
function maxAgeMs(texts: string[]): number {
  return texts.some((text) => /_SERVICE_(HOST|PORT)/.test(text)) ? 0 : FRESH_MS;
}

function textsOf(container: Container): string[] {
  const values = (container.env ?? []).map((variable) => variable.value ?? '');
  return [...(container.command ?? []), ...(container.args ?? []), ...values];
}

/** Where the API server is; as everywhere in Kubernetes, also for pods that want no Service variables. */
function apiServerEnv(server: string): Record<string, string> {
  const url = new URL(server);
  const port = url.port === '' ? '443' : url.port;
  return {
    KUBERNETES_SERVICE_HOST: url.hostname,
    KUBERNETES_SERVICE_PORT: port,
    KUBERNETES_SERVICE_PORT_HTTPS: port,
    KUBERNETES_PORT: `tcp://${url.host}`,
  };
}

/** A pod that serves the Service; of several the oldest, so that all who ask get the same one. */
async function serviceTarget(context: ServiceEnvContext, service: Service): Promise<ServiceTarget | undefined> {
  const selector = service.spec?.selector;
  if (!selector) return undefined;
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  const namespace = context.facts.pod.metadata?.namespace ?? 'default';
  const pods = await context.cache.podsWith(namespace, labels.join(','), FRESH_MS);
  const ready = pods.filter((pod) => isServing(pod, service.spec?.publishNotReadyAddresses ?? false));
  const [chosen] = ready.sort((a, b) =>
    String(a.metadata?.creationTimestamp).localeCompare(String(b.metadata?.creationTimestamp)),
  );
  const host = chosen?.status?.podIP;
  if (chosen === undefined || host === undefined) return undefined;
  return {
    host,
    ports: (service.spec?.ports ?? []).map((port) => targetPort(port.targetPort, port.port, chosen)),
  };
}

function isServing(pod: Pod, evenIfNotReady: boolean): boolean {
  if (!pod.status?.podIP || pod.metadata?.deletionTimestamp) return false;
  if (pod.status.phase !== 'Running' && !evenIfNotReady) return false;
  return (
    evenIfNotReady ||
    (pod.status.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True')
  );
}

function targetPort(target: unknown, port: number, pod: Pod): number {
  if (typeof target === 'number') return target;
  for (const container of pod.spec?.containers ?? []) {
    const named = container.ports?.find((one) => one.name === target);
    if (named) return named.containerPort;
  }
  return Number(target) || port;
}
