/**
 * The measured process of reading a large cluster: our adapter in turns with the official client's
 * own calls for the same pods and machines.
 */
import { CoreV1Api, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { workloadOf } from '../functions/adapters/kubernetes-workloads.ts';
import { inParallel } from '../functions/in-parallel.ts';
import { answer, question } from './child.ts';
import { startKubernetesLists } from './kubernetes-lists.ts';
import { cpuMs, takeTurns } from './measure.ts';

export interface ObserveQuestion {
  workers: number;
  repetitions: number;
  /** Workers that are marked as the first to go, and taken away. */
  releasing: number;
}

interface Compared {
  oursMs: number[];
  peerMs: number[];
}

export interface ObserveAnswer {
  reading: Compared;
  releasing: Compared;
}

const WARM_UP = 3;
/** The client needs a second of CPU for each, and its server as much. */
const RELEASES = 3;

const { workers, repetitions, releasing } = question<ObserveQuestion>();
const lists = await startKubernetesLists(workers);
const core = lists.config.makeApiClient(CoreV1Api);
const namespace = 'foreach-fleet';
let names: string[] = [];

const reading = await compare(repetitions, {
  ours: async () => {
    const seen = await workloadOf(lists.config).observe();
    names = seen.pods.filter((pod) => pod.role === 'worker').map((pod) => pod.name);
    if (names.length !== workers) throw new Error(`${names.length} of ${workers} workers were seen`);
  },
  peer: () => Promise.all([core.listNamespacedPod({ namespace }), core.listNode()]),
});
const released = await compare(Math.min(repetitions, RELEASES), {
  ours: () => workloadOf(lists.config).scaleWorkers(workers, workers - releasing, names.slice(0, releasing)),
  peer: releaseByClient,
});
await lists.stop();
await answer({ reading, releasing: released } satisfies ObserveAnswer);

async function compare(times: number, variants: Record<'ours' | 'peer', () => Promise<unknown>>): Promise<Compared> {
  const { ours, peer } = await takeTurns(WARM_UP + times, {
    ours: () => cpuMs(variants.ours),
    peer: () => cpuMs(variants.peer),
  });
  return { oursMs: ours.slice(WARM_UP), peerMs: peer.slice(WARM_UP) };
}

async function releaseByClient(): Promise<void> {
  const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  const body = { metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-100' } } };
  await inParallel(16, names.slice(0, releasing), async (name) => {
    await core.patchNamespacedPod({ namespace, name, body }, merge);
  });
}
