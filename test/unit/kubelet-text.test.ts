/** Pure text rules of the kubelet: paths, variables, quantities, log records. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceField } from '../../local-cloud/kubelet/container/downward.ts';
import { expand, mentionsService, serviceVariables } from '../../local-cloud/kubelet/container/env.ts';
import { formatRecord, parseRecord, RecordCutter, recordTime } from '../../local-cloud/kubelet/logs/log-format.ts';
import { pathMapper } from '../../local-cloud/kubelet/container/path-map.ts';
import { parseStat } from '../../local-cloud/kubelet/container/process-table.ts';
import { parseQuantity } from '../../local-cloud/quantity.ts';
import type { Container, NodeSpec, Service } from '../../local-cloud/kubelet/types.ts';

test('paths are replaced at path boundaries only, the longest first, never twice', () => {
  const map = pathMapper([
    { from: '/pods', to: '/pods/main/pod/v' },
    { from: '/pods/cache/', to: '/c' },
    { from: '/opt/x', to: '/pods/image' },
  ]);
  const cases: [string, string][] = [
    ['/pods', '/pods/main/pod/v'],
    ['/pods/a b', '/pods/main/pod/v/a b'],
    ['/pods/cache/x', '/c/x'],
    ['/pods/cached', '/pods/main/pod/v/cached'],
    ['--dir=/pods/tmp', '--dir=/pods/main/pod/v/tmp'],
    ['/opt/x/bin:/pods/bin', '/pods/image/bin:/pods/main/pod/v/bin'],
    ['cd "/pods" && ls \'/pods/a\'', 'cd "/pods/main/pod/v" && ls \'/pods/main/pod/v/a\''],
    ['/workspace', '/workspace'],
    ['/pods-2', '/pods-2'],
    ['/homework/x', '/homework/x'],
    ['http://host/pods/x', 'http://host/pods/x'],
    ['http://host:80/pods', 'http://host:80/pods'],
  ];
  for (const [text, expected] of cases) assert.equal(map(text), expected, text);
});

test('$(NAME) is expanded, unknown names stay, $$ escapes', () => {
  const variables = { A: '1', B: '$(A)' };
  assert.equal(expand('$(A)-$(B)-$(C)-$$(A)-$A-$', variables), '1-$(A)-$(C)-$(A)-$A-$');
  assert.equal(expand('$(toString)', variables), '$(toString)');
});

test('Service variables carry the address of the pod', () => {
  const service = {
    metadata: { name: 'my-redis' },
    spec: { clusterIP: '10.0.0.1', ports: [{ port: 80, name: 'main' }, { port: 6379 }] },
  } as unknown as Service;
  const variables = serviceVariables(service, { host: '127.20.3.2', ports: [8080, 6379] });
  assert.equal(variables['MY_REDIS_SERVICE_HOST'], '127.20.3.2');
  assert.equal(variables['MY_REDIS_SERVICE_PORT'], '8080');
  assert.equal(variables['MY_REDIS_SERVICE_PORT_MAIN'], '8080');
  assert.equal(variables['MY_REDIS_PORT'], 'tcp://127.20.3.2:8080');
  assert.equal(variables['MY_REDIS_PORT_6379_TCP_ADDR'], '127.20.3.2');
});

test('a container names a Service by its variables, in whatever syntax', () => {
  for (const text of ['$(REDIS_SERVICE_HOST)', 'ping ${REDIS_SERVICE_HOST}', 'x $REDIS_PORT_6379_TCP_ADDR']) {
    assert.equal(mentionsService('redis', [text]), true, text);
  }
  assert.equal(mentionsService('redis', ['$(MY_REDIS_SERVICE_HOST)', 'REDIS']), false);
});

test('quantities', () => {
  const cases: [unknown, number | undefined][] = [
    ['500m', 0.5],
    ['500M', 5e8],
    [4, 4],
    [undefined, undefined],
    ['many', undefined],
    ['2Gi', 2 ** 31],
    ['1.5', 1.5],
    ['1e3', 1000],
    ['100k', 100_000],
    ['12E', 12e18],
  ];
  for (const [text, value] of cases) assert.equal(parseQuantity(text), value, String(text));
});

test('resource fields are divided and rounded up; without a limit the node counts', () => {
  const container = { name: 'a', resources: { limits: { memory: '100Mi', cpu: '300m' } } } as unknown as Container;
  const node = { allocatable: { cpu: 4, memoryBytes: 2 ** 30, pods: 10 } } as NodeSpec;
  assert.equal(resourceField('limits.memory', '1Mi', container, node), '100');
  assert.equal(resourceField('limits.cpu', '100m', container, node), '3');
  assert.equal(resourceField('limits.cpu', undefined, container, node), '1');
  assert.equal(resourceField('requests.memory', '1Mi', container, node), '100');
  assert.equal(resourceField('limits.memory', undefined, { name: 'b' }, node), String(2 ** 30));
});

test('output is cut into records at line ends and after 16 KiB', () => {
  const cutter = new RecordCutter();
  assert.deepEqual(texts(cutter.push(Buffer.from('a\nb'))), [['a', true]]);
  assert.deepEqual(texts(cutter.push(Buffer.from('c\n\n'))), [
    ['bc', true],
    ['', true],
  ]);
  const long = cutter.push(Buffer.from(`${'x'.repeat(40_000)}\nrest`));
  assert.deepEqual(
    long.map((record) => [record.text.length, record.full]),
    [
      [16_384, false],
      [16_384, false],
      [7232, true],
    ],
  );
  assert.deepEqual(texts(cutter.end()), [['rest', true]]);
  assert.deepEqual(cutter.end(), []);
});

test('a record is read as it was written; a line cut by a crash is none', () => {
  const time = recordTime(Date.UTC(2026, 10, 23), 7);
  assert.equal(time, '2026-11-23T00:00:00.000000007Z');
  const line = formatRecord({ time, stream: 'stderr', full: false, text: Buffer.from('é F x') });
  const record = parseRecord(line.subarray(0, -1));
  assert.equal(record?.text.toString(), 'é F x');
  assert.equal(record?.full, false);
  assert.equal(record?.stream, 'stderr');
  assert.equal(parseRecord(Buffer.from('2026-11-23T00:00')), undefined);
});

test('a process name with spaces and brackets does not confuse /proc', () => {
  const entry = parseStat(
    '42 (a (b) c) S 7 40 41 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 1000 10 18446744073709551615',
  );
  assert.deepEqual(entry, { pid: 42, parent: 7, session: 41, startTicks: 12345, rssBytes: 40_960, zombie: false });
});

function texts(records: { text: Buffer; full: boolean }[]): [string, boolean][] {
  return records.map((record) => [record.text.toString(), record.full]);
}
