/** The Kubernetes and Redis ports of the fault world, over one simulated cluster. */
import { summarize } from '../../../functions/job/progress.ts';
import { PortError } from '../../../functions/ports/port-error.ts';
import type { JournalEntry, TaskQueue } from '../../../functions/ports/task-queue.ts';
import type { PodView, Workload, WorkloadView } from '../../../functions/ports/workloads.ts';
import type { At, CloudState } from './cloud-state.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

export function workloadPort(
  find: () => SimulatedCluster | undefined,
  at: At,
  nowMs: () => number,
  world: Pick<CloudState, 'state'>,
): Workload {
  const there = (): SimulatedCluster => {
    const cluster = find();
    if (cluster?.state === 'running') return cluster;
    throw new PortError('FF-KUBERNETES', 'the API server does not answer', { retry: true });
  };
  return {
    // Named after the cluster: an old answer is one of the same API server.
    observe: () => at(`workload.observe ${find()?.request.name ?? ''}`, () => observe(there(), nowMs())),
    apply: (request) =>
      at('workload.apply', () => {
        const cluster = there();
        if (cluster.workload === null) {
          cluster.replicas = request.workers;
          cluster.appliedMs = nowMs();
          for (const line of resumeLines(world, request.inputs)) cluster.reusable.set(...line);
        }
        cluster.workload = structuredClone(request);
      }),
    podEnds: () => at('workload.podEnds', () => ({})),
    scaleWorkers: (from, replicas, idlePods) =>
      at('workload.scaleWorkers', () => {
        if (there().replicas !== from) throw new PortError('FF-WORKLOAD-CHANGED', 'it has changed', { retry: true });
        there().scale(replicas, idlePods);
      }),
  };
}

/** What a driver would fetch by the address in its inputs. */
function resumeLines(world: Pick<CloudState, 'state'>, inputs: unknown): [string, string][] {
  const { ledger } = inputs as { ledger: { url: string } | null };
  if (ledger === null) return [];
  const object = world.state.read(ledger.url.replace('memory://state/', ''));
  const lines = object!.bytes.toString('utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const { loop, iteration, object: file } = JSON.parse(line) as { loop: number; iteration: number; object: string };
    return [`${loop}/${iteration}`, file];
  });
}

function observe(cluster: SimulatedCluster, nowMs: number): WorkloadView {
  const ready = cluster.ready(nowMs);
  const pods: PodView[] = cluster.workers.map((worker) => ({
    name: worker.pod,
    role: 'worker',
    ready: worker.node !== null,
    ended: false,
    node: worker.node,
    trouble: worker.node === null ? 'Unschedulable: 0/2 nodes are available' : null,
  }));
  return {
    applied: cluster.workload !== null,
    attempt: cluster.workload?.attempt ?? null,
    driver: cluster.driver,
    driverMessage: '',
    workersWanted: cluster.replicas,
    largeWanted: 0,
    pods: [{ name: 'redis', role: 'redis', ready: true, ended: false, node: 'system', trouble: null }, ...pods],
    nodes: ready.map((machine) => ({ name: machine.name, ready: true })),
    redis: cluster.workload === null ? null : { host: addressOf(cluster), password: 'secret' },
    inputsSignedMs: cluster.workload === null ? null : cluster.appliedMs,
  };
}

function addressOf(cluster: SimulatedCluster): string {
  return `${cluster.request.name}@${cluster.request.location}`;
}

export function queuePort(find: () => SimulatedCluster, at: At, nowMs: () => number): TaskQueue {
  find();
  const change = (name: string, effect: (cluster: SimulatedCluster) => void): Promise<void> =>
    at(`queue.${name}`, () => effect(find()));
  const without = (cluster: SimulatedCluster, entries: readonly string[]): SimulatedCluster['outbox'] => {
    const ids = new Set(entries);
    return cluster.outbox.filter((item) => !ids.has(item.entry.id));
  };
  return {
    view: () =>
      at('queue.view', () => {
        const cluster = find();
        const driver = {
          state: cluster.driverState,
          message: '',
          reason: null,
          startedSeconds: null,
          beatSeconds: null,
        };
        const workers = cluster.views(nowMs());
        const unsaved = cluster.outbox.length + cluster.errors.length;
        const loops = structuredClone(cluster.loops);
        return {
          progress: summarize(driver, loops, workers, unsaved),
          workers,
          gate: { tasks: cluster.gate, begun: cluster.begun.length },
          urlRequests: [],
          largeWaiting: 0,
          deaths: [],
          refused: [],
        };
      }),
    outbox: (most) =>
      at('queue.outbox', () => ({ items: structuredCloneItems(find().outbox.slice(0, most)), refused: [] })),
    confirm: (entries) => change('confirm', (cluster) => (cluster.outbox = without(cluster, idsOf(entries)))),
    reject: (entries) => change('reject', (cluster) => (cluster.outbox = without(cluster, idsOf(entries)))),
    forget: (ids) => change('forget', (cluster) => (cluster.outbox = without(cluster, ids))),
    explainDeaths: () => at('queue.explainDeaths', () => undefined),
    reports: (kind, most) => at('queue.reports', () => (kind === 'errors' ? find().errors.slice(0, most) : [])),
    confirmReports: (kind, ids) =>
      change('confirmReports', (cluster) => {
        if (kind === 'errors') cluster.errors = cluster.errors.filter((report) => !ids.includes(report.id));
      }),
    stop: (reason) => change('stop', (cluster) => (cluster.stopReason = reason)),
    setGate: (tasks) => change('setGate', (cluster) => (cluster.gate = tasks)),
    renewLease: () => change('renewLease', () => undefined),
    answerUrlRequests: () => change('answerUrlRequests', () => undefined),
    outputs: () => at('queue.outputs', () => ({ items: find().outputs, refused: 0 })),
    close: () => undefined,
  };
}

const idsOf = (entries: readonly JournalEntry[]): string[] => entries.map((entry) => entry.id);

function structuredCloneItems(items: SimulatedCluster['outbox']): SimulatedCluster['outbox'] {
  return items.map(({ entry, value }) => ({ entry: { ...entry }, value: value && Buffer.from(value) }));
}
