/** Pure: Kubernetes objects -> the views of our port. */
import type { V1ContainerStatus, V1Job, V1Node, V1Pod } from '@kubernetes/client-node';
import type { NodeView, PodView, WorkloadView } from '../ports/workloads.ts';

export function toPod(pod: V1Pod): PodView | undefined {
  const role = pod.metadata?.labels?.['foreach-fleet/role'];
  if (role !== 'redis' && role !== 'driver' && role !== 'worker') return undefined;
  const containers = pod.status?.containerStatuses ?? [];
  return {
    name: pod.metadata?.name ?? '',
    role,
    phase: (pod.status?.phase ?? 'Unknown') as PodView['phase'],
    ready:
      pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false,
    node: pod.spec?.nodeName ?? null,
    address: pod.status?.podIP ?? null,
    deleting: pod.metadata?.deletionTimestamp !== undefined,
    restarts: containers.reduce((total, container) => total + container.restartCount, 0),
    createdMs: pod.metadata?.creationTimestamp?.getTime() ?? 0,
    trouble: troubleOf(pod, containers),
  };
}

const HARMLESS = new Set(['ContainerCreating', 'PodInitializing', 'Completed']);

function troubleOf(pod: V1Pod, containers: V1ContainerStatus[]): string | null {
  for (const container of containers) {
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
  const pool = node.metadata?.labels?.['foreach-fleet/pool'];
  return {
    name: node.metadata?.name ?? '',
    pool: pool === 'system' || pool === 'workers' ? pool : 'other',
    ready:
      node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false,
    createdMs: node.metadata?.creationTimestamp?.getTime() ?? 0,
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
