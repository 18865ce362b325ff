/** The official client, unchanged, against the local Pub/Sub by PUBSUB_EMULATOR_HOST. */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { PubSub, type Message, type Subscription } from '@google-cloud/pubsub';
import { startPubsubWorld, type PubsubWorld } from '../support/pubsub-world.ts';

let world: PubsubWorld;
let client: PubSub;

before(async () => {
  world = await startPubsubWorld();
  process.env['PUBSUB_EMULATOR_HOST'] = world.pubsub.host;
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  client = new PubSub({ projectId: 'local-project' });
});

after(async () => {
  await client.close();
  delete process.env['PUBSUB_EMULATOR_HOST'];
  await world.stop();
});

/** The next `count` messages, acknowledged, in the order of arrival. */
async function receive(subscription: Subscription, count: number): Promise<Message[]> {
  const messages: Message[] = [];
  await new Promise<void>((resolve, reject) => {
    subscription.on('error', reject);
    subscription.on('message', (message: Message) => {
      message.ack();
      messages.push(message);
      if (messages.length === count) resolve();
    });
  });
  subscription.removeAllListeners();
  await subscription.close();
  return messages;
}

test('topics: create, get, list, update, delete; the service’s own errors', async () => {
  const [topic] = await client.createTopic('admin-topic');
  assert.equal(topic.name, 'projects/local-project/topics/admin-topic');
  await assert.rejects(client.createTopic('admin-topic'), { code: 6 });
  await topic.setMetadata({ labels: { owner: 'test' } });
  const [metadata] = await topic.getMetadata();
  assert.deepEqual(metadata.labels, { owner: 'test' });
  const [topics] = await client.getTopics();
  assert.ok(topics.some(({ name }) => name === topic.name));
  await topic.delete();
  assert.deepEqual(await topic.exists(), [false]);
  await assert.rejects(topic.getMetadata(), { code: 5 });
  await assert.rejects(client.createTopic('1-starts-with-a-digit'), { code: 3 });
  await assert.rejects(client.topic('nobody').publishMessage({ data: Buffer.from('x') }), { code: 5 });
});

test('subscriptions: create with policies, get, list by topic, change to push and back, delete', async () => {
  const [topic] = await client.createTopic('sub-admin');
  await client.createTopic('sub-admin-dead');
  const [subscription] = await topic.createSubscription('sub-admin-all', {
    ackDeadlineSeconds: 30,
    deadLetterPolicy: { deadLetterTopic: 'projects/local-project/topics/sub-admin-dead', maxDeliveryAttempts: 7 },
    retryPolicy: { minimumBackoff: { seconds: 2 }, maximumBackoff: { seconds: 20 } },
  });
  const [metadata] = await subscription.getMetadata();
  assert.equal(metadata.ackDeadlineSeconds, 30);
  assert.equal(metadata.deadLetterPolicy?.maxDeliveryAttempts, 7);
  assert.equal(Number(metadata.retryPolicy?.minimumBackoff?.seconds), 2);
  const [listed] = await topic.getSubscriptions();
  assert.deepEqual(
    listed.map(({ name }) => name),
    [subscription.name],
  );
  await subscription.modifyPushConfig({ pushEndpoint: 'http://127.0.0.1:9/push' });
  assert.equal((await subscription.getMetadata())[0].pushConfig?.pushEndpoint, 'http://127.0.0.1:9/push');
  await subscription.modifyPushConfig({});
  assert.equal((await subscription.getMetadata())[0].pushConfig?.pushEndpoint, '');
  await assert.rejects(topic.createSubscription('sub-admin-bad', { ackDeadlineSeconds: 5 }), { code: 3 });
  await subscription.delete();
  assert.deepEqual(await subscription.exists(), [false]);
});

test('streaming pull delivers data, attributes and ids; acknowledged messages do not return', async () => {
  const [topic] = await client.createTopic('flow');
  const [subscription] = await topic.createSubscription('flow-all');
  const ids = await Promise.all(
    [1, 2, 3].map((n) => topic.publishMessage({ data: Buffer.from(`m${n}`), attributes: { n: `${n}` } })),
  );
  const messages = await receive(subscription, 3);
  assert.deepEqual(messages.map(({ id }) => id).sort(), ids.sort());
  assert.deepEqual(messages.map((message) => [message.data.toString(), message.attributes['n']]).sort(), [
    ['m1', '1'],
    ['m2', '2'],
    ['m3', '3'],
  ]);
  await world.settled('flow-all');
});

test('a negative acknowledgement brings the message again, without holding up others', async () => {
  const [topic] = await client.createTopic('nack');
  const [subscription] = await topic.createSubscription('nack-all');
  await topic.publishMessage({ data: Buffer.from('again') });
  let deliveries = 0;
  await new Promise<void>((resolve, reject) => {
    subscription.on('error', reject);
    subscription.on('message', (message: Message) => {
      deliveries += 1;
      if (deliveries < 3) return message.nack();
      message.ack();
      resolve();
    });
  });
  subscription.removeAllListeners();
  await subscription.close();
  await world.settled('nack-all');
  assert.equal(deliveries, 3);
});

test('ordering keys: one key arrives in the order published', async () => {
  const topic = client.topic('ordered', { messageOrdering: true });
  await topic.create();
  const [subscription] = await topic.createSubscription('ordered-all', { enableMessageOrdering: true });
  const numbers = Array.from({ length: 20 }, (_, index) => index);
  await Promise.all(numbers.map((n) => topic.publishMessage({ json: { n }, orderingKey: n % 2 ? 'odd' : 'even' })));
  const messages = await receive(subscription, numbers.length);
  for (const key of ['odd', 'even']) {
    const received = messages
      .filter(({ orderingKey }) => orderingKey === key)
      .map(({ data }) => JSON.parse(data.toString()).n as number);
    assert.deepEqual(
      received,
      received.slice().sort((a, b) => a - b),
    );
    assert.equal(received.length, 10);
  }
});

test('after max delivery attempts the message moves to the dead-letter topic and says where from', async () => {
  const [topic] = await client.createTopic('poison');
  const [deadTopic] = await client.createTopic('poison-dead');
  const [dead] = await deadTopic.createSubscription('poison-dead-all');
  const [subscription] = await topic.createSubscription('poison-all', {
    deadLetterPolicy: { deadLetterTopic: deadTopic.name, maxDeliveryAttempts: 5 },
  });
  const attempts: number[] = [];
  subscription.on('message', (message: Message) => {
    attempts.push(message.deliveryAttempt);
    message.nack();
  });
  await topic.publishMessage({ data: Buffer.from('bad') });
  const [letter] = await receive(dead, 1);
  subscription.removeAllListeners();
  await subscription.close();
  assert.deepEqual(attempts, [1, 2, 3, 4, 5]);
  assert.equal(letter?.data.toString(), 'bad');
  assert.equal(letter?.attributes['CloudPubSubDeadLetterSourceSubscription'], 'poison-all');
  assert.equal(letter?.attributes['CloudPubSubDeadLetterSourceDeliveryCount'], '5');
});

test('an injected fault is a gRPC error, and the client’s retry gets through', async () => {
  const [topic] = await client.createTopic('faulty');
  world.context.faults.set([{ service: 'pubsub', method: 'publish', nth: 1, effect: 'status', status: 503 }]);
  await topic.publishMessage({ data: Buffer.from('x') });
  world.context.faults.set([]);
  assert.ok((world.context.books.calls.get('pubsub.publish') ?? 0) >= 2);
});
