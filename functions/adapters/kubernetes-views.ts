/** Pure: Kubernetes objects, as JSON (times are text, whatever the client's types say) -> the views of our port. */
import type { V1Job, V1Node, V1Pod } from '@kubernetes/client-node';
import type { NodeView, PodView, WorkloadView } from '../ports/workloads.ts';

export function toPod(pod: V1Pod): PodView | undefined {
  const role = pod.metadata?.labels?.['foreach-fleet/role'];
  if (role !== 'redis' && role !== 'driver' && role !== 'worker') return undefined;
  return {
    name: pod.metadata?.name ?? '',
    role,
    ready:
      pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false,
    ended: pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed',
    node: pod.spec?.nodeName ?? null,
    trouble: troubleOf(pod),
  };
}

const HARMLESS = new Set(['ContainerCreating', 'PodInitializing', 'Completed']);

/** Why a pod is not running, in the cluster's own words; null when nothing is wrong. */
export function troubleOf(pod: V1Pod): string | null {
  for (const container of pod.status?.containerStatuses ?? []) {
    const waiting = container.state?.waiting;
    if (waiting?.reason && !HARMLESS.has(waiting.reason)) return join(waiting.reason, waiting.message);
  }
  const unscheduled = pod.status?.conditions?.find(
    (condition) => condition.type === 'PodScheduled' && condition.status === 'False',
  );
  if (unscheduled) return join(unscheduled.reason, unscheduled.message);
  return pod.status?.phase === 'Failed' ? join(pod.status.reason ?? 'Failed', pod.status.message) : null;
}

function join(reason: string | undefined, message: string | undefined): string {
  return [reason ?? 'waiting', message].filter((part) => part).join(': ');
}

export function toNode(node: V1Node): NodeView {
  return {
    name: node.metadata?.name ?? '',
    ready:
      node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false,
  };
}

/** How the driver Job stands; its last pod's own words tell more than the Job's condition. */
export function driverOf(job: V1Job | null, pods: V1Pod[]): Pick<WorkloadView, 'driver' | 'driverMessage'> {
  if (job === null) return { driver: 'absent', driverMessage: '' };
  const has = (type: string): boolean =>
    job.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
  if (has('Complete')) return { driver: 'succeeded', driverMessage: '' };
  if (!has('Failed')) return { driver: 'running', driverMessage: '' };
  const condition = job.status?.conditions?.find((candidate) => candidate.type === 'Failed');
  const last = pods.filter((pod) => pod.metadata?.labels?.['foreach-fleet/role'] === 'driver').at(-1);
  const said = last?.status?.containerStatuses?.[0]?.state?.terminated?.message;
  return { driver: 'failed', driverMessage: said || join(condition?.reason, condition?.message) };
}
