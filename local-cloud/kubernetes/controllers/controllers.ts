/**
 * The controllers of the embedded cluster, run in the process of its API server: what kube-controller-manager and
 * kube-scheduler do for the types that are served. Each reacts to changes of the store and looks at everything again at
 * a slow pace. What they leave out is said in the README beside the store.
 */
import { stackOf } from '../../error-text.ts';
import type { LocalContext } from '../../context.ts';
import { ApiError } from '../api-error.ts';
import type { ObjectStore } from '../object-store.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { deploymentController } from './deployment.ts';
import { disruptionController } from './disruption.ts';
import { endpointsController } from './endpoints.ts';
import { endpointSliceController } from './endpoint-slices.ts';
import { eventExpiry } from './event-expiry.ts';
import { EventRecorder } from './event-recorder.ts';
import { garbageCollector } from './garbage-collector.ts';
import { jobController } from './job.ts';
import { namespaceController } from './namespace.ts';
import { nodeLifecycleController, type NodeLifecycleOptions } from './node-lifecycle.ts';
import { ObjectIndex } from './object-index.ts';
import { podGarbageCollector } from './pod-gc.ts';
import { replicaSetController } from './replica-set.ts';
import { schedulerController } from './scheduler.ts';
import { serviceAccountController } from './service-account.ts';
import { taintEvictionController } from './taint-eviction.ts';
import { WorkQueue } from './work-queue.ts';

const RESYNC_MS = 30_000;
/** Failures that repeat are normal for a while (conflicts, a namespace going away); from here on they are said. */
const QUIET_CODES = new Set([404, 409]);

export interface ControllerOptions extends NodeLifecycleOptions {
  /** Time between two looks at everything. */
  resyncMs?: number;
}

/** Starts all controllers on a store; they stop at once when told to, with no work half done. */
export function startControllers(
  store: ObjectStore,
  context: Pick<LocalContext, 'clock' | 'log'>,
  options: ControllerOptions = {},
): { stop(): void } {
  const index = new ObjectIndex(store);
  const shared: ControllerContext = {
    store,
    index,
    clock: context.clock,
    recorder: (component) => new EventRecorder(store, context.clock, component),
    log: (message) => context.log('kubernetes', message),
  };
  const running = allControllers(shared, options).map((controller) => ({
    controller,
    queue: queueFor(controller, shared),
  }));
  const unsubscribe = store.subscribe((event) => {
    index.apply(event);
    for (const { controller, queue } of running) for (const key of controller.keysFor(event)) queue.add(key);
  });
  const resync = (): void => {
    for (const { controller, queue } of running) for (const key of controller.allKeys()) queue.add(key);
    cancelResync = context.clock.after(options.resyncMs ?? RESYNC_MS, resync);
  };
  let cancelResync = (): void => {};
  resync();
  return {
    stop() {
      unsubscribe();
      cancelResync();
      for (const { queue } of running) queue.stop();
    },
  };
}

function allControllers(shared: ControllerContext, options: ControllerOptions): Controller[] {
  return [
    serviceAccountController(shared),
    deploymentController(shared),
    replicaSetController(shared),
    jobController(shared),
    schedulerController(shared),
    endpointsController(shared),
    endpointSliceController(shared),
    nodeLifecycleController(shared, options),
    taintEvictionController(shared),
    podGarbageCollector(shared),
    disruptionController(shared),
    garbageCollector(shared),
    namespaceController(shared),
    eventExpiry(shared),
  ];
}

function queueFor(controller: Controller, { clock, log }: ControllerContext): WorkQueue {
  return new WorkQueue(clock, {
    work: (key) => controller.sync(key),
    failed: (key, error) => {
      if (error instanceof ApiError && QUIET_CODES.has(error.code)) return;
      log(`${controller.name} ${key}: ${stackOf(error)}`);
    },
  });
}
