/**
 * What R and the control plane agree on: compares the document with the names of keys in TypeScript, R and the
 * supervisors, and with the inputs that pods are given; finds keys that are spelled elsewhere.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  KEY_PREFIX,
  outboxFields,
  redisFields,
  redisKeys,
  valueFields,
} from '../../../functions/adapters/redis-keys.ts';
import { JobWorld } from '../../support/job-world.ts';

const root = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const document = read('docs/redis-protocol.md');

/** As the document writes them: `ff:v:n:i`. */
const documented = {
  ...redisKeys,
  loop: redisKeys.loop('n'),
  held: redisKeys.held('<pod>'),
  lent: redisKeys.lent('<pod>'),
  value: redisKeys.value('n', 'i'),
  done: redisKeys.done('n'),
  arrived: redisKeys.arrived('n'),
  loopErrors: redisKeys.loopErrors('n'),
  exported: redisKeys.exported('<sha256>'),
  queueEnvironment: redisKeys.queueEnvironment('<id>'),
  queueOut: redisKeys.queueOut('<id>'),
  queueStart: redisKeys.queueStart('<id>'),
  queueAlive: redisKeys.queueAlive('<id>'),
};

test('the document has a row for each key, and none for another', () => {
  const rows = [...document.matchAll(/^\| `(ff:[^`]+)`/gm)].map(([, key]) => key);
  assert.deepEqual(rows.sort(), Object.values(documented).sort());
});

test('the document and R say of each key what it outlives, and the same', () => {
  const [, section = ''] = /^## What outlives what$(.*)/ms.exec(document) ?? [];
  const ofDocument = [...section.matchAll(/^\| .*$/gm)].slice(2).map(([row]) => row.match(/`ff:[^`]+`/g) ?? []);
  const texts = ofDocument.map((keys) => keys.map((key) => key.slice(1, -1)));
  assert.deepEqual(texts.flat().sort(), Object.values(documented).sort());
  const [, ofR = ''] = /KEY_LIVES <- c\((.*?)\)/s.exec(read('worker-image/R/redis-keys.R')) ?? [];
  const lives = new Map([...ofR.matchAll(/([\w.]+) = "(\w+)"/g)].map(([, name = '', life = '']) => [name, life]));
  const family = (key: string): string => key.slice(KEY_PREFIX.length).replace(/[:.](n|n:i|<.*>)$/, '');
  const levels = ['server', 'journal', 'attempt', 'driver'];
  assert.deepEqual([...lives.keys()].sort(), texts.flat().map(family).sort());
  texts.forEach((keys, row) => {
    for (const key of keys) assert.equal(lives.get(family(key)), levels[row], key);
  });
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
    else if (macro.startsWith('KEY_')) {
      assert.ok(known.has(KEY_PREFIX + name), `${macro} "${name}"`);
      assert.equal(macro, `KEY_${name.replace(':', '').toUpperCase()}`);
    } else assert.ok(known.has(name), `${macro} "${name}"`);
  }
});

test('the document, R and the supervisors know the same causes of a death', () => {
  const [, sentence = ''] = /^A cause is a word, (.*?)\n\n/ms.exec(document) ?? [];
  const causes = [...sentence.matchAll(/`(\w+)` \(/g)].map(([, word = '']) => word);
  const words = (file: string, pattern: RegExp): string[] =>
    [...read(file).matchAll(pattern)].map(([, word = '']) => word);
  assert.deepEqual(words('worker-image/bin/run-worker', /(?:\bkind='?|"\$session" ")(\w+)/g).sort(), causes.toSorted());
  const ofR = words('worker-image/R/deaths.R', /^CAUSE_\w+ <- "(\w+)"/gm);
  assert.ok(ofR.length === 3);
  assert.deepEqual(
    ofR.filter((word) => !causes.includes(word)),
    [],
  );
});

/** R's functions are one-liners, each named after its TypeScript twin; their arguments, as the document writes them. */
const documentedArguments: Record<string, string> = { loop: 'n', i: 'i', pod: '<pod>', digest: '<sha256>', id: '<id>' };

/** Our code neither reads nor writes these. */
const keptByDoRedis = ['queueCount', 'queueStart', 'queueAlive'];

function readKeysOfR(): Map<string, string> {
  const keys = new Map<string, string>();
  const lines = read('worker-image/R/redis-keys.R').matchAll(/^(\w+)_key <- function\(.*?\) (.+)$/gm);
  for (const [, name = '', body = ''] of lines) {
    if (name === 'redis' || name.startsWith('is_')) continue;
    const [, maker, words = ''] = /^(redis_key|paste0)\((.*)\)$/.exec(body) ?? assert.fail(`${name}: ${body}`);
    const texts = words.split(', ').map((word) => {
      if (word === 'queue_key()') return redisKeys.queue;
      return /^"(.*)"$/.exec(word)?.[1] ?? documentedArguments[word] ?? assert.fail(`${name}: ${word}`);
    });
    keys.set(name, maker === 'paste0' ? texts.join('') : KEY_PREFIX + texts.join(':'));
  }
  return keys;
}

test('R makes the same keys, in functions of the same names', () => {
  const expected = Object.entries(documented)
    .filter(([name]) => !keptByDoRedis.includes(name))
    .map(([name, key]) => [name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), key]);
  assert.deepEqual(Object.fromEntries(readKeysOfR()), Object.fromEntries(expected));
  assert.ok(read('worker-image/R/redis-keys.R').includes(`KEY_PREFIX <- "${KEY_PREFIX}"`));
});

test('the document has a row for each field that pods are given, and names what is in it', async () => {
  const world = new JobWorld();
  await world.upload({ 'data.csv': 'x' });
  await world.toRunning('script: run.R\ntasks: { errors: { count: 5 } }\n');
  const inputs = world.cluster().workload!.inputs as Record<string, unknown>;
  const [, section = ''] = /^## What the pods are given$(.*?)^## /ms.exec(document) ?? [];
  const rows = [...section.matchAll(/^\| (`.*?`) +\|/gm)].flatMap(([, names = '']) => names.match(/\w+/g));
  assert.deepEqual(rows.sort(), Object.keys(inputs).sort());
  const within = Object.values(inputs)
    .flatMap((value) => [value].flat())
    .flatMap((value) => (typeof value === 'object' ? Object.keys(value ?? {}) : []));
  assert.ok(within.length > 10);
  assert.deepEqual(
    within.filter((name) => !section.includes(`\`${name}\``)),
    [],
  );
});

test('nobody else spells a key', () => {
  const files = ['functions', 'local-cloud', 'cli', 'test', 'testing', 'bench'].flatMap((folder) =>
    globSync(`${folder}/**/*.ts`, { cwd: root }),
  );
  const allowed = new Set(['functions/adapters/redis-keys.ts', 'test/unit/adapters/redis-protocol.test.ts']);
  const spelled = files.filter((file) => !allowed.has(file) && /['"`]ff:[a-z]/.test(read(file)));
  assert.deepEqual(spelled, []);
  const shell = globSync('worker-image/bin/*', { cwd: root }).filter((file) => /ff:|redis-cli/.test(read(file)));
  assert.deepEqual(shell, []);
  const withKeys = globSync('worker-image/R/*.R', { cwd: root }).filter((file) => !file.endsWith('/redis-keys.R'));
  const code = (file: string): string => read(file).replaceAll(/^\s*#.*$/gm, '');
  assert.deepEqual(
    withKeys.filter((file) => /ff:[a-z]|redis_key\(|"queue[.:]/.test(code(file))),
    [],
  );
});
