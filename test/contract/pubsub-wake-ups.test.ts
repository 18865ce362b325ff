/**
 * Nobody who waits for messages is forgotten, and nobody who has gone is given any: what happens between looking and
 * waiting. Time stands still.
 */
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status, type ServerDuplexStream } from '@grpc/grpc-js';
import { createContext, type LocalContext } from '../../local-cloud/context.ts';
import { startEventarc } from '../../local-cloud/eventarc/eventarc.ts';
import { Broker } from '../../local-cloud/pubsub/broker.ts';
import { defaultSubscription, type Message, type SubscriptionConfig } from '../../local-cloud/pubsub/model.ts';
import { startPubsub } from '../../local-cloud/pubsub/pubsub.ts';
import { streamingPull } from '../../local-cloud/pubsub/streaming-pull.ts';
import { pull as pullFrom } from '../../local-cloud/pubsub/subscriber.ts';
import { SubscriptionQueue } from '../../local-cloud/pubsub/subscription-queue.ts';
import { ManualClock } from '../support/manual-clock.ts';

const topic = 'projects/p/topics/top';
const subscription = 'projects/p/subscriptions/sub';

function contextOf(t: TestContext): LocalContext & { clock: ManualClock } {
  const stateDir = mkdtempSync(join(tmpdir(), 'ff-wake-ups-'));
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  const clock = new ManualClock();
  return { ...createContext({ stateDir, quiet: true, clock }), clock };
}

function setUp(t: TestContext) {
  const context = contextOf(t);
  const broker = new Broker(join(context.stateDir, 'pubsub'), context.clock);
  t.after(() => broker.close());
  broker.createTopic({ name: topic, labels: {}, messageRetentionMs: null });
  const queue = broker.createSubscription(defaultSubscription(subscription, topic));
  const publish = (text: string): string[] =>
    broker.publish(topic, [{ data: Buffer.from(text), attributes: {}, orderingKey: '' }]);
  const pull = (signal: AbortSignal): Promise<{ receivedMessages: object[] }> =>
    pullFrom(broker, { subscription, maxMessages: 10, returnImmediately: false }, signal);
  const ready = (): number => queue.take(10, 10).length;
  return { context, broker, queue, publish, pull, ready };
}

/** The server's side of a stream, without a connection. */
class FakeStream extends EventEmitter {
  cancelled = false;
  readonly written: object[] = [];
  isEnded = false;

  write(message: object): void {
    this.written.push(message);
  }

  end(): void {
    this.isEnded = true;
  }
}

const firstRequest = {
  subscription,
  ackIds: [],
  modifyDeadlineSeconds: [],
  modifyDeadlineAckIds: [],
  streamAckDeadlineSeconds: 10,
  maxOutstandingMessages: '10',
};

function openStream(context: LocalContext, broker: Broker, stream = new FakeStream()): FakeStream {
  const open = streamingPull(context, broker, new Set()) as (stream: ServerDuplexStream<any, any>) => void;
  open(stream as unknown as ServerDuplexStream<any, any>);
  return stream;
}

test('a pull whose client left before it began takes nothing, now or later', async (t) => {
  const { publish, pull, ready } = setUp(t);
  publish('before');
  assert.deepEqual(await pull(AbortSignal.abort()), { receivedMessages: [] });
  assert.equal(ready(), 1);
  assert.deepEqual(await pull(AbortSignal.abort()), { receivedMessages: [] });
  publish('after');
  assert.equal(ready(), 1);
});

test('a waiting pull whose client leaves takes nothing', async (t) => {
  const { publish, pull, ready } = setUp(t);
  const leaving = new AbortController();
  const pulled = pull(leaving.signal);
  leaving.abort();
  assert.deepEqual(await pulled, { receivedMessages: [] });
  publish('after');
  assert.equal(ready(), 1);
});

test('a waiting pull is told when its subscription is deleted', async (t) => {
  const { broker, pull } = setUp(t);
  const pulled = pull(new AbortController().signal);
  broker.deleteSubscription(subscription);
  await assert.rejects(pulled, { code: 'NOT_FOUND' });
});

test('a stream takes nothing for a client that left before its first request was read', (t) => {
  const { context, broker, publish, ready } = setUp(t);
  const stream = openStream(context, broker);
  stream.emit('cancelled');
  stream.emit('data', firstRequest);
  publish('after');
  assert.equal(ready(), 1);
  assert.deepEqual(stream.written, []);
});

test('a stream takes nothing for a client that left before the call was handed over', (t) => {
  const { context, broker, publish, ready } = setUp(t);
  const stream = new FakeStream();
  stream.cancelled = true;
  openStream(context, broker, stream);
  stream.emit('data', firstRequest);
  publish('after');
  assert.equal(ready(), 1);
});

test('a stream ends with NOT_FOUND when its subscription is deleted', (t) => {
  const { context, broker } = setUp(t);
  const stream = openStream(context, broker);
  stream.emit('data', firstRequest);
  const errors: { code: number }[] = [];
  stream.on('error', (error: { code: number }) => errors.push(error));
  broker.deleteSubscription(subscription);
  assert.deepEqual(
    errors.map(({ code }) => code),
    [status.NOT_FOUND],
  );
});

function queueOfOne(settings: Partial<SubscriptionConfig>) {
  const clock = new ManualClock();
  const queue = new SubscriptionQueue({ ...defaultSubscription(subscription, topic), ...settings }, clock, {
    settled: () => {},
    attempted: () => {},
    deadLettered: () => {},
  });
  const delivered: { id: string; ackId: string }[] = [];
  const leased = new Set<string>();
  queue.attach({
    capacity: () => 1 - [...leased].filter((ackId) => queue.isLeased(ackId)).length,
    ackDeadlineSeconds: () => 10,
    deliver: (all) => {
      for (const { ackId, message } of all) {
        leased.add(ackId);
        delivered.push({ id: message.id, ackId });
      }
    },
    deleted: () => {},
  });
  for (const id of ['1', '2']) {
    const message: Message = { id, data: Buffer.from(id), attributes: {}, orderingKey: '', publishTimeMs: 0 };
    queue.add({ ...message, publishTimeMs: clock.nowMs() });
  }
  queue.dispatch();
  return { clock, queue, delivered };
}

test('a lease that runs out makes room for the next message, also while its own message waits for its back-off', () => {
  const { clock, delivered } = queueOfOne({ retry: { minimumMs: 60_000, maximumMs: 60_000 } });
  clock.advance(10_000);
  assert.deepEqual(
    delivered.map(({ id }) => id),
    ['1', '2'],
  );
});

test('a handler that ends after its lease has room for the next message', async (t) => {
  const context = contextOf(t);
  const pubsub = await startPubsub(context, { port: 0 });
  t.after(() => pubsub.stop());
  pubsub.createTopic('top');
  pubsub.createSubscription('sub', 'top', { retry: { minimumMs: 600_000, maximumMs: 600_000 } });
  for (const data of ['1', '2']) pubsub.publish('top', { data });
  const handled: { text: string; end: (isAcknowledged: boolean) => void }[] = [];
  let free = 1;
  const options = { free: () => free, ackDeadlineSeconds: 10 };
  pubsub.consume('sub', options, (message) => {
    free -= 1;
    return new Promise((end) => handled.push({ text: message.data.toString(), end }));
  });
  context.clock.advance(10_000);
  free += 1;
  handled[0]?.end(false);
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(
    handled.map(({ text }) => text),
    ['1', '2'],
  );
});

test('what a delivery would still have asked for when eventarc stops may fail unheard', async (t) => {
  const context = contextOf(t);
  const pubsub = await startPubsub(context, { port: 0 });
  t.after(() => pubsub.stop());
  const unheard: unknown[] = [];
  const hear = (reason: unknown): void => void unheard.push(reason);
  process.on('unhandledRejection', hear);
  t.after(() => process.off('unhandledRejection', hear));
  context.faults.set([{ service: 'eventarc', method: '*', effect: 'duplicate' }]);
  const asked: (() => void)[] = [];
  const type = 'google.cloud.pubsub.topic.v1.messagePublished';
  const eventarc = startEventarc(context, {
    pubsub,
    triggers: [{ name: 'a', function: 'f', source: { type, topic: 'top' } }],
    functionUrl: () => new Promise((_, reject) => asked.push(() => reject(new Error('the functions have gone')))),
  });
  pubsub.publish('top', { data: 'twice' });
  await new Promise(setImmediate);
  await eventarc.stop();
  assert.equal(asked.length, 2);
  for (const fail of asked) fail();
  await new Promise(setImmediate);
  assert.deepEqual(unheard, []);
});

test('eventarc stops at once, whatever a delivery waits for', async (t) => {
  const context = contextOf(t);
  const pubsub = await startPubsub(context, { port: 0 });
  t.after(() => pubsub.stop());
  const type = 'google.cloud.pubsub.topic.v1.messagePublished';
  for (const [name, rule] of [
    ['hang', { effect: 'hang' }],
    ['delay', { effect: 'delay', delayMs: 1_000_000 }],
    ['functions that do not start', undefined],
  ] as const) {
    context.faults.set(rule ? [{ service: 'eventarc', method: '*', ...rule }] : []);
    let asked = 0;
    const eventarc = startEventarc(context, {
      pubsub,
      triggers: [{ name: 'a', function: 'f', source: { type, topic: 'top' } }],
      functionUrl: () => {
        asked += 1;
        return new Promise(() => {});
      },
    });
    pubsub.publish('top', { data: name });
    await new Promise(setImmediate);
    assert.equal(asked, rule ? 0 : 1, name);
    await eventarc.stop();
  }
});
