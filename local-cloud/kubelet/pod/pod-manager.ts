/** All pods of the node: makes a worker for each that is bound here, and drops what is gone. */
import type { KubeletContext } from '../kubelet-context.ts';
import { removeLeftover } from '../node/leftovers.ts';
import type { PodLookup } from '../logs/log-server.ts';
import { newPodRecord, type PodRecord, type PodVerdict } from './pod-record.ts';
import type { PodListener } from './pod-source.ts';
import { PodWorker } from './pod-worker.ts';
import type { Pod } from '../types.ts';

const REFUSED: PodVerdict = {
  reason: 'NodeShutdown',
  message: 'Pod was rejected as the node is shutting down.',
  disruption: true,
};
const NO_ADDRESS: PodVerdict = { reason: 'OutOfpods', message: 'Node has no address left for the pod' };
const CACHE_KEPT_MS = 300_000;

export class PodManager implements PodListener, PodLookup {
  readonly #context: KubeletContext;
  readonly #workers = new Map<string, PodWorker>();
  /** Found on disk, not yet seen in the API server. */
  readonly #leftovers: Map<string, PodRecord>;
  #refusing = false;
  #closed = false;

  constructor(context: KubeletContext, leftovers: Map<string, PodRecord>) {
    this.#context = context;
    this.#leftovers = leftovers;
    for (const record of leftovers.values()) context.addresses.claim(record.uid, record.address);
  }

  all(pods: Pod[]): void {
    const present = new Set(pods.map((pod) => pod.metadata?.uid));
    for (const pod of pods) this.changed(pod);
    for (const [uid, worker] of this.#workers) if (!present.has(uid)) worker.removed();
    for (const uid of this.#leftovers.keys()) {
      removeLeftover(this.#context.podsDir, uid);
      this.#context.addresses.release(uid);
    }
    this.#leftovers.clear();
    this.#context.cache.prune(CACHE_KEPT_MS);
  }

  changed(pod: Pod): void {
    const uid = pod.metadata?.uid ?? '';
    if (this.#closed) return;
    const worker = this.#workers.get(uid) ?? this.#add(uid, pod);
    worker.update(pod);
  }

  removed(pod: Pod): void {
    this.#workers.get(pod.metadata?.uid ?? '')?.removed();
  }

  /** Pods that are bound from now on fail at once. */
  refuse(): void {
    this.#refusing = true;
  }

  async shutdown(graceSeconds: number, verdict?: PodVerdict): Promise<void> {
    if (!verdict) this.#closed = true;
    await Promise.all(this.list().map((worker) => worker.shutdown(graceSeconds, verdict)));
  }

  async kill(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.list().map((worker) => worker.kill()));
  }

  find(namespace: string, name: string): PodWorker | undefined {
    return this.list().find(
      (worker) => worker.containers.record.namespace === namespace && worker.containers.record.name === name,
    );
  }

  list(): PodWorker[] {
    return [...this.#workers.values()];
  }

  #add(uid: string, pod: Pod): PodWorker {
    const address = this.#context.addresses.allocate(uid);
    const record = this.#leftovers.get(uid) ?? newPodRecord(pod, address ?? '', this.#context.clock.nowMs());
    this.#leftovers.delete(uid);
    const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (this.#refusing && !isOver) record.verdict ??= REFUSED;
    if (address === undefined) record.verdict ??= NO_ADDRESS;
    const worker = new PodWorker(this.#context, pod, record, () => this.#workers.delete(uid));
    this.#workers.set(uid, worker);
    return worker;
  }
}
