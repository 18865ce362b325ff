/** What becomes of a container's line: kept for reading, and published when it drives the functions. */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createLogSink, type LogSink } from '../../local-cloud/eventarc/log-sink.ts';
import type { LogEntry } from '../../local-cloud/eventarc/log-entry.ts';
import type { LogLine } from '../../local-cloud/kubelet/types.ts';
import { startPubsubWorld, type PubsubWorld } from '../support/pubsub-world.ts';

let world: PubsubWorld;
let sink: LogSink;
const published: { topic: string; entry: LogEntry; attributes: Record<string, string> }[] = [];

before(async () => {
  world = await startPubsubWorld();
  for (const topic of ['ff-progress', 'ff-completed']) {
    world.pubsub.createTopic(topic);
    world.pubsub.subscribe(topic, ({ data, attributes }) => {
      published.push({ topic, entry: JSON.parse(data.toString()) as LogEntry, attributes });
    });
  }
  sink = createLogSink(world.context, {
    pubsub: world.pubsub,
    progressTopic: 'ff-progress',
    completedTopic: 'ff-completed',
    clusterLocation: () => 'us-central1-b',
  });
});

after(() => world.stop());

function line(text: string, change: Partial<LogLine> = {}): LogLine {
  return {
    cluster: 'ff-a-1',
    namespace: 'foreach-fleet',
    pod: 'driver-x1',
    podLabels: { app: 'driver' },
    container: 'driver',
    stream: 'stdout',
    timestamp: '2026-01-05T12:00:00.000000000Z',
    line: text,
    ...change,
  };
}

const rows: { name: string; line: LogLine; expected: Partial<LogEntry>; topic?: string }[] = [
  { name: 'plain text', line: line('hello'), expected: { severity: 'INFO', textPayload: 'hello' } },
  {
    name: 'plain text on stderr',
    line: line('oh', { stream: 'stderr' }),
    expected: { severity: 'ERROR', textPayload: 'oh' },
  },
  {
    name: 'a JSON line with its own severity, which moves to the entry',
    line: line('{"severity":"warning","message":"m"}', { stream: 'stderr' }),
    expected: { severity: 'WARNING', jsonPayload: { message: 'm' } },
  },
  {
    name: 'what only looks like JSON',
    line: line('{not json'),
    expected: { severity: 'INFO', textPayload: '{not json' },
  },
  {
    name: 'a line of progress',
    line: line('{"ff":"progress","job":"a"}'),
    expected: { jsonPayload: { ff: 'progress', job: 'a' } },
    topic: 'ff-progress',
  },
  {
    name: 'the line of completion',
    line: line('{"ff":"completed","job":"a","outcome":"failed"}'),
    expected: { jsonPayload: { ff: 'completed', job: 'a', outcome: 'failed' } },
    topic: 'ff-completed',
  },
];

for (const row of rows) {
  test(row.name, () => {
    published.length = 0;
    sink.containerLine(row.line);
    const entry = sink.entries({ cluster: 'ff-a-1', pod: 'driver-x1', container: 'driver' }).entries.at(-1);
    for (const [key, value] of Object.entries(row.expected)) assert.deepEqual(entry?.[key as keyof LogEntry], value);
    assert.equal(entry?.logName, `projects/local-project/logs/${row.line.stream}`);
    assert.deepEqual(entry?.resource, {
      type: 'k8s_container',
      labels: {
        project_id: 'local-project',
        location: 'us-central1-b',
        cluster_name: 'ff-a-1',
        namespace_name: 'foreach-fleet',
        pod_name: 'driver-x1',
        container_name: 'driver',
      },
    });
    assert.deepEqual(
      published.map(({ topic }) => topic),
      row.topic === undefined ? [] : [row.topic],
    );
    if (published[0]) assert.equal(published[0].attributes['logging.googleapis.com/timestamp'], row.line.timestamp);
  });
}

test('entries of several pods come in order of time, the newest when only some are asked for', () => {
  const at = (second: number): string => `2026-02-01T00:00:0${second}.000000000Z`;
  sink.containerLine(line('first', { cluster: 'ff-b-1', pod: 'p1', timestamp: at(1) }));
  sink.containerLine(line('third', { cluster: 'ff-b-1', pod: 'p1', timestamp: at(3) }));
  sink.containerLine(line('second', { cluster: 'ff-b-1', pod: 'p2', timestamp: at(2) }));
  const texts = (tail?: number): (string | undefined)[] =>
    sink.entries({ cluster: 'ff-b-1', tail }).entries.map((entry) => entry.textPayload);
  assert.deepEqual(texts(), ['first', 'second', 'third']);
  assert.deepEqual(texts(2), ['second', 'third']);
  assert.deepEqual(sink.entries({ cluster: 'never-there' }).entries, []);
});
