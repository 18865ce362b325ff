// One test file as a process of its own, under the network guard. What a hung test leaves open does not keep it from
// ending.
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { compileCacheDir } from '../local-cloud/composition/compile-cache.ts';
import { parseJson } from '../local-cloud/read-json.ts';

const count = z.number();
const countsSchema = z.object({
  ...{ tests: count, suites: count, passed: count, failed: count },
  ...{ cancelled: count, skipped: count, todo: count },
});

/** What node's runner prints at the end of a file. */
export type Counts = z.infer<typeof countsSchema>;

/** Shown of a file that says nothing of its tests. */
const LAST_LINES = 40;

export const noCounts: Counts = { tests: 0, suites: 0, passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0 };

/** Of a test: its name, and its error in lines. */
const failureSchema = z.object({ name: z.string(), why: z.array(z.string()).readonly() });
export type Failure = z.infer<typeof failureSchema>;

/** As summary-reporter.mjs writes it. */
const summarySchema = z.object({ counts: countsSchema, failures: z.array(failureSchema).readonly() });

export interface Ran {
  file: string;
  code: number;
  counts: Counts;
  failures: readonly Failure[];
  seconds: number;
}

/**
 * Its report goes into a file and is shown when it has ended. Not through a pipe, as `node --test` does it: a process
 * that exits by force loses what nobody has read from the pipe yet, tests and all (nodejs/node#64833). The
 * only one of a run may write to a terminal or a file itself, so that it can be followed.
 */
export async function runTestFile(
  file: string,
  { limitSeconds, isOnlyOne }: { limitSeconds: number; isOnlyOne: boolean },
): Promise<Ran> {
  const begin = Date.now();
  const folder = mkdtempSync(join(tmpdir(), 'ff-test-'));
  const reportFile = join(folder, 'report.txt');
  const summaryFile = join(folder, 'summary.json');
  const output = isOnlyOne && isWholeWhenInherited() ? ('inherit' as const) : openSync(reportFile, 'w');
  let report = '';
  const code = await runNode([...flags(limitSeconds, summaryFile), file], output);
  if (output !== 'inherit') {
    closeSync(output);
    report = readFileSync(reportFile, 'utf8');
    process.stdout.write(`\n== ${file}\n${report}`);
  }
  const summary = readFileSync(summaryFile, { encoding: 'utf8', flag: 'a+' });
  rmSync(folder, { recursive: true });
  const { counts, failures } =
    summary === ''
      ? {
          counts: { ...noCounts, failed: 1 },
          failures: [{ name: 'the file ended before its tests', why: lastLines(report) }],
        }
      : parseJson(summary, summarySchema);
  return { file, code, counts, failures, seconds: (Date.now() - begin) / 1000 };
}

function lastLines(text: string): string[] {
  return text.trimEnd().split('\n').slice(-LAST_LINES);
}

function flags(limitSeconds: number, summaryFile: string): string[] {
  return [
    ...['--import', './test/support/network-guard.ts', '--import', './test/support/failure-report.ts'],
    ...[`--test-timeout=${limitSeconds * 1000}`, '--test-force-exit'],
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...['--test-reporter=./scripts/summary-reporter.mjs', `--test-reporter-destination=${summaryFile}`],
  ];
}

function isWholeWhenInherited(): boolean {
  return process.stdout.isTTY || fstatSync(1).isFile();
}

function runNode(args: readonly string[], output: number | 'inherit'): Promise<number> {
  // Node sets NODE_TEST_CONTEXT for tests; a runner that a test starts would report in node's own binary form.
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCacheDir, NODE_TEST_CONTEXT: undefined };
  const child = spawn(process.execPath, args, { stdio: ['inherit', output, output], env });
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGTERM', passOn);
  return new Promise((resolve) =>
    child.on('exit', (code) => {
      process.off('SIGTERM', passOn);
      resolve(code ?? 1);
    }),
  );
}

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    tests: a.tests + b.tests,
    suites: a.suites + b.suites,
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    cancelled: a.cancelled + b.cancelled,
    skipped: a.skipped + b.skipped,
    todo: a.todo + b.todo,
  };
}
