/**
 * What R and the control plane agree on. This compares the document with the names of keys and fields in TypeScript, R
 * and the supervisors, and with the inputs that pods are given. It finds keys and fields that are spelled elsewhere.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isList } from '../../../local-cloud/is-plain.ts';
import { NO_URL, redisFields, redisWords } from '../../../functions/adapters/redis-fields.ts';
import { redisKeys } from '../../../functions/adapters/redis-keys.ts';
import { JobWorld } from '../../support/job-world.ts';

const root = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const document = read('docs/redis-protocol.md');
const KEY_PREFIX = 'ff:';

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
  loopWarnings: redisKeys.loopWarnings('n'),
  exported: redisKeys.exported('<sha256>'),
  queueEnvironment: redisKeys.queueEnvironment('<id>'),
  queueOut: redisKeys.queueOut('<id>'),
  queueStart: redisKeys.queueStart('<id>'),
  queueAlive: redisKeys.queueAlive('<id>'),
};

test('the document has a row for each key, and none for another', () => {
  const rows = [...document.matchAll(/^\| `(ff:[^`]+)` +\| [a-z]+ +\|/gm)].map(([, key]) => key);
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

/** What the heads of tables of fields say, by the list that is meant. */
const headings: Record<string, keyof typeof redisFields> = {
  'field of `ff:driver`': 'driver',
  'field of `ff:control`': 'control',
  'field of `ff:loop:n`': 'loop',
  'field of `ff:v:n:i`': 'value',
  'field of an entry of `ff:outbox`': 'outbox',
  'field of an entry of `ff:errors` and `ff:described`': 'report',
  'field of an entry of `ff:workers`': 'workers',
  'field of a report of an error': 'errors',
  'field of a description': 'described',
  'field of an entry of `ff:lent:<pod>`': 'lent',
  'field of an entry of `ff:outputs`': 'outputs',
  'field of a task': 'queue',
  'field of `fleet_batch`': 'batch',
};

const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);

/** By heading, the rows of each table of the document: first column and second. */
function readTables(): Map<string, [string, string][]> {
  const tables = new Map<string, [string, string][]>();
  for (const [table] of document.matchAll(/(?:^\|.*\n)+/gm)) {
    const rows = table
      .trimEnd()
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()));
    tables.set(
      rows[0]?.[1] ?? '',
      rows.slice(2).map(([, first = '', second = '']) => [first, second]),
    );
  }
  return tables;
}

const tables = readTables();

test('the document has each field in the table that is about it, and no other', () => {
  const ofDocument: Record<string, string[]> = {};
  for (const [heading, rows] of tables) {
    const kind = headings[heading];
    assert.ok(kind !== undefined || !heading.startsWith('field of '), heading);
    if (kind !== undefined) ofDocument[kind] = rows.flatMap(([names]) => quoted(names)).sort();
  }
  for (const [line, parts] of tables.get('line') ?? []) {
    ofDocument[line.replaceAll(/of |`|ff:|:n/g, '')] = quoted(parts).sort();
  }
  const expected = Object.entries(redisFields).map(([kind, fields]) => [kind, Object.values(fields).toSorted()]);
  assert.deepEqual(ofDocument, Object.fromEntries(expected));
});

test('the document has the words that mean something, and no other', () => {
  const [, lines = ''] = /^\| line .*?\n\n(.*?)\n\n/ms.exec(document) ?? [];
  const ofLines = new Map(
    [...lines.matchAll(/^- `(\w+)` is ((?:.|\n {2})*)/gm)].map(([, part = '', text = '']) => [part, quoted(text)]),
  );
  const ofTables = (kind: string, field: string): string[] => {
    const heading = Object.keys(headings).find((text) => headings[text] === kind);
    return (tables.get(heading ?? '') ?? []).flatMap(([names, text]) =>
      quoted(names).includes(field) ? quoted(text) : [],
    );
  };
  for (const [place, words] of Object.entries(redisWords)) {
    const [kind = '', field = ''] = place.split('.');
    assert.deepEqual(ofLines.get(field) ?? ofTables(kind, field), words, place);
    ofLines.delete(field);
  }
  assert.deepEqual([...ofLines.keys()], []);
  assert.ok(lines.includes(`there may be \`${NO_URL}\``));
});

/** What R's `name <- list(...)` holds, whose elements are `name = "text"` or `name = c("text", role = "text" ...)`. */
function readListOfR(name: string): Record<string, string[] | Record<string, string>> {
  const [, body = ''] =
    new RegExp(`^${name} <- list\\((.*?)\\)\\n\\n`, 'ms').exec(read('worker-image/R/redis-fields.R')) ?? [];
  const elements = body.replaceAll(/^ *#.*$/gm, '').matchAll(/([\w.]+) = (?:"([^"]*)"|c\(([^()]*)\))/g);
  return Object.fromEntries(
    [...elements].map(([, key = '', one, several = '']) => {
      if (one !== undefined) return [key, [one]];
      const texts = [...several.matchAll(/(?:(\w+) = )?"([^"]*)"/g)].map(
        ([, role, text = '']) => [role, text] as const,
      );
      const roles = texts.flatMap(([role, text]) => (role === undefined ? [] : [[role, text]]));
      return [key, roles.length > 0 ? Object.fromEntries(roles) : texts.map(([, text]) => text)];
    }),
  );
}

test('R has the same fields and words', () => {
  const sorted = (lists: Record<string, readonly string[] | Record<string, string>>): unknown =>
    Object.fromEntries(Object.entries(lists).map(([kind, names]) => [kind, isList(names) ? [...names].sort() : names]));
  // their order matters where they are parts of a line
  assert.deepEqual(sorted(readListOfR('FIELDS')), sorted(redisFields));
  for (const kind of ['arrived', 'need', 'urls', 'exports', 'replace', 'causes'] as const) {
    assert.deepEqual(readListOfR('FIELDS')[kind], redisFields[kind]);
  }
  assert.deepEqual(readListOfR('WORDS'), redisWords);
  assert.ok(read('worker-image/R/redis-fields.R').includes(`NO_URL <- "${NO_URL}"`));
});

test('the supervisors use keys, fields and words of the same names', () => {
  const known: Record<string, readonly string[]> = {
    KEY: Object.values(documented).map((key) => key.replace('<pod>', '').slice(KEY_PREFIX.length)),
    FIELD: [...redisFields.driver, ...redisFields.control],
    ENTRY: redisFields.workers,
    STATE: redisWords['workers.state'],
  };
  const names = [...read('worker-image/src/supervisor/keys.h').matchAll(/^#define (\w+) "(.*?)"/gm)];
  assert.ok(names.length >= 10);
  for (const [, macro = '', name = ''] of names) {
    if (macro === 'KEY_PREFIX') assert.equal(name, KEY_PREFIX);
    else assert.ok(known[macro.split('_')[0] ?? '']?.includes(name), `${macro} "${name}"`);
    if (macro.startsWith('KEY_') && macro !== 'KEY_PREFIX') {
      assert.equal(macro, `KEY_${name.replace(':', '').replace('.', '_').toUpperCase()}`);
    }
  }
  const kinds = read('worker-image/bin/run-worker').matchAll(/(?:\bkind='?|"\$session" ")(\w+)/g);
  assert.deepEqual([...kinds].map(([, word = '']) => word).sort(), redisWords['causes.word'].toSorted());
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

test('nobody else spells a key, or a field that there is not', () => {
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
  const unknown = files.flatMap((file) => unknownFields(read(file)).map((name) => `${file}: ${name}`));
  assert.deepEqual(unknown, []);
  const alone = withKeys.filter((file) => /"(?:H\w+)", \w+_key\([^()]*(?:\([^()]*\))?[^()]*\), "/.test(code(file)));
  assert.deepEqual(alone, []);
  assert.deepEqual(
    withKeys.filter((file) => file !== 'worker-image/R/redis-fields.R' && /"XADD", (?!outbox_key)/.test(code(file))),
    [],
  );
});

/** Names in calls as `hget(redisKeys.loop(1), 'done')` and `hset(redisKeys.driver, { state: 'running' })`. */
function unknownFields(source: string): string[] {
  const calls = source.matchAll(
    /\.(h\w+)\(\s*redisKeys\.(driver|control|loop|value)\b(?:\([^()]*\))?,\s*(?:\{([^{}]*)\}|((?:'\w+',?\s*)+))/g,
  );
  return [...calls].flatMap(([, command = '', kind = '', fields = '', names = '']) => {
    const known: string[] = Object.values(redisFields[kind as 'driver' | 'value']);
    const spelled = [
      ...fields.matchAll(/(?:^|,)\s*(\w+)(?=[:,]|\s*$)/g),
      ...names.matchAll(command === 'hset' ? /^'(\w+)'/g : /'(\w+)'/g),
    ];
    return spelled.flatMap(([, name = '']) => (known.includes(name) ? [] : [`${kind} ${name}`]));
  });
}
