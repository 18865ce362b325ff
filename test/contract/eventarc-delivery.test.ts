/** Events reach functions that run under functions-framework, as Eventarc would bring them; what fails comes again. */
import { afterEach, beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { startEventarcWorld, type EventarcWorld } from '../support/eventarc-world.ts';
import { waitFor } from '../../testing/wait-for.ts';

let world: EventarcWorld;

beforeEach(async () => {
  world = await startEventarcWorld();
});

afterEach(() => world.stop());

const object = {
  kind: 'storage#object',
  bucket: 'local-uploads',
  name: 'jobs/a/job.yaml',
  generation: '1700000000000001',
  updated: '2026-01-05T12:00:00.000Z',
};

function drained(): Promise<unknown> {
  return waitFor('an empty backlog', () => Object.values(world.eventarc.backlog()).every((count) => count === 0));
}

test('a finalized object becomes the CloudEvent that Eventarc sends, with the object as its data', async () => {
  world.eventarc.objectFinalized(object);
  world.eventarc.objectFinalized({ ...object, bucket: 'another-bucket' });
  const [call] = await world.called('jobSubmitted', 1);
  const { id, ...rest } = call?.event ?? {};
  assert.match(String(id), /^\d+$/);
  assert.deepEqual(rest, {
    specversion: '1.0',
    type: 'google.cloud.storage.object.v1.finalized',
    source: '//storage.googleapis.com/projects/_/buckets/local-uploads',
    subject: 'objects/jobs/a/job.yaml',
    time: '2026-01-05T12:00:00.000Z',
    bucket: 'local-uploads',
    data: object,
  });
  await drained();
  assert.equal(world.calls('jobSubmitted').length, 1);
});

test('a Pub/Sub message becomes a CloudEvent with the wrapped message', async () => {
  world.pubsub.publish('ff-progress', { data: '{"x":1}', attributes: { a: 'b' } });
  const [call] = await world.called('progressReported', 1);
  const event = call?.event;
  assert.equal(event?.source, '//pubsub.googleapis.com/projects/local-project/topics/ff-progress');
  assert.equal(event?.type, 'google.cloud.pubsub.topic.v1.messagePublished');
  assert.equal(event?.data?.['subscription'], 'projects/local-project/subscriptions/eventarc-local-progress-sub');
  const message = event?.data?.['message'] as Record<string, unknown>;
  assert.equal(Buffer.from(String(message['data']), 'base64').toString(), '{"x":1}');
  assert.deepEqual(message['attributes'], { a: 'b' });
  assert.equal(message['messageId'], event?.id);
  assert.equal(message['publishTime'], event?.time);
});

test('an object name that no header can hold is percent-encoded in the subject and plain in the data', async () => {
  const name = 'jobs/a/größe 50%\n.csv';
  world.eventarc.objectFinalized({ ...object, name });
  const [call] = await world.called('jobSubmitted', 1);
  assert.equal(call?.event.subject, 'objects/jobs/a/gr%C3%B6%C3%9Fe%2050%25%0A.csv');
  assert.equal(call?.event.data?.['name'], name);
});

test('a failing function gets the same event again, with the same id', async () => {
  world.script({ jobSubmitted: ['fail', 'fail'] });
  world.eventarc.objectFinalized(object);
  const calls = await world.called('jobSubmitted', 3);
  assert.equal(new Set(calls.map(({ event }) => event.id)).size, 1);
  await drained();
});

test('a function process that dies in the middle is started anew and gets the event again', async () => {
  world.script({ jobSubmitted: ['exit'] });
  world.eventarc.objectFinalized(object);
  await world.called('jobSubmitted', 2);
  await drained();
});

test('an event that nobody could take survives a restart of the local cloud', async () => {
  world.context.faults.set([{ service: 'eventarc', method: 'deliver jobSubmitted', effect: 'status', status: 503 }]);
  world.eventarc.objectFinalized(object);
  await world.close();
  assert.equal(world.calls('jobSubmitted').length, 0);
  world = await startEventarcWorld({ stateDir: world.stateDir });
  await world.called('jobSubmitted', 1);
});

test('scripted faults: an event is lost, doubled, or handled with its answer lost', async () => {
  world.context.faults.set([
    { service: 'eventarc', method: 'deliver jobSubmitted', effect: 'drop', nth: 1 },
    { service: 'eventarc', method: 'deliver progressReported', effect: 'duplicate', nth: 1 },
    { service: 'eventarc', method: 'deliver tick', effect: 'status', status: 503, nth: 1, when: 'after' },
  ]);
  world.eventarc.objectFinalized(object);
  world.pubsub.publish('ff-progress', { data: 'p' });
  world.pubsub.publish('ff-tick', { data: 't' });
  await world.called('progressReported', 2);
  await world.called('tick', 2);
  await drained();
  assert.deepEqual(
    ['jobSubmitted', 'progressReported', 'tick'].map((name) => world.calls(name).length),
    [0, 2, 2],
  );
});

test('events are not coalesced: each of many calls the function', async () => {
  for (let n = 0; n < 30; n += 1) world.pubsub.publish('ff-progress', { data: `${n}` });
  const calls = await world.called('progressReported', 30);
  await drained();
  assert.equal(new Set(calls.map(({ event }) => event.id)).size, 30);
});
