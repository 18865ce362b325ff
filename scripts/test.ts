// npm test and its parts: runs groups of test files with node's runner, each group as concurrent as it can be, and
// prints one summary in node's words at the end. Usage: test.ts [GROUP | FILE ...]; without arguments the checks and
// every group but those that take longest.
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCacheDir } from '../local-cloud/composition/compile-cache.ts';

interface Group {
  readonly patterns: readonly string[];
  /**
   * Files at a time: more than processors where tests mostly wait for processes, 1 where these would starve each other.
   */
  readonly concurrency: number;
  /**
   * For each test: against hanging, with room for a machine several times slower. A test
   * that takes longer states its own `timeout`.
   */
  readonly limitSeconds: number;
  /** Runs only when it is named. */
  readonly onlyNamed?: true;
}

type Limits = Pick<Group, 'concurrency' | 'limitSeconds'>;

/** In this order: the checks run beside the first group, which leaves them the processors while it waits. */
const groups: Readonly<Record<string, Group>> = {
  r: { patterns: ['test/r/**/*.test.ts'], concurrency: 3, limitSeconds: 240 },
  unit: { patterns: ['test/unit/**/*.test.ts', 'test/rules/**/*.test.ts'], concurrency: 2, limitSeconds: 60 },
  contract: { patterns: ['test/contract/**/*.test.ts'], concurrency: 3, limitSeconds: 150 },
  faults: { patterns: ['test/faults/**/*.test.ts'], concurrency: 1, limitSeconds: 600, onlyNamed: true },
  journey: { patterns: ['test/journey/**/*.test.ts'], concurrency: 3, limitSeconds: 300 },
};

/** What node's runner prints at the end of a run. */
type Counts = Record<'tests' | 'suites' | 'passed' | 'failed' | 'cancelled' | 'skipped' | 'todo', number>;

const noCounts: Counts = { tests: 0, suites: 0, passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0 };

/**
 * Runs some files under the network guard. What a hung test leaves open does not keep its file from ending;
 * the counts come from summary-reporter.mjs.
 */
async function runFiles(files: readonly string[], group: Limits): Promise<{ counts: Counts; code: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'ff-test-'));
  const summaryFile = join(folder, 'summary.json');
  const args = [
    ...['--import', './test/support/network-guard.ts', '--test', `--test-concurrency=${group.concurrency}`],
    ...[
      `--test-timeout=${group.limitSeconds * 1000}`,
      '--test-force-exit',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
    ],
    ...['--test-reporter=./scripts/summary-reporter.mjs', `--test-reporter-destination=${summaryFile}`],
  ];
  const code = await runNode([...args, ...files]);
  const text = readFileSync(summaryFile, { encoding: 'utf8', flag: 'a+' });
  rmSync(folder, { recursive: true });
  return { counts: text === '' ? { ...noCounts, failed: 1 } : (JSON.parse(text) as Counts), code };
}

function runNode(args: readonly string[]): Promise<number> {
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCacheDir };
  const child = spawn(process.execPath, args, { stdio: 'inherit', env });
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGTERM', passOn);
  return new Promise((resolve) =>
    child.on('exit', (code) => {
      process.off('SIGTERM', passOn);
      resolve(code ?? 1);
    }),
  );
}

function addCounts(a: Counts, b: Counts): Counts {
  return Object.fromEntries(
    Object.keys(noCounts).map((key) => [key, a[key as keyof Counts] + b[key as keyof Counts]]),
  ) as Counts;
}

function printSummary(counts: Counts, milliseconds: number): void {
  const { passed, failed, ...rest } = counts;
  const rows = { tests: rest.tests, suites: rest.suites, pass: passed, fail: failed, cancelled: rest.cancelled };
  const lines = Object.entries({ ...rows, skipped: rest.skipped, todo: rest.todo, duration_ms: milliseconds });
  process.stdout.write(`\nall groups\n${lines.map(([name, value]) => `ℹ ${name} ${value}\n`).join('')}`);
}

async function main(names: readonly string[]): Promise<number> {
  const begin = Date.now();
  let counts = noCounts;
  let code = 0;
  const checks = names.length === 0 ? runNode(['scripts/check.ts', '--without-rules']) : Promise.resolve(0);
  const unknown = names.filter((name) => groups[name] === undefined);
  const chosen =
    names.length === 0
      ? Object.keys(groups).filter((name) => !groups[name]!.onlyNamed)
      : names.filter((name) => groups[name] !== undefined);
  const runs = chosen.map((name) => ({
    name,
    files: globSync([...groups[name]!.patterns]).sort(),
    limits: groups[name]! as Limits,
  }));
  if (unknown.length > 0) runs.push({ name: 'files', files: unknown, limits: { concurrency: 1, limitSeconds: 300 } });
  for (const { name, files, limits } of runs) {
    if (files.length === 0) continue;
    process.stdout.write(`\n== ${name}: ${files.length} files\n`);
    const result = await runFiles(files, limits);
    counts = addCounts(counts, result.counts);
    code = Math.max(code, result.code);
  }
  const checked = await checks;
  if (checked !== 0) process.stdout.write('\n✖ the checks failed: see above, beside the first group\n');
  code = Math.max(code, checked);
  printSummary(counts, Date.now() - begin);
  return counts.tests === 0 || counts.failed + counts.cancelled > 0 ? Math.max(code, 1) : code;
}

process.exitCode = await main(process.argv.slice(2));
