/** Listings: prefixes, folders, globs, pages, order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { globToRegExp } from '../../local-cloud/storage/semantics/glob.ts';
import { compareNames, SortedNames } from '../../local-cloud/storage/semantics/sorted-names.ts';
import { startLocal } from '../support/storage-local.ts';

const NAMES = ['a/1.csv', 'a/2.R', 'a/sub/3.csv', 'a/sub/4', 'b/5.csv', 'c', 'c.csv', 'd/', 'd/6'];

async function filled(t: Parameters<typeof startLocal>[0], bucketName = 'box') {
  const local = await startLocal(t);
  const bucket = local.client.bucket(bucketName);
  await Promise.all(NAMES.map((name) => bucket.file(name).save(name, { resumable: false })));
  const list = async (query: object) => {
    const [files, , response] = await bucket.getFiles({ autoPaginate: false, ...query });
    const { prefixes, nextPageToken } = response as { prefixes?: string[]; nextPageToken?: string };
    return { names: files.map((file) => file.name), prefixes, nextPageToken };
  };
  return { ...local, bucket, list };
}

const rows: { title: string; query: object; names: string[]; prefixes?: string[] }[] = [
  { title: 'everything, in order', query: {}, names: NAMES },
  { title: 'prefix', query: { prefix: 'a/' }, names: NAMES.slice(0, 4) },
  { title: 'prefix that is no folder', query: { prefix: 'c' }, names: ['c', 'c.csv'] },
  { title: 'folders', query: { delimiter: '/' }, names: ['c', 'c.csv'], prefixes: ['a/', 'b/', 'd/'] },
  {
    title: 'within a folder',
    query: { prefix: 'a/', delimiter: '/' },
    names: ['a/1.csv', 'a/2.R'],
    prefixes: ['a/sub/'],
  },
  { title: 'an object named like its folder', query: { prefix: 'd/', delimiter: '/' }, names: ['d/', 'd/6'] },
  {
    title: 'such an object beside its folder',
    query: { prefix: 'd', delimiter: '/', includeTrailingDelimiter: true },
    names: ['d/'],
    prefixes: ['d/'],
  },
  {
    title: 'from and before',
    query: { startOffset: 'a/sub/', endOffset: 'c' },
    names: ['a/sub/3.csv', 'a/sub/4', 'b/5.csv'],
  },
  { title: 'glob within a folder', query: { matchGlob: 'a/*.csv' }, names: ['a/1.csv'] },
  { title: 'glob over folders', query: { matchGlob: '**.csv' }, names: ['a/1.csv', 'a/sub/3.csv', 'b/5.csv', 'c.csv'] },
  { title: 'glob with choices', query: { matchGlob: '{a,b}/[1-5].{csv,R}' }, names: ['a/1.csv', 'a/2.R', 'b/5.csv'] },
  { title: 'nothing', query: { prefix: 'zzz' }, names: [] },
];

test('listings', async (t) => {
  const { list } = await filled(t);
  for (const { title, query, names, prefixes } of rows) {
    const page = await list(query);
    assert.deepEqual([page.names, page.prefixes], [names, prefixes], title);
  }
});

test('pages of any size show everything once', async (t) => {
  const { bucket } = await filled(t);
  for (const query of [{}, { delimiter: '/' }, { prefix: 'a/', delimiter: '/' }]) {
    const whole = await collect(query, 1000);
    for (let size = 1; size <= 4; size++) assert.deepEqual(await collect(query, size), whole, `${size}`);
  }

  async function collect(query: object, maxResults: number) {
    const found: string[] = [];
    let pageToken: string | undefined;
    do {
      const [files, , response] = await bucket.getFiles({
        autoPaginate: false,
        maxResults,
        ...query,
        ...(pageToken ? { pageToken } : {}),
      });
      const page = response as { prefixes?: string[]; nextPageToken?: string };
      assert.ok(files.length + (page.prefixes?.length ?? 0) <= maxResults);
      found.push(...files.map((file) => file.name), ...(page.prefixes ?? []));
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    return found.sort();
  }
});

test('what is overwritten or deleted between two pages does not show twice', async (t) => {
  const { bucket, list } = await filled(t);
  const first = await list({ maxResults: 2 });
  await bucket.file(first.names[1]!).save('again', { resumable: false });
  await bucket.file(first.names[0]!).delete();
  const second = await list({ maxResults: 1000, pageToken: first.nextPageToken });
  assert.deepEqual(second.names, NAMES.slice(2));
});

test('versions are listed page by page, oldest first', async (t) => {
  const { bucket } = await filled(t, 'kept');
  await bucket.file('c').save('newer', { resumable: false });
  await bucket.file('a/1.csv').delete();
  const names: string[] = [];
  let pageToken: string | undefined;
  do {
    const query = { versions: true, maxResults: 2, autoPaginate: false, ...(pageToken ? { pageToken } : {}) };
    const [files, , response] = await bucket.getFiles(query);
    names.push(...files.map((file) => file.name));
    pageToken = (response as { nextPageToken?: string }).nextPageToken;
  } while (pageToken !== undefined);
  assert.deepEqual(names, [...NAMES.slice(0, 6), 'c', ...NAMES.slice(6)]);
  const [live] = await bucket.getFiles({});
  assert.deepEqual(
    live.map((file) => file.name),
    NAMES.slice(1),
  );
  const [, , response] = await bucket.getFiles({ prefix: 'b', delimiter: '/', autoPaginate: false });
  assert.deepEqual((response as { prefixes?: string[] }).prefixes, ['b/']);
  await bucket.file('b/5.csv').delete();
  const [, , after] = await bucket.getFiles({ prefix: 'b', delimiter: '/', autoPaginate: false });
  assert.equal((after as { prefixes?: string[] }).prefixes, undefined);
});

test('a page token that is none is refused', async (t) => {
  const { list } = await filled(t);
  await assert.rejects(list({ pageToken: 'nonsense' }), { code: 400 });
});

test('names are kept in the order of their bytes', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 5 })),
      fc.array(fc.nat(200)),
      (names, looks) => {
        const sorted = new SortedNames();
        names.forEach((name, n) => {
          sorted.add(name);
          if (looks.includes(n)) sorted.at(0);
        });
        const expected = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        assert.deepEqual(
          expected.map((_, n) => sorted.at(n)),
          expected,
        );
        for (const name of names) assert.equal(sorted.at(sorted.lowerBound(name)), name);
        assert.ok(expected.every((name, n) => n === 0 || compareNames(expected[n - 1]!, name) < 0));
      },
    ),
  );
});

test('globs', () => {
  const cases: [glob: string, name: string, matches: boolean][] = [
    ['*', 'a', true],
    ['*', 'a/b', false],
    ['a/**', 'a/b/c', true],
    ['?', 'ü', true],
    ['??', '😀', false],
    ['[!a]', 'b', true],
    ['[!a]', 'a', false],
    ['a.b', 'axb', false],
    ['\\*', '*', true],
    ['(a|b)+', '(a|b)+', true],
    ['{x,y*}', 'yes', true],
  ];
  for (const [glob, name, matches] of cases) assert.equal(globToRegExp(glob).test(name), matches, `${glob} ${name}`);
});
