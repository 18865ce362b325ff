/**
 * A whole job on a real Kubernetes control plane. It has passes of the product's own code with its real adapters, real
 * R and Redis, and our kubelet that runs the pods as processes. Only "creating a cluster" is not GKE's.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { readStatus, type Session } from '../../cli/session.ts';
import { submitFolder } from '../../cli/submit-folder.ts';
import { connectBuckets } from '../../functions/adapters/gcs-bucket.ts';
import { workloadOf } from '../../functions/adapters/kubernetes-workloads.ts';
import { redisTaskQueues } from '../../functions/adapters/redis-task-queue.ts';
import { isTerminal } from '../../functions/job/phase.ts';
import type { PassSettings } from '../../functions/job/settings.ts';
import type { Notice } from '../../functions/ports/notices.ts';
import type { Ports } from '../../functions/ports/ports.ts';
import { readLedger } from '../../functions/reconcile/read-ledger.ts';
import { reconcileJob } from '../../functions/reconcile/reconcile-job.ts';
import { installationOf } from '../../local-cloud/composition/installation.ts';
import { localImages } from '../../local-cloud/composition/local-images.ts';
import { podProcesses } from '../../local-cloud/composition/pod-processes.ts';
import { createContext } from '../../local-cloud/context.ts';
import { startIdentity, type RunningIdentity } from '../../local-cloud/identity/identity.ts';
import { startStorage, type RunningStorage } from '../../local-cloud/storage/storage.ts';
import { exampleFolder } from '../support/example-folder.ts';
import { identicalInR, Journey, output, plainFiles, plainR } from '../../testing/journey.ts';
import type { ApiServer } from '../support/kubelet-world.ts';
import { OneCluster } from '../support/one-cluster.ts';
import { needs } from '../support/needs-program.ts';
import { startRealKubernetes } from '../support/real-kubernetes.ts';

const script = `
library(foreach)
value <- foreach(i = 1:8, .combine = rbind) %dopar% { Sys.sleep(0.2); set.seed(i); data.frame(i = i, x = rnorm(1)) }
saveRDS(value, "value.rds")
message("the driver ends")
`;
const INSTALLATION = 'real';
const BETWEEN_PASSES_MS = 300;
const LONG_MS = 240_000;

/** What the functions have in the cloud, around a Kubernetes that is there already. */
class World {
  readonly journey = new Journey();
  readonly notices: Notice[] = [];
  readonly lines: string[] = [];
  readonly cluster: OneCluster;
  readonly #context = createContext({ stateDir: this.journey.stateDir, quiet: true });
  readonly #installation = installationOf(this.#context.projectId);
  readonly #server: ApiServer;
  #identity: RunningIdentity | undefined;
  #storage: RunningStorage | undefined;
  #ports: Ports | undefined;

  constructor(server: ApiServer) {
    this.#server = server;
    this.cluster = new OneCluster({
      server,
      installation: INSTALLATION,
      images: localImages(this.#installation),
      dir: join(this.journey.stateDir, 'machines'),
      onLogLine: (line) => this.lines.push(`${line.pod}: ${line.line}`),
    });
  }

  async start(): Promise<Session> {
    const identity = await startIdentity(this.#context, { port: 0 });
    this.#identity = identity;
    this.#storage = await startStorage(this.#context, {
      port: 0,
      verifySignature: (email, bytes, signature) => identity.verifySignature(email, bytes, signature),
    });
    const names = this.#installation.buckets;
    for (const name of Object.values(names)) this.#storage.createBucket(name);
    Object.assign(process.env, { GCE_METADATA_HOST: identity.host, METADATA_SERVER_DETECTION: 'assume-present' });
    const buckets = connectBuckets({
      projectId: this.#context.projectId,
      buckets: names,
      endpoint: this.#storage.url,
      signingEndpoint: identity.url,
    });
    this.#ports = {
      buckets,
      clusters: this.cluster,
      workloads: { connect: () => Promise.resolve(workloadOf(kubeConfig(this.#server))) },
      queues: redisTaskQueues,
      notices: { publish: (notice) => Promise.resolve(void this.notices.push(notice)) },
      clock: { nowMs: () => Date.now(), sleep: async () => undefined },
    };
    return { local: false, buckets, uploadsBucket: names.uploads, resultsBucket: names.results, endpoints: null };
  }

  /** As events and ticks would: pass after pass until the job has ended. */
  async passes(job: string): Promise<void> {
    const { images } = this.#installation;
    const settings: PassSettings = {
      installation: INSTALLATION,
      workerImage: images.worker,
      redisImage: images.redis,
      locations: ['us-central1-a'],
      maxClusters: 1,
      allowedBuckets: [],
      allowedRegistries: [],
    };
    const deadline = Date.now() + LONG_MS;
    for (;;) {
      const result = await reconcileJob(this.#ports!, settings, job);
      if ('phase' in result && isTerminal(result.phase)) return;
      assert.ok(Date.now() < deadline, `the job did not end: ${JSON.stringify(result)}\n${this.lines.join('\n')}`);
      await delay(BETWEEN_PASSES_MS);
    }
  }

  async stop(): Promise<void> {
    for (const { name } of await this.cluster.list()) await this.cluster.delete(name);
    await this.#storage?.stop();
    await this.#identity?.stop();
    await this.#server.stop();
    await this.journey.cleanUp();
  }
}

function kubeConfig(server: ApiServer): KubeConfig {
  const config = new KubeConfig();
  const caData = Buffer.from(server.caPem).toString('base64');
  config.loadFromClusterAndUser(
    { name: 'real', server: server.url, caData, skipTLSVerify: false },
    { name: 'functions', token: server.token },
  );
  return config;
}

/** Each job has a control plane of its own, as each has a cluster of its own: nothing of one may be met by the next. */
async function onRealServer(body: (world: World, session: Session) => Promise<void>): Promise<void> {
  const world = new World(await startRealKubernetes());
  try {
    const session = await world.start();
    await body(world, session);
    assert.equal(world.cluster.machines, 0);
    assert.equal(podProcesses(world.journey.stateDir).length, 0);
  } finally {
    await world.stop();
  }
}

async function runToItsEnd(world: World, session: Session, folder: string, job: string): Promise<void> {
  await submitFolder(session, folder, job);
  await world.passes(job);
  const status = await readStatus(session, job);
  assert.equal(status?.phase, 'succeeded', `${JSON.stringify(status?.reason)}\n${world.lines.join('\n')}`);
}

const skip = needs('kube-apiserver', 'kube-controller-manager');

describe('a job on a real API server', { skip }, () => {
  it('becomes a result identical() to plain R, and no machine is left', () =>
    onRealServer(async (world, session) => {
      const folder = world.journey.jobFolder('real', script, 'script: run.R\nworker: {cpu: 1, memory: 1Gi, max: 2}\n');
      await runToItsEnd(world, session, folder, 'real');
      assert.ok(await identicalInR(await output(session, 'real', 1, 'value.rds'), await plainR(folder, 'value.rds')));
      assert.equal((await readLedger(session.buckets, 'real')).length, 8);
      assert.ok(world.lines.some((line) => /^driver-\S+: the driver ends$/.test(line)));
      assert.ok(world.notices.some((notice) => /succeeded/.test(notice.text) || notice.event === 'succeeded'));
    }));

  it('runs the heritability example to its end', () =>
    onRealServer(async (world, session) => {
      const folder = exampleFolder(world.journey.folder, 'heritability', '16');
      await runToItsEnd(world, session, folder, 'heritability');
      const files = ['heritability.csv', 'replicates.csv'];
      const expected = await plainFiles(folder, files, ['16']);
      for (const [index, file] of files.entries())
        assert.equal((await output(session, 'heritability', 1, file)).toString(), expected[index]?.toString(), file);
    }));
});
