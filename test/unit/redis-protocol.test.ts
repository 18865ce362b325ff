/** The names of keys stand in one file and one document: compares the two and the supervisors' names, and finds keys spelled elsewhere in TypeScript. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { KEY_PREFIX, outboxFields, redisFields, redisKeys, valueFields } from '../../functions/adapters/redis-keys.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const document = read('docs/redis-protocol.md');

/** As the document writes them: `ff:v:n:i`. */
const documented = {
  ...redisKeys,
  loop: redisKeys.loop('n'),
  held: redisKeys.held('<pod>'),
  value: redisKeys.value('n', 'i'),
  done: redisKeys.done('n'),
  arrived: redisKeys.arrived('n'),
  loopErrors: redisKeys.loopErrors('n'),
  exported: redisKeys.exported('<sha256>'),
  queueEnvironment: redisKeys.queueEnvironment('<id>'),
  queueOut: redisKeys.queueOut('<id>'),
};

test('the document has a row for each key, and none for another', () => {
  const rows = [...document.matchAll(/^\| `(ff:[^`]+)`/gm)].map(([, key]) => key);
  assert.deepEqual(rows.sort(), Object.values(documented).sort());
});

test('the document names every field', () => {
  const fields = [...redisFields.driver, ...redisFields.control, ...redisFields.loop, ...outboxFields];
  const names = [...fields, ...Object.values(valueFields)];
  assert.deepEqual(
    names.filter((name) => !document.includes(`\`${name}\``)),
    [],
  );
});

test('the supervisors use keys and fields of the same names', () => {
  const names = [...read('worker-image/src/supervisor/keys.h').matchAll(/^#define (\w+) "(.*?)"/gm)];
  const known = new Set([
    ...Object.values(documented).map((key) => key.replace('<pod>', '')),
    ...Object.values(redisFields).flat(),
  ]);
  assert.ok(names.length >= 10);
  for (const [, macro = '', name = ''] of names) {
    if (macro === 'KEY_PREFIX') assert.equal(name, KEY_PREFIX);
    else assert.ok(known.has(macro.startsWith('KEY_') ? KEY_PREFIX + name : name), `${macro} "${name}"`);
  }
});

test('nobody else spells a key', () => {
  const files = ['functions', 'local-cloud', 'cli', 'test', 'testing', 'bench'].flatMap((folder) =>
    globSync(`${folder}/**/*.ts`, { cwd: root }),
  );
  const allowed = new Set(['functions/adapters/redis-keys.ts', 'test/unit/redis-protocol.test.ts']);
  const spelled = files.filter((file) => !allowed.has(file) && /['"`]ff:[a-z]/.test(read(file)));
  assert.deepEqual(spelled, []);
  const shell = globSync('worker-image/bin/*', { cwd: root }).filter((file) => /ff:|redis-cli/.test(read(file)));
  assert.deepEqual(shell, []);
});
