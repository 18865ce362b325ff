/**
 * What stands in a job's cluster: the few objects that say something whole, the many
 * (workers, machines) as lines of a table.
 */
import * as z from 'zod';
import { LARGE_WORKERS } from '../job/large-workers.ts';
import type { PodEnd } from '../job/death.ts';
import { PortError } from '../ports/port-error.ts';
import type { NodeView, PodView, WorkloadView } from '../ports/workloads.ts';
import type { Form, KubernetesApi } from './kubernetes-api.ts';
import {
  deploymentObject,
  jobObject,
  nodeObject,
  podObject,
  type PodObject,
  secretObject,
  type SecretObject,
} from './kubernetes-objects.ts';
import { nodeLines, workerLines, type WorkerLine } from './kubernetes-tables.ts';
import { driverOf, podEndOf, toNode, toPod, troubleOf } from './kubernetes-views.ts';
import { NAMESPACE } from './manifests.ts';

/** On the Secret with the pods' inputs: when their URLs were signed. */
export const SIGNED_AT = 'foreach-fleet/inputs-signed-at';

const core = `/api/v1/namespaces/${NAMESPACE}`;
const apps = `/apis/apps/v1/namespaces/${NAMESPACE}`;
const batch = `/apis/batch/v1/namespaces/${NAMESPACE}`;
const selecting = (labels: string): string => `?labelSelector=${encodeURIComponent(labels)}`;

/** @throws PortError FF-KUBERNETES when any part cannot be read: half of a view could be taken for all there is. */
export async function observeWorkload(api: KubernetesApi): Promise<WorkloadView> {
  const [lone, nodes, lines, driver, deployments, password, inputs] = await Promise.all([
    readList(api, 'listing pods', podObject, `${core}/pods${selecting('foreach-fleet/role in (redis,driver)')}`),
    readNodes(api),
    readWorkers(api),
    readOne(api, 'reading the driver', jobObject, `${batch}/jobs/driver`),
    readList(api, 'listing Deployments', deploymentObject, `${apps}/deployments`),
    readOne(api, 'reading the password', secretObject, `${core}/secrets/redis`),
    // Its data are as long as the job has files, and nobody here wants them.
    readOne(api, 'reading the inputs', secretObject, `${core}/secrets/job`, 'metadata'),
  ]);
  const deployed = new Map(deployments.map((deployment) => [deployment.metadata.name, deployment]));
  const signedAt = inputs?.metadata.annotations?.[SIGNED_AT];
  const attempt = driver?.metadata.labels?.['foreach-fleet/attempt'];
  return {
    applied: driver !== null && deployed.has('workers') && deployed.has('redis'),
    attempt: attempt === undefined ? null : Number(attempt),
    ...driverOf(driver, lone),
    workersWanted: deployed.get('workers')?.spec?.replicas ?? 0,
    largeWanted: deployed.get(LARGE_WORKERS)?.spec?.replicas ?? 0,
    pods: [...lone.flatMap((pod) => toPod(pod) ?? []), ...(await toWorkers(api, lines, nodes))],
    nodes,
    redis: redisOf(lone, password),
    inputsSignedMs: signedAt === undefined ? null : Date.parse(signedAt),
  };
}

function redisOf(pods: PodObject[], secret: SecretObject | null): WorkloadView['redis'] {
  const pod = pods.find((candidate) => {
    const view = toPod(candidate);
    return view?.role === 'redis' && view.ready && !candidate.metadata.deletionTimestamp;
  });
  const host = pod?.status?.podIP;
  const password = secret?.data?.['password'];
  return host && password ? { host, password: Buffer.from(password, 'base64').toString('utf8') } : null;
}

async function readNodes(api: KubernetesApi): Promise<NodeView[]> {
  const path = `/api/v1/nodes${selecting('foreach-fleet/pool=workers')}`;
  const lines = nodeLines(await api.get('listing nodes', `${path}&includeObject=None`, 'table'));
  return lines ?? (await readList(api, 'listing nodes', nodeObject, path)).map(toNode);
}

/** Lines, or whole pods where the API server prints other columns than those that are known. */
async function readWorkers(api: KubernetesApi): Promise<WorkerLine[]> {
  const path = `${core}/pods${selecting('foreach-fleet/role=worker')}`;
  const lines = workerLines(await api.get('listing workers', `${path}&includeObject=None`, 'table'));
  if (lines) return lines;
  const pods = await readList(api, 'listing workers', podObject, path);
  return pods.flatMap((pod) => toPod(pod) ?? []).map((pod) => ({ pod, status: 'Running' }));
}

/** What a line shows as the status of a pod that nothing is wrong with. */
const HARMLESS = new Set(['Running', 'ContainerCreating', 'PodInitializing', 'Completed', 'Terminating']);
/** Pods that are asked what is wrong with them: the first of each status. */
const MOST_ASKED = 4;

/**
 * A line tells neither that the pod's machine has been lost, which the machines tell, nor why the
 * pod does not run, which it is asked itself.
 */
async function toWorkers(api: KubernetesApi, lines: WorkerLine[], nodes: NodeView[]): Promise<PodView[]> {
  const lost = new Set(nodes.filter((node) => !node.ready).map((node) => node.name));
  const troubles = await askTroubled(api, lines);
  return lines.map(({ pod }) => ({
    ...pod,
    ready: pod.ready && !lost.has(pod.node ?? ''),
    trouble: troubles.get(pod.name) ?? pod.trouble,
  }));
}

async function askTroubled(api: KubernetesApi, lines: WorkerLine[]): Promise<Map<string, string | null>> {
  const troubled = lines.filter(({ status }) => !HARMLESS.has(status));
  const first = new Map(troubled.toReversed().map(({ status, pod }) => [status, pod.name]));
  const asked = [...first.values()].slice(0, MOST_ASKED);
  const told = asked.map(async (name): Promise<[string, string | null]> => {
    const pod = await readOne(api, `reading pod ${name}`, podObject, `${core}/pods/${name}`);
    return [name, pod && troubleOf(pod)];
  });
  return new Map(await Promise.all(told));
}

/** Pods that are asked how they ended, in one pass. */
const MOST_ENDS = 10;

/** How each of the pods ended, by its name: 'gone' where there is no such pod. Throws PortError FF-KUBERNETES. */
export async function observePodEnds(api: KubernetesApi, pods: readonly string[]): Promise<Record<string, PodEnd>> {
  const told = pods.slice(0, MOST_ENDS).map(async (name): Promise<[string, PodEnd]> => {
    const pod = await readOne(api, `reading pod ${name}`, podObject, `${core}/pods/${name}`);
    return [name, pod === null ? 'gone' : podEndOf(pod)];
  });
  return Object.fromEntries(await Promise.all(told));
}

async function readList<T>(api: KubernetesApi, doing: string, item: z.ZodType<T>, path: string): Promise<T[]> {
  return parsed(doing, z.object({ items: z.array(item) }), await api.get(doing, path)).items;
}

/** Null when there is no such object. */
async function readOne<T>(
  api: KubernetesApi,
  doing: string,
  schema: z.ZodType<T>,
  path: string,
  form: Form = 'whole',
): Promise<T | null> {
  const answer = await api.getOrNull(doing, path, form);
  return answer === null ? null : parsed(doing, schema, answer);
}

function parsed<T>(doing: string, schema: z.ZodType<T>, answer: unknown): T {
  const { success, data, error } = schema.safeParse(answer);
  if (success) return data;
  const message = `${doing}: the answer is not what was asked for (${z.prettifyError(error).slice(0, 200)})`;
  throw new PortError('FF-KUBERNETES', message, { retry: true });
}
