/** A whole job, seen and steered with gcloud and kubectl alone: nothing of this project's own commands is needed. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readStatus, type Session } from '../../cli/session.ts';
import { assertNothingLeft, ended, identicalInR, Journey, plainR, patienceSeconds } from '../../testing/journey.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { needs } from '../support/needs-program.ts';
import {
  kubectlPrograms,
  OrdinaryClients,
  type KubectlProgram,
  type RunningClient,
} from '../support/ordinary-clients.ts';

const QUICK_TASKS = 6;
const TASKS = 10;
/** The last tasks wait until the clients have looked at everything. In plain R nothing waits. */
const script = `
library(foreach)
message("the driver begins")
value <- foreach(i = 1:${TASKS}, .combine = c) %dopar% {
  while (i > ${QUICK_TASKS} && nzchar(Sys.getenv("FF_JOB")) && !file.exists(RELEASE)) Sys.sleep(0.1)
  set.seed(i)
  rnorm(1)
}
saveRDS(value, "value.rds")
message("the driver ends")
`;
const manifests = fileURLToPath(new URL('../../manifests/', import.meta.url));
const NS = ['-n', 'foreach-fleet'];
const ZONE = ['--zone', 'us-central1-a'];

const skip = needs('kubectl', 'gcloud');

describe('with the environment that the local cloud prints, and nothing else', { skip }, () => {
  const journey = new Journey();
  const release = join(journey.folder, 'release');
  const programs = skip ? [] : kubectlPrograms();
  const newest = programs.at(-1)!;
  let session: Session;
  let clients: OrdinaryClients;
  let folder: string;
  let logs: RunningClient;

  before(async () => {
    session = await journey.start();
    clients = new OrdinaryClients(session.endpoints!.clientEnvironment, join(journey.folder, 'home'));
    folder = journey.jobFolder(
      'clients',
      script.replace('RELEASE', JSON.stringify(release)),
      'script: run.R\nworker: {cpu: 1, memory: 1Gi, max: 3}\ntasks: {size: 1}\n',
    );
  });
  after(async () => {
    await clients.stop();
    await journey.cleanUp();
  });

  it('gcloud storage cp -r starts a job', async () => {
    await clients.gcloud('storage', 'cp', '-r', folder, `gs://${session.uploadsBucket}/jobs/`);
    await waitFor(
      'the quick tasks are saved',
      async () => {
        const status = await readStatus(session, 'clients');
        assert.ok(status?.ended !== true, JSON.stringify(status?.reason));
        return (status?.tasks.inBucket ?? 0) >= QUICK_TASKS;
      },
      patienceSeconds,
    );
  });

  it('gcloud shows the cluster, its pools and operations', async () => {
    assert.match(
      await clients.gcloud('container', 'clusters', 'list'),
      /^ff-clients-1 +us-central1-a +.* (RUNNING|RECONCILING)$/m,
    );
    const described = await clients.gcloud('container', 'clusters', 'describe', 'ff-clients-1', ...ZONE);
    assert.match(described, /^name: ff-clients-1$/m);
    assert.match(described, /foreach-fleet-job: clients/);
    const pools = await clients.gcloud('container', 'node-pools', 'list', '--cluster', 'ff-clients-1', ...ZONE);
    assert.match(pools, /^system /m);
    assert.match(await clients.gcloud('container', 'operations', 'list'), /CREATE_CLUSTER .*DONE/);
  });

  for (const program of programs) {
    it(`${program.name} shows and describes everything`, () => looksAround(clients, program));
    it(`${program.name} scales, watches and deletes`, () =>
      // One worker may finish its task, the other is gone while it holds one.
      steers(clients, program, program === newest ? ['--grace-period=1'] : ['--wait=false']));
  }

  it('kubectl logs -f follows the driver to its end', async () => {
    logs = clients.start(newest, 'logs', '-f', ...NS, 'job/driver');
    await logs.says(/the driver begins/);
    writeFileSync(release, '');
    assert.equal(await logs.end(), 0, logs.stderr);
    assert.match(logs.stdout, /the driver ends/);
  });

  it('the job ends, and gcloud storage brings its results home', async () => {
    const status = await ended(session, 'clients', 0);
    assert.equal(status.phase, 'succeeded', JSON.stringify(status.reason));
    const results = `gs://${session.resultsBucket}/clients/`;
    const listed = await clients.gcloud('storage', 'ls', '-r', results);
    assert.match(listed, /attempt-1\/loop-1\/iteration-000010\.rds$/m);
    const shown = await clients.gcloud('storage', 'cat', `gs://${session.uploadsBucket}/jobs/clients/status.json`);
    assert.equal((JSON.parse(shown) as { phase: string }).phase, 'succeeded');
    assert.match(await clients.gcloud('storage', 'cat', `${results}attempt-1/ledger/**`), /"iteration":1[,}]/);
    await clients.gcloud('storage', 'cp', '-r', results, journey.folder);
    const value = readFileSync(join(journey.folder, 'clients', 'attempt-1', 'outputs', 'value.rds'));
    assert.ok(await identicalInR(value, await plainR(folder, 'value.rds')));
    await clients.gcloud('storage', 'rm', '-r', `gs://${session.uploadsBucket}/jobs/clients`);
    assert.equal((await session.buckets.uploads.list('jobs/')).length, 0);
    await assertNothingLeft(session);
  });

  it('gcloud makes, resizes and deletes a cluster; kubectl applies the manifests to it', async (t) => {
    const cluster = ['container', 'clusters'];
    await clients.gcloud(...cluster, 'create', 'idle', ...ZONE, '--num-nodes=1', '--machine-type=e2-standard-2');
    const pool = ['--cluster=idle', ...ZONE, '--num-nodes=1', '--machine-type=e2-standard-2'];
    await clients.gcloud('container', 'node-pools', 'create', 'more', ...pool);
    await clients.gcloud(...cluster, 'resize', 'idle', ...ZONE, '--node-pool=more', '--num-nodes=2');
    // kubectl's plug-in, without which it cannot use the access that gcloud writes for clusters it has made.
    const noAccess = needs('gke-gcloud-auth-plugin');
    if (noAccess === false) await appliesManifests(clients, programs);
    else t.diagnostic(`not with kubectl: ${noAccess}`);
    await clients.gcloud(...cluster, 'delete', 'idle', ...ZONE);
    assert.equal(await clients.gcloud(...cluster, 'list', '--format=value(name)'), '');
    await assertNothingLeft(session);
  });
});

async function appliesManifests(clients: OrdinaryClients, programs: KubectlProgram[]): Promise<void> {
  const nodes = await clients.kubectl(programs[0]!, 'get', 'nodes', '-o', 'name');
  assert.equal(nodes.trim().split('\n').length, 3);
  for (const program of programs) {
    const applied = await clients.kubectl(program, 'apply', '-f', manifests);
    assert.match(applied, /^deployment\.apps\/workers (created|unchanged)$/m);
    assert.match(applied, /^networkpolicy\.networking\.k8s\.io\/default-deny (created|unchanged)$/m);
  }
}

async function looksAround(clients: OrdinaryClients, program: KubectlProgram): Promise<void> {
  const all = await clients.kubectl(program, 'get', 'all,nodes,events', ...NS);
  for (const line of [
    /^pod\/driver-\w+ +1\/1 +Running +/m,
    /^service\/redis +ClusterIP +/m,
    /^deployment\.apps\/redis +1\/1 +1 +1 +/m,
    /^replicaset\.apps\/workers-\w+ +/m,
    /^job\.batch\/driver +/m,
    /^node\/gke-ff-clients-1-system-\S+ +Ready +/m,
    /^event\/|LAST SEEN|Scheduled/m,
  ])
    assert.match(all, line);
  const described = await clients.kubectl(program, 'describe', 'pods,jobs,deployments', ...NS);
  assert.match(described, /^Job:? |^Name: +driver$/m);
  assert.match(described, /Events:[\s\S]*Scheduled[\s\S]*Started/);
  assert.match(described, /^Replicas: +\d+ desired/m);
  assert.match(await clients.kubectl(program, 'describe', 'nodes'), /Allocated resources:[\s\S]*cpu +\d+m? \(\d+%\)/);
}

/** The functions may change the number of workers at any time, so what is asserted is what a watch has seen. */
async function steers(clients: OrdinaryClients, program: KubectlProgram, how: string[]): Promise<void> {
  const watch = clients.start(program, 'get', 'pods', ...NS, '-l', 'foreach-fleet/role=worker', '-w');
  await watch.says(/^workers-\S+ +1\/1 +Running/m);
  const { replicas } = await workersNow(clients, program);
  const more = `--replicas=${replicas + 2}`;
  const scaled = await clients.kubectl(program, 'scale', 'deployment', 'workers', ...NS, more);
  assert.match(scaled, /^deployment\.apps\/workers scaled/);
  await watch.says(/^workers-\S+ +0\/1 +Pending/m);
  const victim = (await workersNow(clients, program)).running[0];
  assert.ok(victim, 'a worker runs');
  const deleted = await clients.kubectl(program, 'delete', 'pod', ...NS, victim, ...how);
  assert.match(deleted, /^pod "workers-\S+" deleted/);
  await watch.says(new RegExp(`^${victim} +\\S+ +Terminating`, 'm'));
  await waitFor(
    'another worker takes its place',
    async () => {
      const workers = await workersNow(clients, program);
      return !workers.names.includes(victim) && workers.names.length === workers.replicas;
    },
    patienceSeconds,
  );
  await watch.kill();
}

/** The workers that are wanted, that are there to stay, and those of them that run. */
async function workersNow(
  clients: OrdinaryClients,
  program: KubectlProgram,
): Promise<{ replicas: number; names: string[]; running: string[] }> {
  const selector = ['-l', 'foreach-fleet/role=worker', '-o', 'json'];
  const { items } = JSON.parse(await clients.kubectl(program, 'get', 'deployments,pods', ...NS, ...selector)) as any;
  const pods = items.filter((item: any) => item.kind === 'Pod' && item.metadata.deletionTimestamp === undefined);
  const namesOf = (some: any[]): string[] => some.map((pod) => pod.metadata.name);
  return {
    replicas: items.find((item: any) => item.kind === 'Deployment').spec.replicas,
    names: namesOf(pods),
    running: namesOf(pods.filter((pod: any) => pod.status.phase === 'Running')),
  };
}
