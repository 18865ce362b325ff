/** Runs a machine's kubelet in this process: the real binding of `startNode`. */
import type { LocalContext } from '../../context.ts';
import { startKubelet } from '../../kubelet/kubelet.ts';
import type { Timing } from '../../kubelet/timing.ts';
import type { ImageMap, LogLine, NodeSpec } from '../../kubelet/types.ts';
import type { NodeStart, StartNode } from './machines.ts';

const BYTES_PER_MI = 1024 * 1024;

export interface NodeRunnerOptions {
  images: ImageMap;
  onLogLine?: (line: LogLine) => void;
  timing?: Partial<Timing>;
}

export function nodeRunner(context: LocalContext, options: NodeRunnerOptions): StartNode {
  return async (start) => {
    const kubelet = await startKubelet({
      connect: start.connect,
      cluster: start.cluster,
      node: nodeSpec(start),
      dir: start.dir,
      images: options.images,
      clock: context.clock,
      faults: context.faults,
      log: (message) => context.log('kubelet', `${start.name}: ${message}`),
      ...(options.onLogLine ? { onLogLine: options.onLogLine } : {}),
      ...(options.timing ? { timing: options.timing } : {}),
    });
    return {
      stop: () => kubelet.stop(),
      kill: () => kubelet.kill(),
      preempt: (graceSeconds) => kubelet.preempt(graceSeconds),
      // As after kill -9 of the local cloud: the next start finds the disk and restarts the pods in place.
      release: () => kubelet.kill(),
    };
  };
}

function nodeSpec(start: NodeStart): NodeSpec {
  return {
    name: start.name,
    labels: start.labels,
    annotations: start.annotations,
    taints: start.taints,
    providerId: start.providerId,
    machineType: start.machineType,
    addressPrefix: start.addressPrefix,
    capacity: {
      cpu: start.cpus,
      memoryBytes: start.memoryMb * BYTES_PER_MI,
      ephemeralStorage: `${start.allocatable.storageCapacityKi}Ki`,
      pods: start.allocatable.pods,
    },
    allocatable: {
      cpu: start.allocatable.cpuMillis / 1000,
      memoryBytes: start.allocatable.memoryMi * BYTES_PER_MI,
      ephemeralStorage: `${start.allocatable.storageBytes}`,
      pods: start.allocatable.pods,
    },
  };
}
