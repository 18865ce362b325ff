/**
 * What the controllers do, seen through the API alone. Each scenario runs on the embedded Kubernetes and, where one is
 * at hand, on a real control plane with its own controller manager and scheduler. Both must say the same.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createContext } from '../../local-cloud/context.ts';
import { startKubernetes } from '../../local-cloud/kubernetes/wire/server.ts';
import { openScenario, type Connection } from '../support/cluster-scenario.ts';
import { scenarios } from '../support/controller-scenarios.ts';
import { needs } from '../support/needs-program.ts';
import { startRealKubernetes } from '../support/real-kubernetes.ts';

/** What each scenario shows. Written from the real one: UPDATE_GOLDEN=real. */
const goldenFile = new URL('../golden/kubernetes-controllers.json', import.meta.url);
const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Record<string, unknown>;

type Cluster = Connection & { stop(): Promise<void> };

async function embedded(): Promise<Cluster> {
  const stateDir = mkdtempSync(join(tmpdir(), 'parity-'));
  const context = createContext({ stateDir, quiet: true });
  const token = randomBytes(8).toString('hex');
  const authenticate = (bearer: string): boolean => bearer === token;
  const running = await startKubernetes(context, { name: 'parity', dir: join(stateDir, 'k'), port: 0, authenticate });
  return {
    url: running.url,
    caPem: running.caPem,
    token,
    async stop() {
      await running.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

for (const [name, start] of [
  ['embedded', embedded],
  ['real', startRealKubernetes],
] as const) {
  const skip = name === 'real' && needs('kube-apiserver', 'kube-controller-manager');
  describe(`controllers, ${name} Kubernetes`, { skip }, () => {
    let cluster: Cluster;
    before(async () => {
      cluster = await start();
    });
    after(async () => {
      await cluster.stop();
      if (process.env['UPDATE_GOLDEN'] === name) writeFileSync(goldenFile, `${JSON.stringify(golden, null, 2)}\n`);
    });
    for (const { name: title, run } of scenarios) {
      test(title, async () => {
        const scenario = await openScenario(cluster, `s-${randomBytes(4).toString('hex')}`);
        try {
          const seen = JSON.parse(JSON.stringify(await run(scenario)));
          if (process.env['UPDATE_GOLDEN'] === name) golden[title] = seen;
          assert.deepEqual(seen, golden[title]);
        } finally {
          await scenario.stop();
        }
      });
    }
  });
}
