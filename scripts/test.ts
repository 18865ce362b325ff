// npm test and its parts: runs test files, several at a time and those that take longest first, and prints one summary
// in node's words at the end. Usage: test.ts [GROUP | FILE ...]; without arguments the checks, and every group but
// those that take longest.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { matchesGlob } from 'node:path';
import { compileCacheDir } from '../local-cloud/composition/compile-cache.ts';
import { addCounts, type Counts, noCounts, type Ran, runTestFile } from './run-test-file.ts';
import { groups } from './test-groups.ts';
import { longestFirst } from './test-order.ts';

/** More than processors: tests wait for processes, and some for a minute. Files that are named run one by one. */
const FILES_AT_A_TIME = 4;
/** Of a file that belongs to no group. */
const OTHER_LIMIT_SECONDS = 60;
const SLOWEST_SHOWN = 10;

interface TestFile {
  file: string;
  limitSeconds: number;
}

function filesOf(names: readonly string[]): { files: TestFile[]; atATime: number } {
  const chosen = names.length > 0 ? names : Object.keys(groups).filter((name) => groups[name]?.onlyNamed !== true);
  const files = chosen.flatMap((name): TestFile[] => {
    const group = groups[name];
    if (group === undefined) return [{ file: name, limitSeconds: limitOf(name) }];
    return globSync([...group.patterns]).map((file) => ({ file, limitSeconds: group.limitSeconds }));
  });
  const isOneByOne = chosen.some((name) => groups[name]?.onlyNamed ?? groups[name] === undefined);
  return { files: isOneByOne ? files : longestFirst(files), atATime: isOneByOne ? 1 : FILES_AT_A_TIME };
}

/** The limit of the group that the file belongs to. */
function limitOf(file: string): number {
  const own = Object.values(groups).find(({ patterns }) => patterns.some((pattern) => matchesGlob(file, pattern)));
  return own?.limitSeconds ?? OTHER_LIMIT_SECONDS;
}

/** Takes them in their order. */
async function runAll(files: readonly TestFile[], atATime: number): Promise<Ran[]> {
  const queue = [...files];
  const done: Ran[] = [];
  // The files that run are told by runTestFile().
  process.once('SIGTERM', () => queue.splice(0));
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      done.push(await runTestFile(next.file, { limitSeconds: next.limitSeconds, isOnlyOne: files.length === 1 }));
  };
  await Promise.all(Array.from({ length: atATime }, lane));
  return done;
}

function runChecks(): Promise<number> {
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCacheDir };
  const child = spawn(process.execPath, ['scripts/check.ts', '--without-rules'], { stdio: 'inherit', env });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

function printSummary(runs: readonly Ran[], counts: Counts, milliseconds: number): void {
  const slowest = runs.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST_SHOWN);
  if (runs.length > 1)
    say(['', 'slowest files', ...slowest.map(({ file, seconds }) => `${seconds.toFixed(1)} s ${file}`)]);
  const { passed, failed, ...rest } = counts;
  const rows = { tests: rest.tests, suites: rest.suites, pass: passed, fail: failed, cancelled: rest.cancelled };
  const lines = Object.entries({ ...rows, skipped: rest.skipped, todo: rest.todo, duration_ms: milliseconds });
  say(['', 'all files', ...lines.map(([name, value]) => `ℹ ${name} ${value}`)]);
}

/** At the very end, so that a log that is cut still says why. */
function describeFailed({ file, failures }: Ran): string[] {
  const whys = failures.flatMap(({ name, why }) => [`  ${name}`, ...why.map((line) => `    ${line}`)]);
  return [`✖ ${file}`, ...whys];
}

function say(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function main(names: readonly string[]): Promise<number> {
  const begin = Date.now();
  const checks = names.length === 0 ? runChecks() : Promise.resolve(0);
  const { files, atATime } = filesOf(names);
  const runs = await runAll(files, atATime);
  const checked = await checks;
  const counts = runs.reduce((sum, run) => addCounts(sum, run.counts), noCounts);
  printSummary(runs, counts, Date.now() - begin);
  const failed = runs.filter(({ code }) => code !== 0).flatMap(describeFailed);
  if (checked !== 0) failed.push('✖ the checks: see above');
  if (failed.length > 0) say(['', 'failed', ...failed]);
  return failed.length > 0 || counts.tests === 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
