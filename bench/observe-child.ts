/** The measured process of reading a large cluster: the real Kubernetes adapter in turns with plain HTTP and JSON.parse of the same lists. */
import { KubeConfig } from '@kubernetes/client-node';
import { workloadOf } from '../functions/adapters/kubernetes-workloads.ts';
import { answer, question } from './child.ts';
import { startKubernetesLists } from './kubernetes-lists.ts';
import { cpuMs, interleave } from './measure.ts';

export interface ObserveQuestion {
  workers: number;
  repetitions: number;
}

export interface ObserveAnswer {
  oursMs: number[];
  peerMs: number[];
  bytes: number;
}

const WARM_UP = 3;

const { workers, repetitions } = question<ObserveQuestion>();
const lists = await startKubernetesLists(workers);
const config = new KubeConfig();
config.loadFromOptions({
  clusters: [{ name: 'bench', server: lists.url, skipTLSVerify: true }],
  users: [{ name: 'bench', token: 'bench' }],
  contexts: [{ name: 'bench', cluster: 'bench', user: 'bench' }],
  currentContext: 'bench',
});
const workload = workloadOf(config);
let bytes = 0;
const measured = await interleave(WARM_UP + repetitions, {
  ours: () =>
    cpuMs(async () => {
      const seen = await workload.observe();
      if (seen.pods.length !== workers) throw new Error(`${seen.pods.length} of ${workers} pods were seen`);
    }),
  peer: () => cpuMs(readPlainly),
});
await lists.stop();
await answer({
  ...{ oursMs: measured.ours.slice(WARM_UP), peerMs: measured.peer.slice(WARM_UP), bytes },
} satisfies ObserveAnswer);

async function readPlainly(): Promise<void> {
  bytes = 0;
  for (const path of ['/api/v1/namespaces/foreach-fleet/pods', '/api/v1/nodes']) {
    const text = await (await fetch(lists.url + path)).text();
    bytes += text.length;
    JSON.parse(text);
  }
}
