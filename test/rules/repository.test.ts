// What must not be in the repository: paths of one machine, download addresses, marks of
// unfinished work, tests that are switched off.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as z from 'zod';
import { projectFiles, projectRoot } from '../support/source-files.ts';

const versions = z.record(z.string(), z.string());
const pinned = z.object({ dependencies: versions, devDependencies: versions });

const files = projectFiles()
  .filter((path) => !/\.(png|gz|xz|rds|RData|pdf|svg)$/.test(path))
  .map((path) => ({ path, text: readFileSync(projectRoot + path, 'utf8') }));

/** Lines that match, as "path:line: text". The patterns are put together so that this file does not match itself. */
function findLines(pattern: RegExp, isChecked: (path: string) => boolean = () => true): string[] {
  return files
    .filter(({ path }) => isChecked(path))
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : [])),
    );
}

const isSource = (path: string): boolean => /\.(ts|mjs|js|R|c|h|sh|ya?ml|tf)$/.test(path);

describe('repository', () => {
  it('contains no path of a particular machine', () => {
    const places = [
      ['/work', 'main'],
      ['/work', 'shared'],
      ['/tmp', 'briefs'],
      ['/home', '[a-z]'],
      ['/Users', '[A-Za-z]'],
      ['/root', ''],
    ];
    assert.deepEqual(findLines(new RegExp(`(^|[^\\w.])(${places.map((parts) => parts.join('/')).join('|')})`)), []);
  });

  it('names what stands beside it in one place, where tests look whether it is there', () => {
    const beside = new RegExp(['\\.\\.', 'shared', ''].join('/'));
    assert.deepEqual(
      findLines(beside, (path) => path !== 'test/support/needs-program.ts'),
      [],
    );
  });

  it('has a lock file without download addresses', () => {
    assert.deepEqual(
      findLines(/"resolved":\s*"https?:/, (path) => path === 'package-lock.json'),
      [],
    );
  });

  it('locks every package with a hash of its content, and installs none with its scripts', () => {
    const { packages } = JSON.parse(readFileSync(`${projectRoot}package-lock.json`, 'utf8')) as {
      packages: Record<string, { integrity?: string; link?: boolean }>;
    };
    const loose = Object.entries(packages).filter(([name, { integrity }]) => name !== '' && integrity === undefined);
    assert.deepEqual(
      loose.map(([name]) => name),
      [],
    );
    const installs = findLines(/'(ci|install)',/, (path) => path.startsWith('scripts/setup/'));
    assert.ok(installs.length > 0);
    assert.deepEqual(
      installs.filter((line) => line.includes("'ci'") && !line.includes("'--ignore-scripts'")),
      [],
    );
  });

  it('builds the image of workers on one of a fixed version', () => {
    const bases = findLines(/^FROM /, (path) => path === 'worker-image/Dockerfile');
    assert.deepEqual(
      bases.map((line) => /FROM [\w/-]+:\d+\.\d+\.\d+$/.test(line)),
      [true],
    );
  });

  it('names no package registry in its own code', () => {
    const registries = [
      'registry\\.npmjs',
      'cran\\.r-project',
      'cloud\\.r-project',
      'deb\\.debian',
      'archive\\.ubuntu',
    ];
    assert.deepEqual(findLines(new RegExp(registries.join('|')), isSource), []);
  });

  it('switches no test off for good', () => {
    const marks = ['skip', 'only', 'todo'].join('|');
    const pattern = new RegExp(`\\b(it|test|describe|suite)\\.(${marks})\\b|\\b(${marks}):\\s*true\\b`);
    assert.deepEqual(
      findLines(pattern, (path) => path.startsWith('test/')),
      [],
    );
  });

  it('says in one way which tests are slow', () => {
    const variable = ['FF_SLOW', 'TESTS'].join('_');
    const readers = ['test/support/only-slow.ts', 'scripts/test-slow.ts'];
    assert.deepEqual(
      findLines(new RegExp(variable), (path) => path.endsWith('.ts') && !readers.includes(path)),
      [],
    );
  });

  it('has no marks of unfinished work', () => {
    const marks = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|');
    assert.deepEqual(findLines(new RegExp(`\\b(${marks})\\b`), isSource), []);
  });

  it('pins every dependency exactly', () => {
    const { dependencies, devDependencies } = pinned.parse(
      JSON.parse(readFileSync(`${projectRoot}package.json`, 'utf8')),
    );
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    assert.deepEqual(loose, []);
  });
});
