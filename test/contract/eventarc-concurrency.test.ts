/**
 * How many events a function handles at a time, and what becomes of one that it never answers.
 * The function is a plain HTTP server here.
 */
import { afterEach, beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { listen } from '../../local-cloud/listen.ts';
import { startEventarc, type EventarcOptions, type RunningEventarc } from '../../local-cloud/eventarc/eventarc.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { startPubsubWorld, type PubsubWorld } from '../support/pubsub-world.ts';

const type = 'google.cloud.pubsub.topic.v1.messagePublished';
let world: PubsubWorld;
let server: Server;
let port: number;
let eventarc: RunningEventarc;
let held: ServerResponse[];
let received: number;

beforeEach(async () => {
  world = await startPubsubWorld();
  held = [];
  received = 0;
  server = createServer((_request, response) => {
    received += 1;
    held.push(response);
    response.on('close', () => {
      held = held.filter((each) => each !== response);
    });
  });
  port = await listen(server, 0);
});

afterEach(async () => {
  await eventarc.stop();
  await world.stop();
  server.closeAllConnections();
  server.close();
});

function start(options: Partial<EventarcOptions> = {}): void {
  for (const topic of ['one', 'two']) world.pubsub.createTopic(topic);
  eventarc = startEventarc(world.context, {
    pubsub: world.pubsub,
    triggers: ['one', 'two'].map((topic) => ({ name: topic, function: 'shared', source: { type, topic } })),
    functionUrl: () => Promise.resolve(`http://127.0.0.1:${port}/`),
    retryBaseMs: 5,
    ...options,
  });
}

function publish(): void {
  for (const topic of ['one', 'one', 'two', 'two']) world.pubsub.publish(topic, { data: 'x' });
}

test('one event at a time for a function, whatever triggers it has, until all are handled', async () => {
  start();
  publish();
  for (let handled = 0; handled < 4; handled += 1) {
    await waitFor('a request', () => held.length > 0);
    const response = held.shift();
    assert.equal(held.length, 0);
    response?.writeHead(204).end();
    await waitFor('the next request', () => received > handled + 1 || handled === 3);
  }
  await waitFor('an empty backlog', () => Object.values(eventarc.backlog()).every((count) => count === 0));
  assert.equal(received, 4);
});

test('several at a time when the function may have several instances', async () => {
  start({ concurrency: 3 });
  publish();
  await waitFor('three requests', () => held.length === 3);
  assert.equal(received, 3);
});

test('a request that is not answered in time is cut, and its event comes again', async () => {
  start({ requestTimeoutMs: 30 });
  world.pubsub.publish('one', { data: 'x' });
  await waitFor('the second request', () => received >= 2);
});
