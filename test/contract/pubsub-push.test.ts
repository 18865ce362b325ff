/** Push subscriptions: the wrapped message by HTTP POST, acknowledged by success, repeated otherwise. */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { listen } from '../../local-cloud/listen.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { startPubsubWorld, type PubsubWorld } from '../support/pubsub-world.ts';

let world: PubsubWorld;
let endpoint: Server;
let port: number;
let answers: number[] = [];
const requests: { type: string | undefined; body: any }[] = [];

before(async () => {
  world = await startPubsubWorld();
  endpoint = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ type: request.headers['content-type'], body: JSON.parse(Buffer.concat(chunks).toString()) });
      response.writeHead(answers.shift() ?? 204).end();
    });
  });
  port = await listen(endpoint, 0);
});

after(async () => {
  await world.stop();
  endpoint.close();
});

test('a message is pushed until the endpoint answers with success', async () => {
  answers = [500, 429, 200];
  world.pubsub.createTopic('pushed');
  world.pubsub.createSubscription('pushed-all', 'pushed', {
    push: { endpoint: `http://127.0.0.1:${port}/hook`, attributes: {} },
    retry: { minimumMs: 5, maximumMs: 10 },
  });
  const id = world.pubsub.publish('pushed', { data: 'hello', attributes: { a: 'b' }, orderingKey: 'k' });
  await world.settled('pushed-all');
  assert.equal(requests.length, 3);
  const { type, body } = requests[2] ?? {};
  assert.equal(type, 'application/json');
  const { publishTime, publish_time: publishTimeAgain, ...message } = body.message;
  assert.equal(publishTime, publishTimeAgain);
  assert.deepEqual(
    { ...body, message },
    {
      message: {
        attributes: { a: 'b' },
        data: Buffer.from('hello').toString('base64'),
        messageId: id,
        message_id: id,
        orderingKey: 'k',
      },
      subscription: 'projects/local-project/subscriptions/pushed-all',
    },
  );
});

test('listeners in the process hear what is published from now on', async () => {
  world.pubsub.createTopic('heard');
  const heard: string[] = [];
  const stop = world.pubsub.subscribe('heard', (message) => heard.push(message.data.toString()));
  world.pubsub.publish('heard', { data: 'one' });
  stop();
  world.pubsub.publish('heard', { data: 'two' });
  await waitFor('the message', () => heard.length > 0);
  assert.deepEqual(heard, ['one']);
});
