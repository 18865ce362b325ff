/** One state directory through starts, stops and kills: what was there is there, at the same addresses. */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StateInUse } from '../../local-cloud/composition/state-lock.ts';
import { startLocalCloud } from '../../local-cloud/local-cloud.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { LocalCloudWorld } from '../support/local-cloud-world.ts';

let world: LocalCloudWorld;

before(async () => {
  world = await LocalCloudWorld.create();
  await world.start();
});

after(() => world.remove());

test('an uploaded object becomes a call of jobSubmitted', async () => {
  await world.upload('jobs/a/job.yaml', 'script: run.R\n');
  const call = await world.called('jobSubmitted', ({ event }) => event.data?.['name'] === 'jobs/a/job.yaml');
  assert.equal(call.event.type, 'google.cloud.storage.object.v1.finalized');
  assert.equal(call.event.data?.['size'], '14');
});

test('the functions get their own environment and nothing of the user’s', async () => {
  process.env['FF_TEST_SECRET'] = 'must not be seen';
  const response = await fetch(`http://127.0.0.1:${world.endpoints.functionPorts['status']}/`);
  const { environment } = (await response.json()) as { environment: Record<string, string> };
  delete process.env['FF_TEST_SECRET'];
  assert.equal(environment['FF_TEST_SECRET'], undefined);
  assert.equal(environment['PUBSUB_EMULATOR_HOST'], world.endpoints.environment['PUBSUB_EMULATOR_HOST']);
  assert.ok(environment['HOME']?.startsWith(world.stateDir));
});

test('a second local cloud on the same directory is refused and disturbs nothing', async () => {
  await assert.rejects(startLocalCloud({ stateDir: world.stateDir, quiet: true }), StateInUse);
  assert.equal((await world.admin('GET', '/health')).status, 200);
});

test('after kill -9: same ports, same objects, undelivered events delivered, no function left behind', async () => {
  await world.admin('PUT', '/faults', {
    rules: [{ service: 'eventarc', method: 'deliver jobSubmitted', effect: 'status', status: 503 }],
  });
  await world.upload('jobs/b/job.yaml', 'script: run.R\n');
  const before = world.endpoints;
  const { functionsPid } = (await world.admin('GET', '/health')).body as { functionsPid: number };
  await world.kill();
  assert.deepEqual(
    world.calls('jobSubmitted').filter(({ event }) => event.data?.['name'] === 'jobs/b/job.yaml'),
    [],
  );
  await waitFor('the end of the functions’ process', () => !existsSync(`/proc/${functionsPid}`));

  await world.start();
  assert.deepEqual(world.endpoints.ports, before.ports);
  assert.equal(world.endpoints.admin.token, before.admin.token);
  await world.called('jobSubmitted', ({ event }) => event.data?.['name'] === 'jobs/b/job.yaml');
  const bucket = world.endpoints.environment['FF_UPLOADS_BUCKET'];
  const { items } = (await world.google('storage', 'GET', `/storage/v1/b/${bucket}/o`)) as {
    items: { name: string }[];
  };
  assert.deepEqual(
    items.map(({ name }) => name),
    ['jobs/a/job.yaml', 'jobs/b/job.yaml'],
  );
});

test('an orderly stop gives the directory up, and a start after it finds the same addresses', async () => {
  const before = world.endpoints.ports;
  await world.stop();
  assert.ok(!existsSync(join(world.stateDir, 'local-cloud.lock')));
  await world.start();
  assert.deepEqual(world.endpoints.ports, before);
});
