/**
 * Pure: workers and machines for the work that is left. Grows at once; shrinks by workers that have been idle for a
 * boot time, then by machines that no worker is on. Never takes a worker that is busy. How large the fleet should be is
 * size-fleet.ts, who goes choose-victims.ts.
 */
import type { Action } from '../job/action.ts';
import type { FleetChoice } from '../job/decision.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { RecordWithCluster } from '../job/known-record.ts';
import { type Flavour, flavourText } from '../job/flavours.ts';
import { mostWorkerNodes, workersPerMachine } from '../job/machines.ts';
import { machineShape } from '../job/prices.ts';
import { secondsOfWorkLeft } from '../job/progress.ts';
import type { PassSettings } from '../job/settings.ts';
import { workerNodes, workerPools } from '../job/worker-nodes.ts';
import { affordableNodes } from './plan-budget.ts';
import { chooseVictims } from './choose-victims.ts';
import { busyLarge, type LargeFleet, planLarge } from './plan-large.ts';
import { addNodes, flavourNow, flavoursOfJob, noteShortages, waitForMachines } from './plan-pools.ts';
import { type FleetDemand, type FleetSize, sizeFleet } from './size-fleet.ts';
import { noteDecision, stay, type Step, noteNoWaiting } from './step.ts';
import type { SeenWorking } from './tend-workload.ts';

/**
 * The boot time is taken from this job's own cluster: its creation took about three boots of a machine. Published
 * timings say 5 minutes against 105 s (local-cloud/compute/README.md, "Delays", names them).
 */
const CLUSTER_PER_MACHINE_BOOT = 3;
const MAX_BOOT_SECONDS = 240;
/** Below this, an idle worker may just be between two tasks. */
const LEAST_IDLE_SECONDS = 2;

/** How many workers and machines there should be now, and the actions that lead there. */
export function planFleet(before: RecordWithCluster, seen: SeenWorking, settings: PassSettings): Step {
  const { record, actions } = noteShortages(before, seen);
  const available = flavourNow(record, settings, seen.nowMs);
  const flavour = available ?? flavoursOfJob(record, settings)[0];
  const large = largeOf(record, seen, flavour);
  const size = sizeFleet({ ...demandOf(record, seen, flavour, large.workers), isShort: available === null });
  const fleet = withLarge(size, large.workers, workersOnSystem(seen));
  const isLarger = fleet.workers > seen.workload.workersWanted || fleet.nodes > nodesThere(seen);
  const step = isLarger ? grow(record, seen, fleet, settings) : shrink(record, seen, fleet, settings);
  // They ask first for the machine that is made for them.
  return { ...step, actions: [...actions, ...large.actions, ...step.actions] };
}

/** One worker stays between two loops, unless one with more memory may need its place. */
function withLarge(size: FleetSize, large: number, onSystem: number): FleetChoice {
  if (large === 0) {
    // Where it has no room on the system machine, one machine stays with it.
    return { ...size, workers: Math.max(1, size.workers), nodes: Math.max(size.nodes, onSystem > 0 ? 0 : 1) };
  }
  const text = `${size.text}; ${large} more with a machine's memory each`;
  return { ...size, text, nodes: (size.workers === 0 ? 0 : size.nodes) + large };
}

/** Workers that are on no machine of the workers. */
function workersOnSystem({ workload: { pods, nodes } }: SeenWorking): number {
  const others = new Set(nodes.map(({ name }) => name));
  return pods.filter(({ role, ended, node }) => role === 'worker' && !ended && node !== null && !others.has(node))
    .length;
}

function largeOf(record: RecordWithCluster, seen: SeenWorking, flavour: Flavour): LargeFleet {
  const seconds = bootSeconds(record);
  const affordable = affordableNodes(record, workerPools(seen.cluster), flavour, seconds);
  return planLarge(seen, {
    bootSeconds: seconds,
    patienceSeconds: Math.max(seconds, LEAST_IDLE_SECONDS),
    mostNodes: Math.min(Math.ceil(mostWorkerNodes(record.spec) / 2), affordable),
  });
}

/** Without what workers with more memory do, and the machines that these have. */
function demandOf(
  record: RecordWithCluster,
  seen: SeenWorking,
  flavour: Flavour,
  large: number,
): Omit<FleetDemand, 'isShort'> {
  const { spec } = record;
  const { workload } = seen;
  const progress = {
    ...seen.progress,
    waiting: Math.max(0, seen.progress.waiting - seen.largeWaiting),
    running: Math.max(0, seen.progress.running - busyLarge(seen)),
  };
  const pools = workerPools(seen.cluster);
  const machineVcpu = machineShape(flavour.machineType)?.vcpu ?? 4;
  const holds = (machineType: string): number =>
    Math.max(1, workersPerMachine({ machineType, diskGb: spec.machines.diskGb }, spec.worker));
  const perMachine = holds(flavour.machineType);
  const unknown = nodesThere(seen) - workerNodes(seen.cluster) - large;
  const places = pools.reduce((sum, { nodes, machineType }) => sum + nodes * holds(machineType), 0);
  const affordable = affordableNodes(record, pools, flavour, bootSeconds(record));
  return {
    waiting: progress.waiting,
    running: progress.running,
    secondsOfWork: secondsOfWorkLeft(progress),
    workersPerMachine: perMachine,
    bootSeconds: bootSeconds(record),
    currentWorkers: workload.workersWanted,
    currentNodes: Math.max(0, nodesThere(seen) - large),
    currentPlaces: workersOnSystem(seen) + Math.max(0, places + unknown * perMachine),
    maxWorkers: Math.min(spec.worker.max, (mostWorkerNodes(spec) - large) * perMachine),
    machineVcpu,
    affordableNodes: Math.max(0, affordable - large),
    freeVcpus: seen.freeVcpus === null ? null : Math.max(0, seen.freeVcpus - machineVcpu * machinesOnTheirWay(seen)),
  };
}

/**
 * Machines of workers, as GKE and Kubernetes say it. One of them may give an old answer: the larger number counts, so
 * that what is meant as growth makes no pool smaller.
 */
function nodesThere(seen: SeenWorking): number {
  return Math.max(workerNodes(seen.cluster), seen.workload.nodes.length);
}

/** Requested but not there yet: quota counts a machine only once it has been granted. */
function machinesOnTheirWay(seen: SeenWorking): number {
  const there = seen.workload.nodes.filter((node) => node.ready).length;
  return Math.max(0, workerNodes(seen.cluster) - there);
}

function bootSeconds({ cluster: { createRequestedAt, runningAt } }: RecordWithCluster): number {
  if (runningAt === null) return MAX_BOOT_SECONDS;
  const creationSeconds = (Date.parse(runningAt) - Date.parse(createRequestedAt)) / 1000;
  return Math.min(MAX_BOOT_SECONDS, Math.max(1, creationSeconds / CLUSTER_PER_MACHINE_BOOT));
}

function grow(record: RecordWithCluster, seen: SeenWorking, size: FleetChoice, settings: PassSettings): Step {
  const workersNow = seen.workload.workersWanted;
  const nodesNow = nodesThere(seen);
  // Fewer than an earlier pass has asked for: that request has failed, or the answer is older than it. The next pass
  // sees which.
  const isDoubtful = size.nodes > nodesNow && size.nodes < record.fleet.nodes;
  const fleet: FleetChoice = {
    ...size,
    workers: Math.max(size.workers, workersNow),
    nodes: isDoubtful ? nodesNow : Math.max(size.nodes, nodesNow),
  };
  const actions = addNodes(record, seen, settings, fleet.nodes - nodesNow);
  if (fleet.workers > workersNow)
    actions.push({ do: 'scale-workers', from: workersNow, replicas: fleet.workers, idlePods: [] });
  const change = `${workersNow} -> ${fleet.workers} workers, ${nodesNow} -> ${fleet.nodes} worker machines`;
  const flavour = fleet.nodes > nodesNow ? flavourNow(record, settings, seen.nowMs) : null;
  const kind = flavour === null ? '' : ` (${flavourText(flavour)})`;
  const noted = noteDecision(record, seen.nowMs, 'grow', size.code, `${change}${kind}: ${size.text}`);
  return stay(lackingMachines({ ...noted, fleet }, seen, settings), actions);
}

/** What a fleet waits for that has fewer machines than it should. */
function lackingMachines(record: RecordWithCluster, seen: SeenWorking, settings: PassSettings): JobRecord {
  const ready = seen.workload.nodes.filter((node) => node.ready).length;
  const calm = noteNoWaiting(record);
  return ready < record.fleet.nodes || record.fleet.code === 'shortage'
    ? { ...calm, ...waitForMachines({ ...calm, waiting: record.waiting }, settings, seen.nowMs) }
    : calm;
}

/**
 * Waiting just as long as it would take to get a worker back never costs more than twice the best that could be done
 * with foresight (the ski-rental argument).
 */
function shrink(record: RecordWithCluster, seen: SeenWorking, size: FleetChoice, settings: PassSettings): Step {
  const workersNow = seen.workload.workersWanted;
  const nodesNow = workerNodes(seen.cluster);
  const patienceSeconds = Math.max(bootSeconds(record), LEAST_IDLE_SECONDS);
  const victims = chooseVictims(seen, {
    pods: workersNow - size.workers,
    nodes: nodesNow - size.nodes,
    patienceSeconds,
  });
  const [pods, nodes] = [victims.pods.length, victims.nodes.length];
  const fleet: FleetChoice = { ...size, workers: workersNow - pods, nodes: nodesNow - nodes };
  const kept = lackingMachines({ ...record, fleet }, seen, settings);
  const actions: Action[] = [];
  if (pods > 0)
    actions.push({ do: 'scale-workers', from: workersNow, replicas: fleet.workers, idlePods: victims.pods });
  if (nodes > 0) actions.push({ do: 'delete-nodes', nodes: victims.nodes });
  if (actions.length === 0)
    return stay(noteDecision(kept, seen.nowMs, 'keep', size.code, `${workersNow} workers: ${size.text}`));
  const who = pods > 0 ? `${pods} idle workers go` : 'no worker goes';
  const text = `${who}${nodes > 0 ? `, ${nodes} empty machines go` : ''}: ${size.text}`;
  return stay(noteDecision(kept, seen.nowMs, 'shrink', size.code, text), actions);
}
