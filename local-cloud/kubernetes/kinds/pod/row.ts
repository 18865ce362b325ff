/** The row of a pod: its status column in the words of kubectl. Pure. */
import type { ContainerStatus, Pod } from '../../objects.ts';
import { age, conditionStatus } from '../cells.ts';

type State = NonNullable<ContainerStatus['state']>;

interface PodSummary {
  status: string;
  ready: number;
  total: number;
  restarts: number;
  lastRestart: string | undefined;
}

export function podRow(pod: Pod, nowMs: number): { cells: unknown[]; conditions?: unknown[] } {
  const { status, ready, total, restarts, lastRestart } = summarize(pod);
  const again = lastRestart === undefined ? '' : ` (${age(lastRestart, nowMs)} ago)`;
  const cells = [
    pod.metadata.name,
    `${ready}/${total}`,
    status,
    restarts > 0 ? `${restarts}${again}` : '0',
    age(pod.metadata.creationTimestamp, nowMs),
    pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || '<none>',
    pod.spec?.nodeName || '<none>',
    pod.status?.nominatedNodeName || '<none>',
    gatesOf(pod),
  ];
  const conditions = completion(pod.status?.phase);
  return conditions ? { cells, conditions } : { cells };
}

function gatesOf(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  const open = gates.filter((gate) => conditionStatus(pod, gate.conditionType ?? '') === 'True').length;
  return gates.length > 0 ? `${open}/${gates.length}` : '<none>';
}

function completion(phase: string | undefined): unknown[] | undefined {
  if (phase === 'Succeeded')
    return [{ type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' }];
  if (phase === 'Failed') return [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }];
  return undefined;
}

function summarize(pod: Pod): PodSummary {
  const total = pod.spec?.containers?.length ?? 0;
  const phase = pod.status?.reason || pod.status?.phase || 'Unknown';
  const conditions = pod.status?.conditions ?? [];
  const isGated = conditions.some((each) => each.type === 'PodScheduled' && each.reason === 'SchedulingGated');
  const initial = initSummary(pod, isGated ? 'SchedulingGated' : phase, total);
  const summary = initial.isInitializing ? initial.summary : containersSummary(pod, initial.summary);
  if (pod.metadata.deletionTimestamp === undefined) return summary;
  if (phase === 'NodeLost') summary.status = 'Unknown';
  else if (phase !== 'Succeeded' && phase !== 'Failed') summary.status = 'Terminating';
  return summary;
}

/** While init containers run, the status tells how far they are. */
function initSummary(pod: Pod, status: string, total: number): { summary: PodSummary; isInitializing: boolean } {
  const count = pod.spec?.initContainers?.length ?? 0;
  const summary: PodSummary = { status, ready: 0, total, restarts: 0, lastRestart: undefined };
  for (const [index, each] of (pod.status?.initContainerStatuses ?? []).entries()) {
    countRestart(summary, each);
    const state = each.state ?? {};
    if (state.terminated?.exitCode === 0) continue;
    summary.status = `Init:${initState(state) ?? `${index}/${count}`}`;
    return { summary, isInitializing: true };
  }
  return { summary, isInitializing: false };
}

function initState({ terminated, waiting }: State): string | undefined {
  if (terminated) return endReason(terminated);
  return waiting?.reason === 'PodInitializing' ? undefined : waiting?.reason;
}

function containersSummary(pod: Pod, summary: PodSummary): PodSummary {
  summary.restarts = 0;
  summary.lastRestart = undefined;
  for (const each of (pod.status?.containerStatuses ?? []).toReversed()) {
    countRestart(summary, each);
    const { waiting, terminated, running } = each.state ?? {};
    if (waiting?.reason) summary.status = waiting.reason;
    else if (terminated) summary.status = endReason(terminated);
    else if (each.ready === true && running) summary.ready += 1;
  }
  // One container has ended and another still runs.
  if (summary.status === 'Completed' && summary.ready > 0) {
    summary.status = conditionStatus(pod, 'Ready') === 'True' ? 'Running' : 'NotReady';
  }
  return summary;
}

function endReason({ reason, signal, exitCode }: NonNullable<State['terminated']>): string {
  if (reason) return reason;
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`;
}

function countRestart(summary: PodSummary, status: ContainerStatus): void {
  summary.restarts += status.restartCount ?? 0;
  const finished = status.lastState?.terminated?.finishedAt;
  if (finished && (summary.lastRestart === undefined || finished > summary.lastRestart)) summary.lastRestart = finished;
}
