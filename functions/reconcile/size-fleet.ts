/**
 * Pure: how many workers and machines the work that is left deserves. The rule is simple: every worker must have at
 * least twice its boot time of work before it. So booting it costs at most a third of what it is paid for. A better
 * rule can stand behind the same two types.
 */
import type { FleetCode } from '../job/decision.ts';

export interface FleetDemand {
  /** Iterations in the queue and in flight. */
  waiting: number;
  running: number;
  /** Null while no iteration has been measured. */
  secondsOfWork: number | null;
  workersPerMachine: number;
  bootSeconds: number;
  currentWorkers: number;
  /** Machines of workers, and how many workers these and the system machine hold. */
  currentNodes: number;
  currentPlaces: number;
  maxWorkers: number;
  /** vCPUs of one worker machine, and of quota still free; null = not known. */
  machineVcpu: number;
  freeVcpus: number | null;
  /** Machines that the job's money allows. */
  affordableNodes: number;
  /** Whether the cloud has machines of any kind that the job may have. */
  isShort: boolean;
}

export interface FleetSize {
  workers: number;
  nodes: number;
  /** What limits or drives the size. */
  code: Extract<FleetCode, 'unmeasured' | 'no-work' | 'work' | 'tasks' | 'maximum' | 'quota' | 'shortage' | 'money'>;
  text: string;
}

/** Starting R and loading data costs a worker some seconds even where machines boot in no time. */
const LEAST_SECONDS_PER_WORKER = 10;

/** The fleet that the work deserves within all limits, and which of them decided. */
export function sizeFleet(demand: FleetDemand): FleetSize {
  const tasks = demand.waiting + demand.running;
  if (tasks === 0) return size(demand, 0, 'no-work', 'no iteration waits or runs');
  if (demand.secondsOfWork === null)
    return size(demand, demand.currentWorkers, 'unmeasured', 'no iteration has been measured yet');
  const perWorker = Math.max(LEAST_SECONDS_PER_WORKER, 2 * demand.bootSeconds);
  const deserved = Math.max(1, Math.ceil(demand.secondsOfWork / perWorker));
  const byQuota =
    demand.freeVcpus === null
      ? Infinity
      : demand.currentPlaces + Math.floor(demand.freeVcpus / demand.machineVcpu) * demand.workersPerMachine;
  const affordable = Math.max(0, demand.affordableNodes - demand.currentNodes) * demand.workersPerMachine;
  const limits: [number, FleetSize['code'], string][] = [
    [
      deserved,
      'work',
      `${Math.round(demand.secondsOfWork)} s of work left, at least ${perWorker.toFixed(0)} s for each worker`,
    ],
    [tasks, 'tasks', `${tasks} iterations left`],
    [demand.maxWorkers, 'maximum', `worker.max is ${demand.maxWorkers}`],
    [byQuota, 'quota', `CPU quota has room for ${demand.freeVcpus ?? 0} more`],
    [demand.isShort ? demand.currentPlaces : Infinity, 'shortage', 'no kind of machine is to be had now'],
    [
      demand.currentPlaces + affordable,
      'money',
      `limits.usd has room for ${demand.affordableNodes} machines and their end`,
    ],
  ];
  const [workers, code, text] = limits.reduce((least, limit) => (limit[0] < least[0] ? limit : least));
  return size(demand, workers, code, text);
}

/** Machines are filled: a place that is paid for anyway gets a worker, when there is a task for it. */
function size(demand: FleetDemand, workers: number, code: FleetSize['code'], text: string): FleetSize {
  const { currentNodes, currentPlaces, workersPerMachine } = demand;
  const more = Math.ceil((workers - currentPlaces) / workersPerMachine);
  const nodes = Math.max(0, currentNodes + more);
  const places = currentPlaces + (nodes - currentNodes) * workersPerMachine;
  const filled = Math.min(places, demand.maxWorkers, demand.waiting + demand.running);
  return { workers: Math.max(workers, filled), nodes, code, text };
}
