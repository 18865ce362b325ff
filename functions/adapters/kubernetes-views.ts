/** Pure: Kubernetes objects -> the views of our port. */
import type { PodEnd } from '../job/death.ts';
import type { NodeView, PodView, WorkloadView } from '../ports/workloads.ts';
import type { Condition, JobObject, NodeObject, PodObject } from './kubernetes-objects.ts';

/** A pod in our words; undefined for one that is none of the job's. */
export function toPod(pod: PodObject): PodView | undefined {
  const role = pod.metadata.labels?.['foreach-fleet/role'];
  if (role !== 'redis' && role !== 'driver' && role !== 'worker') return undefined;
  return {
    name: pod.metadata.name,
    role,
    ready: find(pod, 'Ready')?.status === 'True',
    ended: pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed',
    node: pod.spec?.nodeName ?? null,
    trouble: troubleOf(pod),
  };
}

const HARMLESS = new Set(['ContainerCreating', 'PodInitializing', 'Completed']);

/**
 * Why a pod is not running, in the cluster's own words, and the last ones of its container; null when nothing is wrong.
 */
export function troubleOf(pod: PodObject): string | null {
  for (const { state, lastState } of pod.status?.containerStatuses ?? []) {
    const waiting = state?.waiting;
    if (!waiting?.reason || HARMLESS.has(waiting.reason)) continue;
    const said = lastWords(lastState?.terminated?.message);
    return join(waiting.reason, waiting.message) + (said === '' ? '' : `; it said: ${said}`);
  }
  const scheduled = find(pod, 'PodScheduled');
  if (scheduled?.status === 'False') return join(scheduled.reason, scheduled.message);
  return pod.status?.phase === 'Failed' ? join(pod.status.reason ?? 'Failed', pod.status.message) : null;
}

const LAST_LINES = 3;
const LAST_CHARACTERS = 300;

/** Of a container's last message, what a person reads: workers also write lines of JSON. */
function lastWords(message: string | null | undefined): string {
  const lines = (message ?? '').split('\n').filter((line) => line.trim() !== '' && !line.startsWith('{'));
  return lines.slice(-LAST_LINES).join(' / ').slice(-LAST_CHARACTERS);
}

/** A container that runs again has its end in its last state. */
export function podEndOf(pod: PodObject): PodEnd {
  const [status] = pod.status?.containerStatuses ?? [];
  const ended = status?.state?.terminated ?? status?.lastState?.terminated;
  const finishedMs = Date.parse(ended?.finishedAt ?? '');
  if (!ended || Number.isNaN(finishedMs)) return null;
  const memoryLimit = memoryText(pod.spec?.containers?.[0]?.resources?.limits?.memory);
  const { reason, exitCode } = ended;
  return { reason: reason ?? 'Error', exitCode: exitCode ?? -1, finishedSeconds: finishedMs / 1000, memoryLimit };
}

/** Bytes are written as the job file has them; the API server keeps any other quantity as it was given. */
function memoryText(quantity: string | null | undefined): string | null {
  if (!/^\d+$/.test(quantity ?? '')) return quantity ?? null;
  const mebibytes = Math.round(Number(quantity) / 1024 ** 2);
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
}

/** A node in our words. */
export function toNode(node: NodeObject): NodeView {
  return { name: node.metadata.name, ready: find(node, 'Ready')?.status === 'True' };
}

/** How the driver Job stands; its last pod's own words tell more than the Job's condition. */
export function driverOf(job: JobObject | null, pods: PodObject[]): Pick<WorkloadView, 'driver' | 'driverMessage'> {
  if (job === null) return { driver: 'absent', driverMessage: '' };
  if (find(job, 'Complete')?.status === 'True') return { driver: 'succeeded', driverMessage: '' };
  const failed = find(job, 'Failed');
  if (failed?.status !== 'True') return { driver: 'running', driverMessage: '' };
  const last = pods.filter((pod) => pod.metadata.labels?.['foreach-fleet/role'] === 'driver').at(-1);
  const said = last?.status?.containerStatuses?.[0]?.state?.terminated?.message;
  return { driver: 'failed', driverMessage: said || join(failed.reason, failed.message) };
}

/** An object has at most one condition of a type. */
function find(object: NodeObject, type: string): Condition | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type);
}

function join(reason: string | null | undefined, message: string | null | undefined): string {
  return [reason ?? 'waiting', message].filter((part) => part).join(': ');
}
