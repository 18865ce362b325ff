/** What `npm test` counts is what has run: no test is lost between a file's process and the summary. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { slowestFiles } from '../../scripts/test-order.ts';
import { waitFor } from '../../testing/wait-for.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the test runner', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ff-runner-'));
  after(() => rmSync(folder, { recursive: true }));

  type Run = Promise<{ code: number; out: string }> & { child: ChildProcess };
  const runOn = (...programs: string[]): Run => {
    const files = programs.map((program, index) => {
      const file = join(folder, `${index}.test.mjs`);
      writeFileSync(file, `import { test } from 'node:test';\n${program}`);
      return file;
    });
    const { promise, resolve } = Promise.withResolvers<{ code: number; out: string }>();
    const child = execFile(process.execPath, ['scripts/test.ts', ...files], { cwd: root }, (error, out) =>
      resolve({ code: error === null ? 0 : Number(error.code), out }),
    );
    return Object.assign(promise, { child });
  };

  it('counts every test of a file with many', async () => {
    const { code, out } = await runOn("for (let i = 0; i < 2000; i += 1) test(`${i} ${'x'.repeat(60)}`, () => {});");
    assert.equal(code, 0);
    assert.match(out, /ℹ tests 2000\nℹ suites 0\nℹ pass 2000\n/);
  });

  it('fails for a test that fails and for a file that cannot be read, and names both at the end', async () => {
    const { code, out } = await runOn(
      "test('good', () => {});",
      "test('bad', () => { throw new Error('no'); });",
      ');',
    );
    assert.equal(code, 1);
    assert.match(
      out,
      /ℹ fail 2\n[^]*failed\n✖ .*1\.test\.mjs\n {2}bad\n {4}Error: no\n {4} +at [^✖]*\n✖ .*2\.test\.mjs\n/,
    );
    assert.match(out.slice(out.lastIndexOf('failed\n')), /SyntaxError/);
  });

  it('shows at the end what the processes of a failed test said, and of long errors the ends only', async () => {
    const explain = join(root, 'testing/explain-failures.ts');
    const { out } = await runOn(
      `import { explainFailures } from '${explain}'; explainFailures(async () => 'the driver has ended');
       test('late', { timeout: 10 }, () => new Promise(() => setTimeout(() => {}, 3_600_000)));
       test('long', () => { throw new Error('x\\n'.repeat(1000) + 'end of it'); });
       test('good', () => {});`,
    );
    const end = out.slice(out.lastIndexOf('failed\n'));
    assert.match(end, /\n {2}late\n {4}test timed out after 10ms\n {4}the driver has ended\n {2}long\n/);
    assert.match(end, /\n {4}… \d+ lines …\n {4}x\n[^]*end of it[^]*\n {4}the driver has ended\n$/);
    assert.doesNotMatch(end, /good/);
  });

  it('a test that leaves something open does not keep its file from ending', async () => {
    const { code } = await runOn("test('open', () => void setInterval(() => {}, 1000));");
    assert.equal(code, 0);
  });

  it('ends with the file that runs when it is told to end, and begins no other', async () => {
    const [begun, next] = [join(folder, 'begun'), join(folder, 'next')];
    const write = (file: string): string => `import { writeFileSync } from 'node:fs'; writeFileSync('${file}', '');`;
    const running = runOn(
      `${write(begun)} test('long', () => new Promise((end) => setTimeout(end, 3_600_000)));`,
      `${write(next)} test('next', () => {});`,
    );
    await waitFor('the first file', () => existsSync(begun));
    running.child.kill('SIGTERM');
    assert.equal((await running).code, 1);
    assert.equal(existsSync(next), false);
  });

  it('files that take long, and those of which the last slow run is recorded, are named as they are', () => {
    const recorded = Object.keys(JSON.parse(readFileSync(join(root, 'test/slow-tests.json'), 'utf8')) as object);
    assert.deepEqual(
      [...slowestFiles, ...recorded].filter((file) => !existsSync(join(root, file))),
      [],
    );
  });
});
