/**
 * What a publisher was told is published outlives kill -9 of the service; so do
 * acknowledgements, as far as they were heard.
 */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { v1 } from '@google-cloud/pubsub';
import { credentials } from '@grpc/grpc-js';

const program = fileURLToPath(new URL('../support/pubsub-process.ts', import.meta.url));
const topic = 'projects/p/topics/durable';
const subscription = 'projects/p/subscriptions/durable-all';
let stateDir: string;
const children: ChildProcess[] = [];

before(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'ff-pubsub-kill-'));
});

after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(stateDir, { recursive: true, force: true });
});

async function start(): Promise<{
  publisher: v1.PublisherClient;
  subscriber: v1.SubscriberClient;
  kill(): Promise<void>;
}> {
  const child = fork(program, [stateDir], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  children.push(child);
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const [servicePath, port] = line.toString().trim().split(':');
  const options = {
    servicePath,
    port: Number(port),
    sslCreds: credentials.createInsecure(),
    projectId: 'p',
    universeDomain: 'googleapis.com',
  };
  const publisher = new v1.PublisherClient(options as ConstructorParameters<typeof v1.PublisherClient>[0]);
  const subscriber = new v1.SubscriberClient(options as ConstructorParameters<typeof v1.SubscriberClient>[0]);
  return {
    publisher,
    subscriber,
    kill: async () => {
      await Promise.all([publisher.close(), subscriber.close()]);
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function pull(subscriber: v1.SubscriberClient): Promise<{ ackId: string; data: string; id: string }[]> {
  const [response] = await subscriber.pull({ subscription, maxMessages: 100 });
  return (response.receivedMessages ?? []).map(({ ackId, message }) => ({
    ackId: ackId ?? '',
    data: Buffer.from(message?.data ?? '').toString(),
    id: message?.messageId ?? '',
  }));
}

test('after kill -9 only what is not acknowledged comes again, and a torn line hurts nobody', async () => {
  const first = await start();
  await first.publisher.createTopic({ name: topic });
  await first.subscriber.createSubscription({ name: subscription, topic });
  const messages = Array.from({ length: 50 }, (_, n) => ({ data: Buffer.from(`m${n}`), attributes: { n: `${n}` } }));
  await first.publisher.publish({ topic, messages });
  const received = await pull(first.subscriber);
  assert.equal(received.length, 50);
  const acknowledged = received.slice(0, 20);
  await first.subscriber.acknowledge({ subscription, ackIds: acknowledged.map(({ ackId }) => ackId) });
  await first.kill();
  appendFileSync(join(stateDir, 'pubsub', 'log.jsonl'), '{"what":"published","subscriptions":["projects/p/subscr');

  const second = await start();
  const again = await pull(second.subscriber);
  assert.deepEqual(
    again.map(({ data }) => data).sort(),
    received
      .slice(20)
      .map(({ data }) => data)
      .sort(),
  );
  await second.publisher.publish({ topic, messages: [{ data: Buffer.from('new') }] });
  const [fresh] = await pull(second.subscriber);
  assert.equal(fresh?.data, 'new');
  assert.ok(Number(fresh?.id) > Math.max(...received.map(({ id }) => Number(id))), 'ids rise over restarts');
  await second.kill();
});
