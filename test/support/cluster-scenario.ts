/**
 * A cluster for scenarios that must go the same way on the embedded Kubernetes and on a real one. There are ordinary
 * client calls only, two nodes, and a stand-in for their kubelets that polls. Pods with the annotation `scenario/exit`
 * end with that exit code as soon as they run; those with `scenario/stays: pending` never start.
 */
import { CoreV1Api, KubeConfig, KubernetesObjectApi, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { waitFor } from '../../testing/wait-for.ts';

export interface ClusterScenario {
  namespace: string;
  create(object: Record<string, any>): Promise<any>;
  read(kind: string, name: string): Promise<any>;
  list(kind: string): Promise<any[]>;
  patch(kind: string, name: string, patch: Record<string, any>): Promise<any>;
  remove(kind: string, name: string, policy?: 'Background' | 'Foreground' | 'Orphan'): Promise<void>;
  /** Waits until the object satisfies the condition, and answers it. */
  until(kind: string, name: string, what: string, holds: (object: any) => boolean): Promise<any>;
  /** `reason: message` of the events about objects of a kind, generated names blotted out, in order. */
  /**
   * Of the objects of a kind, once there are so many: they are written beside the condition
   * that they tell of, often a moment later.
   */
  eventsOnce(count: number, kind: string): Promise<string[]>;
  stop(): Promise<void>;
}

const apiVersions: Record<string, string> = {
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  Job: 'batch/v1',
  PodDisruptionBudget: 'policy/v1',
  EndpointSlice: 'discovery.k8s.io/v1',
};
const apiVersionOf = (kind: string): string => apiVersions[kind] ?? 'v1';
const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
const POLL_MS = 50;

export interface Connection {
  url: string;
  caPem: string;
  token: string;
}

interface Head {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

export async function openScenario(connection: Connection, namespace: string): Promise<ClusterScenario> {
  const config = configFor(connection);
  const objects = KubernetesObjectApi.makeApiClient(config);
  const core = config.makeApiClient(CoreV1Api);
  await objects.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const nodes = [`${namespace}-1`, `${namespace}-2`];
  for (const name of nodes) await addNode(core, name, namespace);
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } };
  await waitFor('the default account', () => objects.read(account).catch(() => false));
  const kubelets = playKubelets(core, namespace);
  const head = (kind: string, name: string): Head => ({
    apiVersion: apiVersionOf(kind),
    kind,
    metadata: { name, ...(kind === 'Namespace' ? {} : { namespace }) },
  });
  const scenario: ClusterScenario = {
    namespace,
    create: (object) =>
      objects.create({
        ...object,
        ...head(object['kind'], object['metadata'].name),
        metadata: { ...object['metadata'], namespace },
      }),
    read: (kind, name) => objects.read<any>(head(kind, name)),
    list: async (kind) => (await objects.list(apiVersionOf(kind), kind, namespace)).items,
    patch: (kind, name, patch) =>
      objects.patch(
        { ...patch, ...head(kind, name), metadata: { ...patch['metadata'], ...head(kind, name).metadata } },
        undefined,
        undefined,
        undefined,
        undefined,
        PatchStrategy.MergePatch,
      ),
    async remove(kind, name, policy = 'Background') {
      await objects.delete(head(kind, name), undefined, undefined, undefined, undefined, policy);
    },
    until: (kind, name, what, holds) =>
      waitFor(`${kind} ${name}: ${what}`, async () => {
        const object: any = await objects.read(head(kind, name));
        return holds(object) && object;
      }),
    eventsOnce: (count, kind) =>
      waitFor(`${count} events of ${kind}`, async () => {
        const texts = eventTexts(await core.listNamespacedEvent({ namespace }), kind, namespace);
        return texts.length >= count && texts;
      }),
    async stop() {
      await kubelets.stop();
      for (const name of nodes) await core.deleteNode({ name });
      await core.deleteNamespace({ name: namespace });
    },
  };
  return scenario;
}

function configFor({ url, caPem, token }: Connection): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'scenario', server: url, caData: Buffer.from(caPem).toString('base64'), skipTLSVerify: false },
    { name: 'scenario', token },
  );
  return config;
}

async function addNode(core: CoreV1Api, name: string, namespace: string): Promise<void> {
  const labels = { 'kubernetes.io/hostname': name, pool: namespace };
  await core.createNode({ body: { metadata: { name, labels } } });
  const resources = { cpu: '4', memory: '8Gi', pods: '110' };
  const condition = { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: new Date() };
  const status = { capacity: resources, allocatable: resources, conditions: [condition] };
  await core.patchNodeStatus({ name, body: { status } }, merge);
  const untainted = async (): Promise<boolean> => !(await core.readNode({ name })).spec?.taints?.length;
  await waitFor(`node ${name} open for pods`, untainted);
}

function playKubelets(core: CoreV1Api, namespace: string): { stop(): Promise<void> } {
  let stopped = false;
  let ends = 0;
  const round = async (): Promise<void> => {
    const { items } = await core.listNamespacedPod({ namespace });
    for (const pod of items) await serve(core, pod, (ends += 1)).catch(unlessGone);
  };
  const run = async (): Promise<void> => {
    while (!stopped) {
      await round();
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    // Pods of the closing namespace still want to be let go.
    await round();
  };
  const done = run();
  return {
    async stop() {
      stopped = true;
      await done;
    },
  };
}

function unlessGone(error: unknown): void {
  if (![404, 409].includes((error as { code: number }).code)) throw error;
}

async function serve(core: CoreV1Api, pod: any, address: number): Promise<void> {
  const { name, namespace, annotations = {}, deletionTimestamp } = pod.metadata;
  if (!pod.spec.nodeName) return;
  const phase = pod.status?.phase;
  const ended = phase === 'Succeeded' || phase === 'Failed';
  if (deletionTimestamp !== undefined) {
    if (phase === 'Running') await report(core, pod, { exitCode: 143 });
    await core.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 });
  } else if (!ended && phase !== 'Running' && annotations['scenario/stays'] !== 'pending') {
    await report(core, pod, { address: `10.1.${(address >> 8) & 255}.${address & 255}` });
  } else if (phase === 'Running' && annotations['scenario/exit'] !== undefined) {
    await report(core, pod, { exitCode: Number(annotations['scenario/exit']) });
  }
}

async function report(core: CoreV1Api, pod: any, what: { exitCode?: number; address?: string }): Promise<void> {
  const { exitCode, address } = what;
  const now = new Date().toISOString();
  const running = exitCode === undefined;
  const ready = running ? 'True' : 'False';
  const others = (pod.status?.conditions ?? []).filter(({ type }: any) => !/Ready$/.test(type));
  const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status: ready, lastTransitionTime: now }));
  const state = running ? { running: { startedAt: now } } : { terminated: { exitCode, finishedAt: now } };
  const { image } = pod.spec.containers[0];
  const containerStatus = { name: 'main', ready: running, restartCount: 0, image, imageID: '', state };
  const phase = running ? 'Running' : exitCode === 0 ? 'Succeeded' : 'Failed';
  const status = {
    phase,
    startTime: pod.status?.startTime ?? now,
    conditions: [...others, ...conditions],
    containerStatuses: [containerStatus],
    ...(address === undefined ? {} : { podIP: address, podIPs: [{ ip: address }] }),
  };
  const { name, namespace } = pod.metadata;
  await core.patchNamespacedPodStatus({ name, namespace, body: { status } }, merge);
}

function eventTexts({ items }: { items: any[] }, kind: string, namespace: string): string[] {
  const own = items.filter((event) => event.involvedObject.kind === kind);
  return own.map((event) => `${event.reason}: ${blot(event.message ?? '', namespace)}`).sort();
}

/** Names of namespaces and generated parts of names differ from run to run. */
export function blot(text: string, namespace?: string): string {
  return (namespace ? text.replaceAll(namespace, 'ns') : text)
    .replaceAll(/-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '-?????')
    .replaceAll(/-[bcdfghjklmnpqrstvwxz2456789]{7,10}\b/g, '-hash');
}
