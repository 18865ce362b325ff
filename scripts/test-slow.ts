// npm run test:slow: the test files that have tests of the slow tier, with these tests, one file after the other.
// Writes what each came to into test/slow-tests.json, as it goes: of several runs the last of each file counts.
// Usage: test-slow.ts [FILE ...]
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import * as z from 'zod';
import { readJson } from '../local-cloud/read-json.ts';
import { type Ran, runTestFile } from './run-test-file.ts';

/** Read by the helper that this names; a file that imports it has slow tests. */
const variable = 'FF_SLOW_TESTS';
const helper = '/only-slow.ts';
const recordFile = 'test/slow-tests.json';
const LIMIT_SECONDS = 600;

const rowSchema = z.object({
  date: z.string(),
  commit: z.string(),
  passed: z.number(),
  failed: z.number(),
  skipped: z.number(),
  /** Known failures. */
  todo: z.number(),
  seconds: z.number(),
  failures: z.array(z.string()).readonly(),
});
type Row = z.infer<typeof rowSchema>;

function slowFiles(): string[] {
  return globSync('test/**/*.test.ts')
    .filter((file) => readFileSync(file, 'utf8').includes(`${helper}'`))
    .toSorted();
}

/** What was tested: a commit, with a mark when other files than the record have changed since. */
function testedCommit(): string {
  const git = (...args: string[]): string => execFileSync('git', args).toString().trim();
  try {
    const changed = git('status', '--porcelain', '--', '.', `:!${recordFile}`) !== '';
    return `${git('rev-parse', '--short=12', 'HEAD')}${changed ? ' with changes' : ''}`;
  } catch {
    return 'unknown';
  }
}

function rowOf({ code, counts, failures, seconds }: Ran, commit: string): Row {
  const { passed, failed, cancelled, skipped, todo } = counts;
  // A file that ends badly although no test failed, as the network guard makes it do, is no success.
  const isBad = code !== 0 && failed + cancelled === 0;
  return {
    ...{ date: new Date().toISOString().slice(0, 16).replace('T', ' '), commit },
    ...{ passed, failed: failed + cancelled + (isBad ? 1 : 0), skipped, todo, seconds: Math.round(seconds) },
    failures: isBad ? [`the file ended with ${code}`] : failures.map(({ name }) => name),
  };
}

async function record(file: string, row: Row): Promise<void> {
  const before = existsSync(recordFile) ? readJson(recordFile, z.record(z.string(), rowSchema)) : {};
  const rows = Object.entries({ ...before, [file]: row }).filter(([name]) => existsSync(name));
  const sorted = Object.fromEntries(rows.toSorted(([a], [b]) => a.localeCompare(b)));
  const style = await resolveConfig(recordFile);
  writeFileSync(recordFile, await format(JSON.stringify(sorted), { ...style, filepath: recordFile }));
}

async function main(named: readonly string[]): Promise<number> {
  process.env[variable] = '1';
  const commit = testedCommit();
  const lines: string[] = [];
  let failed = 0;
  for (const file of named.length > 0 ? named : slowFiles()) {
    const ran = await runTestFile(file, { limitSeconds: LIMIT_SECONDS, isOnlyOne: false });
    const row = rowOf(ran, commit);
    await record(file, row);
    failed += row.failed;
    const counts = `${row.passed} passed, ${row.failed} failed, ${row.skipped} skipped, ${row.todo} known failures`;
    lines.push(`${row.failed === 0 ? '✔' : '✖'} ${file}: ${counts}`, ...row.failures.map((name) => `    ${name}`));
  }
  process.stdout.write(`\n${lines.join('\n')}\nwritten to ${recordFile}\n`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
