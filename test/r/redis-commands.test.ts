// What docs/redis-protocol.md says of types, fields and words, and of who writes, reads and deletes a key, is what a
// job does. Every command that reaches the Redis of a job, with a death, an error and a worker that is replaced, is
// compared with the document.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { redisTaskQueues } from '../../functions/adapters/redis-task-queue.ts';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { Lab, password } from '../../testing/lab.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';
import { type Column, type Command, ELSEWHERE, KEY_PREFIX, roleOf, ROLES, touchedBy } from './redis-roles.ts';

const document = readFileSync(join(import.meta.dirname, '../../docs/redis-protocol.md'), 'utf8');
const cells = [...document.matchAll(/^\|.*\|$/gm)].map(([row]) => row.split('|').map((cell) => cell.trim()));

/** Of each family of keys, as the document writes it with letters for numbers, the type that it says. */
const types = new Map(
  cells.flatMap(([, key = '', type = '']) => (/^`ff:/.test(key) ? [[key.slice(1, -1), type]] : [])),
);

const tableOf = (key: string): string => `field of \`${key}\``;

/** The fields that the table below this heading has, with what it says of each. */
function fieldsOf(heading: string): Map<string, string> {
  const first = cells.findIndex(([, cell]) => cell === heading);
  assert.ok(first >= 0, heading);
  const length = cells.slice(first + 1).findIndex(([, cell = '']) => !/^(`|-)/.test(cell));
  return new Map(
    cells.slice(first + 2, length < 0 ? undefined : first + 1 + length).flatMap(([, names = '', content = '']) => {
      return [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => [name, content] as const);
    }),
  );
}

/** The words in which the document says what a field may be. */
function wordsOf(heading: string, field: string): string[] {
  return [...(fieldsOf(heading).get(field) ?? '').matchAll(/`(\w+)`/g)].map(([, word = '']) => word);
}

/** The row of a key: with letters where the key has numbers and names. */
function familyOf(key: string): string {
  const isOf = (family: string): boolean => {
    const [head = '', ...more] = family.split(/:n:i$|:n$|<\w+>$/);
    if (more.length === 0) return key === family;
    const number = family.endsWith('n') ? /^:\d+$/ : /^:\d+:\d+$/;
    return key.startsWith(head) && (family.endsWith('>') || number.test(key.slice(head.length)));
  };
  const families = [...types.keys()].filter(isOf);
  assert.equal(families.length, 1, `the document has no row for ${key}`);
  return families[0] ?? '';
}

const commandsOf: readonly [type: string, commands: RegExp][] = [
  ['hash', /^H/],
  ['list', /^(L|R(PUSH|POP)|BL)/],
  ['stream', /^X/],
  ['bitmap', /^((GET|SET)BIT|BIT)/],
  ['number', /^(INCR|DECR)/],
  ['string|number|bitmap', /^(GET|SET|SETNX|SETEX|MGET|GETRANGE|STRLEN)$/],
];

let lab: Lab;
let monitor: Redis;
const seen: Command[] = [];
/** By connection, as MONITOR names it: what came over it. */
const connections = new Map<string, Command[]>();
const touches = (name: string, key: string): Command[] =>
  seen.filter(([verb, first]) => verb === name && first === key);

before(async () => {
  lab = await Lab.start();
  monitor = new Redis({ host: '127.0.0.1', port: lab.redisPort, username: 'admin', password });
  const commands = await monitor.monitor();
  commands.on('monitor', (_time: string, [verb = '', ...words]: string[], source: string) => {
    if (!words.some((word) => word.startsWith(KEY_PREFIX))) return;
    const command = [verb.toUpperCase(), ...words];
    seen.push(command);
    connections.set(source, [...(connections.get(source) ?? []), command]);
  });
  monitor.once('close', () => commands.disconnect());
});
after(async () => {
  monitor.disconnect();
  await lab.stop();
});

test('a job with a death, an error and a worker that is replaced runs', async () => {
  const script = `library(foreach)
large <- as.numeric(1:300000)
died <- file.path("${lab.dir}", "died")
a <- foreach(i = 1:6, .combine = c) %dopar% {
  if (i == 2 && !file.exists(died)) { file.create(died); tools::pskill(Sys.getpid(), 9) }
  large[i]
}
b <- foreach(i = 1:4, .errorhandling = "remove") %dopar% {
  if (i == 3) stop("no"); warning("w"); cat(i, file = "stray.txt"); i }
saveRDS(a, "a.rds")
`;
  const inputs = lab.prepare({ script, tasks: { size: 1 }, canaryTasks: 1 });
  const workers = [lab.worker('w1', inputs), lab.worker('w2', inputs)];
  const driver = lab.driver(inputs);
  const pass = await redisTaskQueues.open({ host: '127.0.0.1', port: lab.redisPort, password });
  await pass.renewLease();
  await waitFor('the canary is done', async () => Number(await lab.redis.hget(redisKeys.loop(1), 'done')) >= 1);
  await lab.redis.hset(redisKeys.replace, 'w1', 'w1 its iterations succeed on other workers');
  await waitFor('R of w1 is replaced', async () =>
    ((await lab.redis.hget(redisKeys.workers, 'w1')) ?? '').includes('"replaced"'),
  );
  await pass.setGate('open');
  await succeeded(driver);
  await pass.view(Date.now(), null);
  await pass.confirm((await pass.outbox(100, 1e6)).items.map(({ entry }) => entry));
  for (const kind of ['errors', 'loops'] as const)
    await pass.confirmReports(
      kind,
      (await pass.reports(kind, 100)).map(({ id }) => id),
    );
  await pass.outputs();
  await pass.answerUrlRequests({ 'loop-1/none.rds': null });
  await pass.stop('over');
  pass.close();
  for (const worker of workers) worker.process.kill('SIGTERM');
  await Promise.all(workers.map((worker) => worker.exited));
  const last = redisKeys.queueCount;
  await lab.redis.exists(last);
  await waitFor('the last command is seen', () => touches('EXISTS', last).length > 0);
});

test('every key that it touches is in the document, with commands of its type', () => {
  const wrong = new Set<string>();
  for (const [verb = '', ...words] of seen) {
    const fitting = commandsOf.find(([, pattern]) => pattern.test(verb))?.[0].split('|');
    for (const key of words.slice(0, fitting === undefined ? undefined : 1)) {
      if (!key.startsWith(KEY_PREFIX) || key.includes('*')) continue;
      const family = familyOf(key);
      if (fitting !== undefined && !fitting.includes(types.get(family) ?? '')) wrong.add(`${verb} ${family}`);
    }
  }
  assert.deepEqual([...wrong], []);
});

test('every command that it sends is in the list of the worker image', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../worker-image/README.md'), 'utf8');
  const [, list = ''] = /These commands of Redis are used:(.*?)\n## /s.exec(readme) ?? [];
  const listed = new Set(list.match(/\b[A-Z]{2,}\b/g));
  const ofPods = [...connections.values()].filter((commands) => !['pass', null].includes(roleOf(commands)));
  const sent = new Set(ofPods.flat().map(([verb = '']) => verb));
  assert.deepEqual(
    [...sent].filter((verb) => !listed.has(verb)),
    [],
  );
});

test('every field that it writes is in the document, and so are the words for states', () => {
  const wrong = new Set<string>();
  const tables = [
    [redisKeys.driver, tableOf(redisKeys.driver)],
    [redisKeys.loop(1), tableOf(redisKeys.loop('n'))],
    [redisKeys.loop(2), tableOf(redisKeys.loop('n'))],
  ] as const;
  for (const [key, heading] of tables) {
    const fields = fieldsOf(heading);
    const written = [...touches('HSET', key), ...touches('HINCRBY', key), ...touches('HINCRBYFLOAT', key)];
    assert.ok(written.length > 0, key);
    for (const [, , ...pairs] of written)
      for (let at = 0; at < pairs.length; at += 2) if (!fields.has(pairs[at] ?? '')) wrong.add(`${key} ${pairs[at]}`);
  }
  const states = wordsOf(tableOf(redisKeys.driver), 'state');
  for (const [, , ...pairs] of touches('HSET', redisKeys.driver)) {
    const at = pairs.indexOf('state');
    if (at >= 0 && !states.includes(pairs[at + 1] ?? '')) wrong.add(`driver's state ${pairs[at + 1]}`);
  }
  assert.deepEqual([...wrong], []);
});

test('every entry of a worker has the fields of the document, and no others', () => {
  const heading = `field of an entry of \`${redisKeys.workers}\``;
  const states = wordsOf(heading, 'state');
  const entries = touches('HSET', redisKeys.workers).map(([, , , json = '']) => JSON.parse(json) as object);
  const written = new Set(entries.flatMap((entry) => Object.keys(entry)));
  assert.deepEqual([...written].sort(), [...fieldsOf(heading).keys()].sort());
  const words = entries.map((entry) => ('state' in entry ? String(entry.state) : ''));
  assert.deepEqual(
    words.filter((word) => !states.includes(word)),
    [],
  );
});

/** Of a key's row, by column. */
const rowOf = (family: string): Record<Column, string> => {
  const [, , , , written = '', read = '', deleted = ''] = cells.find(([, key]) => key === `\`${family}\``) ?? [];
  return { 'written by': written, 'read by': read, 'deleted by': deleted };
};

test('who writes, reads and deletes each key is what the document says', () => {
  const wrong = new Set<string>();
  const found = new Map<Column, number>();
  const done = new Set<string>();
  for (const commands of connections.values()) {
    const role = roleOf(commands);
    if (role === null) continue;
    for (const command of commands) {
      for (const [column, key] of touchedBy(command)) {
        const row = rowOf(familyOf(key));
        // who writes a key may look at it
        const allowed = column === 'read by' ? row[column] + row['written by'] : row[column];
        if (!allowed.includes(role)) wrong.add(`${familyOf(key)} is ${column} a ${role} (${command[0]})`);
        else found.set(column, (found.get(column) ?? 0) + 1);
        done.add(`${familyOf(key)} ${column} ${role}`);
      }
    }
  }
  assert.deepEqual([...wrong].sort(), []);
  assert.equal(found.size, 3);
  const said = [...types.keys()].flatMap((family) =>
    (['written by', 'read by', 'deleted by'] as const).flatMap((column) =>
      ROLES.filter((role) => rowOf(family)[column].includes(role)).map((role) => `${family} ${column} ${role}`),
    ),
  );
  const elsewhere = new Set(Object.values(ELSEWHERE).flatMap((ones) => ones.map((one) => KEY_PREFIX + one)));
  assert.deepEqual(
    said.filter((one) => !done.has(one) && !elsewhere.has(one)),
    [],
    'nobody does that',
  );
  assert.deepEqual(
    [...elsewhere].filter((one) => !said.includes(one)),
    [],
  );
  const files = Object.keys(ELSEWHERE).map((name) => join(import.meta.dirname, `${name}.test.ts`));
  assert.deepEqual(
    files.filter((file) => !existsSync(file)),
    [],
  );
});

test('what Redis is to delete by itself it is told with the time of the document', () => {
  const wrong = new Set<string>();
  for (const [verb = '', key = '', ...words] of seen) {
    const seconds = verb === 'EXPIRE' ? words[0] : verb === 'SET' && words[1] === 'EX' ? words[2] : undefined;
    if (seconds === undefined) continue;
    const text = `${Number(seconds).toLocaleString('en-US')} s`;
    if (!cells.some(([, family, ...row]) => family === `\`${familyOf(key)}\`` && row.join().includes(text)))
      wrong.add(`${familyOf(key)} ${text}`);
  }
  assert.deepEqual([...wrong], []);
});
