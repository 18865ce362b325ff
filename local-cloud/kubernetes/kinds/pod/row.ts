/** The row of a pod: its status column in the words of kubectl. Pure. */
import type { KubeObject, Plain } from '../../object.ts';
import { age, at, conditionStatus } from '../cells.ts';

interface PodSummary {
  status: string;
  ready: number;
  total: number;
  restarts: number;
  lastRestart: string | undefined;
}

export function podRow(pod: KubeObject, nowMs: number): { cells: unknown[]; conditions?: unknown[] } {
  const { status, ready, total, restarts, lastRestart } = summarize(pod);
  const again = lastRestart === undefined ? '' : ` (${age(lastRestart, nowMs)} ago)`;
  const cells = [
    pod.metadata.name,
    `${ready}/${total}`,
    status,
    restarts > 0 ? `${restarts}${again}` : '0',
    age(pod.metadata.creationTimestamp, nowMs),
    at(pod, 'status.podIPs.0.ip', at(pod, 'status.podIP', '<none>')),
    at(pod, 'spec.nodeName', '<none>'),
    at(pod, 'status.nominatedNodeName', '<none>'),
    gatesOf(pod),
  ];
  const conditions = completion(at(pod, 'status.phase') as string);
  return conditions ? { cells, conditions } : { cells };
}

function gatesOf(pod: KubeObject): string {
  const gates = at(pod, 'spec.readinessGates', []) as { conditionType: string }[];
  const open = gates.filter((gate) => conditionStatus(pod, gate.conditionType) === 'True').length;
  return gates.length > 0 ? `${open}/${gates.length}` : '<none>';
}

function completion(phase: string): unknown[] | undefined {
  if (phase === 'Succeeded')
    return [{ type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' }];
  if (phase === 'Failed') return [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }];
  return undefined;
}

function summarize(pod: KubeObject): PodSummary {
  const total = (at(pod, 'spec.containers', []) as unknown[]).length;
  const phase = at(pod, 'status.reason', at(pod, 'status.phase', 'Unknown')) as string;
  const conditions = at(pod, 'status.conditions', []) as Plain[];
  const isGated = conditions.some((each) => each['type'] === 'PodScheduled' && each['reason'] === 'SchedulingGated');
  const initial = initSummary(pod, isGated ? 'SchedulingGated' : phase, total);
  const summary = initial.isInitializing ? initial.summary : containersSummary(pod, initial.summary);
  if (pod.metadata.deletionTimestamp === undefined) return summary;
  if (phase === 'NodeLost') summary.status = 'Unknown';
  else if (phase !== 'Succeeded' && phase !== 'Failed') summary.status = 'Terminating';
  return summary;
}

/** While init containers run, the status tells how far they are. */
function initSummary(pod: KubeObject, status: string, total: number): { summary: PodSummary; isInitializing: boolean } {
  const count = (at(pod, 'spec.initContainers', []) as unknown[]).length;
  const summary: PodSummary = { status, ready: 0, total, restarts: 0, lastRestart: undefined };
  for (const [index, each] of (at(pod, 'status.initContainerStatuses', []) as Plain[]).entries()) {
    countRestart(summary, each);
    const state = (each['state'] ?? {}) as Plain;
    if (state['terminated']?.exitCode === 0) continue;
    summary.status = `Init:${initState(state) ?? `${index}/${count}`}`;
    return { summary, isInitializing: true };
  }
  return { summary, isInitializing: false };
}

function initState({ terminated, waiting }: Plain): string | undefined {
  if (terminated) return endReason(terminated as Plain);
  return waiting?.reason === 'PodInitializing' ? undefined : (waiting?.reason as string | undefined);
}

function containersSummary(pod: KubeObject, summary: PodSummary): PodSummary {
  summary.restarts = 0;
  summary.lastRestart = undefined;
  for (const each of (at(pod, 'status.containerStatuses', []) as Plain[]).toReversed()) {
    countRestart(summary, each);
    const { waiting, terminated, running } = (each['state'] ?? {}) as Plain;
    if (waiting?.reason) summary.status = waiting.reason as string;
    else if (terminated) summary.status = endReason(terminated as Plain);
    else if (each['ready'] === true && running) summary.ready += 1;
  }
  // One container has ended and another still runs.
  if (summary.status === 'Completed' && summary.ready > 0) {
    summary.status = conditionStatus(pod, 'Ready') === 'True' ? 'Running' : 'NotReady';
  }
  return summary;
}

function endReason({ reason, signal, exitCode }: Plain): string {
  if (reason) return reason as string;
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`;
}

function countRestart(summary: PodSummary, status: Plain): void {
  summary.restarts += (status['restartCount'] ?? 0) as number;
  const finished = status['lastState']?.terminated?.finishedAt as string | undefined;
  if (finished && (summary.lastRestart === undefined || finished > summary.lastRestart)) summary.lastRestart = finished;
}
