// Nothing is kept that nobody needs. A value is exported only for another file; the compiler tells of what a file does
// not use itself. A package is a runtime dependency only if what runs imports it, and its reason is written down.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { projectFiles, projectRoot } from '../support/source-files.ts';
import { importsOf, membersAndTypesIn, valuesExportedBy } from '../support/source-imports.ts';

const sources = projectFiles().filter((path) => /\.(ts|mjs)$/.test(path));
const imports = sources.flatMap(importsOf);

describe('exported values', () => {
  it('are each imported by another file', () => {
    const used = new Set(
      imports.flatMap(({ to, names }) => (names === 'all' ? `${to} all` : names.map((name) => `${to} ${name}`))),
    );
    const exported = sources
      .filter((path) => path.endsWith('.ts'))
      .map((path) => [path, valuesExportedBy(path)] as const);
    const unused = exported.flatMap(([path, names]) => {
      if (used.has(`${path} all`)) return [];
      return names.filter((name) => !used.has(`${path} ${name}`)).map((name) => `${path} ${name}`);
    });
    assert.deepEqual(unused, []);
  });
});

describe('members and types', () => {
  it('have each a name that stands somewhere else as well', () => {
    const times = new Map<string, number>();
    for (const path of sources)
      for (const [word] of readFileSync(projectRoot + path, 'utf8').matchAll(/[\w$]+/g))
        times.set(word, (times.get(word) ?? 0) + 1);
    const alone = sources.flatMap((path) =>
      membersAndTypesIn(path).flatMap((name) => (times.get(name) === 1 ? [`${path} ${name}`] : [])),
    );
    assert.deepEqual(alone, []);
  });
});

describe('our own lines where a library is known', () => {
  const own = [
    'local-cloud/kubernetes/verbs/patch-json.ts',
    'local-cloud/kubernetes/wire/protobuf.ts',
    'local-cloud/storage/semantics/glob.ts',
    'local-cloud/storage/wire/multipart.ts',
    'scripts/zip.ts',
    'worker-image/src/hash.c',
    'worker-image/src/redis.c',
  ];

  for (const path of own)
    it(`${path} says why in its head`, () => {
      const head = readFileSync(projectRoot + path, 'utf8').split(/^(import|#include) /m)[0] ?? '';
      assert.match(head, /Own code, because/);
    });
});

describe('runtime dependencies', () => {
  const { dependencies } = JSON.parse(readFileSync(`${projectRoot}package.json`, 'utf8')) as { dependencies: object };
  const stated = Object.keys(dependencies);
  const running = imports.filter(({ from, to, isTypeOnly }) => {
    const isOurs = to === 'package.json' || /^(functions|cli|local-cloud|scripts)\//.test(to);
    return /^(functions|cli)\//.test(from) && !isTypeOnly && !isOurs && !to.startsWith('node:');
  });
  const imported = new Set(
    running.map(({ to }) =>
      to
        .split('/')
        .slice(0, to.startsWith('@') ? 2 : 1)
        .join('/'),
    ),
  );

  it('are what functions/ and cli/ import, and nothing else', () => {
    assert.deepEqual([...imported].sort(), stated.toSorted());
  });

  it('have their reason in ARCHITECTURE.md', () => {
    const text = readFileSync(`${projectRoot}ARCHITECTURE.md`, 'utf8').split(/^## Runtime dependencies$/m)[1] ?? '';
    const rows = [...text.matchAll(/^\| ([^|]+?) +\|/gm)].flatMap(([, names = '']) => names.split(', '));
    const shortNames = (names: readonly string[]): string[] =>
      names.map((name) => name.replace(/^@google-cloud\//, ''));
    const reasons = shortNames(rows.filter((name) => !/^(package|-+)$/.test(name)));
    assert.deepEqual(reasons.toSorted(), shortNames(stated).toSorted());
  });
});
