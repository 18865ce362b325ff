/** Leases, back-off, retention and ordering of a subscription, with time standing still until the test moves it. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { defaultSubscription, type Message, type SubscriptionConfig } from '../../local-cloud/pubsub/model.ts';
import { SubscriptionQueue, type LeasedMessage } from '../../local-cloud/pubsub/subscription-queue.ts';
import { ManualClock } from '../support/manual-clock.ts';

function setUp(settings: Partial<SubscriptionConfig> = {}) {
  const clock = new ManualClock();
  const settled: string[] = [];
  const dead: string[] = [];
  const config = { ...defaultSubscription('projects/p/subscriptions/sub', 'projects/p/topics/top'), ...settings };
  const queue = new SubscriptionQueue(config, clock, {
    settled: (ids) => settled.push(...ids),
    attempted: () => {},
    deadLettered: (message) => dead.push(message.id),
  });
  const add = (id: string, orderingKey = ''): void => {
    const message: Message = { id, data: Buffer.from(id), attributes: {}, orderingKey, publishTimeMs: clock.nowMs() };
    queue.add(message);
  };
  const take = (count = 10): string[] => queue.take(count, config.ackDeadlineSeconds).map(({ message }) => message.id);
  const takeOne = (): LeasedMessage => {
    const [leased] = queue.take(1, config.ackDeadlineSeconds);
    assert.ok(leased, 'a message is ready');
    return leased;
  };
  return { clock, settled, dead, queue, add, take, takeOne };
}

test('a message that is not acknowledged by its deadline is ready again', () => {
  const { clock, add, take } = setUp({ ackDeadlineSeconds: 10 });
  add('1');
  assert.deepEqual(take(), ['1']);
  clock.advance(9_999);
  assert.deepEqual(take(), []);
  clock.advance(1);
  assert.deepEqual(take(), ['1']);
});

test('a deadline can be extended; an acknowledgement ends the message', () => {
  const { clock, queue, add, take, takeOne, settled } = setUp();
  add('1');
  const { ackId } = takeOne();
  clock.advance(8_000);
  queue.modifyDeadline(ackId, 60);
  clock.advance(59_000);
  assert.deepEqual(take(), []);
  queue.acknowledge([ackId]);
  assert.deepEqual(settled, ['1']);
  clock.advance(3_600_000);
  assert.deepEqual(take(), []);
});

test('a late acknowledgement counts until the message is handed out again', () => {
  const { clock, queue, add, takeOne, settled } = setUp();
  add('1');
  const first = takeOne();
  clock.advance(11_000);
  const second = takeOne();
  queue.acknowledge([first.ackId]);
  assert.deepEqual(settled, []);
  clock.advance(11_000);
  queue.acknowledge([second.ackId]);
  assert.deepEqual(settled, ['1']);
});

test('back-off doubles from the minimum to the maximum', () => {
  const { clock, queue, add, take, takeOne } = setUp({ retry: { minimumMs: 10_000, maximumMs: 30_000 } });
  add('1');
  for (const expectedMs of [10_000, 20_000, 30_000, 30_000]) {
    queue.modifyDeadline(takeOne().ackId, 0);
    clock.advance(expectedMs - 1);
    assert.deepEqual(take(), []);
    clock.advance(1);
  }
  assert.deepEqual(take(), ['1']);
});

test('a message older than the retention is dropped', () => {
  const { clock, add, take, settled } = setUp({ messageRetentionMs: 24 * 3600 * 1000 });
  add('1');
  clock.advance(24 * 3600 * 1000 + 1);
  assert.deepEqual(take(), []);
  assert.deepEqual(settled, ['1']);
});

test('with ordering, a failed message holds back its key and no other', () => {
  const { queue, add, take, takeOne } = setUp({ enableMessageOrdering: true });
  add('a1', 'a');
  add('a2', 'a');
  add('b1', 'b');
  const first = takeOne();
  assert.deepEqual(take(), ['b1']);
  queue.modifyDeadline(first.ackId, 0);
  const again = takeOne();
  assert.equal(again.message.id, 'a1');
  assert.equal(again.deliveryAttempt, 2);
  queue.acknowledge([again.ackId]);
  assert.deepEqual(take(), ['a2']);
});

test('several consumers share what is ready, each within its capacity', () => {
  const { queue, add } = setUp();
  const received: Record<string, number> = { one: 0, two: 0 };
  for (const [name, limit] of [
    ['one', 3],
    ['two', 100],
  ] as const) {
    queue.attach({
      capacity: () => limit - (received[name] ?? 0),
      ackDeadlineSeconds: () => 10,
      deliver: (leased) => {
        received[name] = (received[name] ?? 0) + leased.length;
      },
      deleted: () => {},
    });
  }
  for (let n = 0; n < 10; n += 1) add(`${n}`);
  queue.dispatch();
  assert.deepEqual(received, { one: 3, two: 7 });
});

test('after the last delivery attempt the message is a dead letter', () => {
  const { queue, add, take, takeOne, dead } = setUp({
    deadLetter: { topic: 'projects/p/topics/dead', maxDeliveryAttempts: 5 },
  });
  add('1');
  for (let attempt = 1; attempt <= 5; attempt += 1) queue.modifyDeadline(takeOne().ackId, 0);
  assert.deepEqual(dead, ['1']);
  assert.deepEqual(take(), []);
});
