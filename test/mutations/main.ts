/**
 * npm run test:mutations: puts known bugs back, one at a time, into a copy of the project, and runs the tests of the
 * promises over it. Each must turn them red; a mutation that stays green is a hole in the tests.
 */
import { spawn } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mutations, type Mutation } from './known-mutations.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const COPIED = ['cli', 'docs', 'functions', 'local-cloud', 'manifests', 'terraform', 'test', 'testing', 'package.json'];
/** Where the promises are checked: whole passes, schedules of faults, and the tables of the rules. */
const SUITE = ['test/unit/reconcile/*.test.ts', 'test/unit/fault-schedules.test.ts'];
const LIMIT_MS = 180_000;

/** Whether all tests pass. */
async function runSuite(folder: string): Promise<boolean> {
  const files = SUITE.flatMap((pattern) => globSync(pattern, { cwd: folder }));
  const guard = ['--import', './test/support/network-guard.ts'];
  const args = [...guard, '--test', '--test-force-exit', '--test-reporter=dot', ...files];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore', timeout: LIMIT_MS });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code === 0));
  });
}

/** Answers what undoes it. */
function put(folder: string, { file, find, replace }: Mutation): () => void {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(find).length !== 2) throw new Error(`${file} must have this once: ${find}`);
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  return () => writeFileSync(path, text);
}

const folder = mkdtempSync(join(tmpdir(), 'ff-mutations-'));
try {
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  if (!(await runSuite(folder))) throw new Error('the tests fail without any mutation');
  let found = 0;
  for (const mutation of mutations) {
    const undo = put(folder, mutation);
    const isFound = !(await runSuite(folder));
    undo();
    found += isFound ? 1 : 0;
    process.stdout.write(`${isFound ? 'found' : 'NOT FOUND'}: ${mutation.name}\n`);
  }
  process.stdout.write(`${found} of ${mutations.length}\n`);
  process.exitCode = found === mutations.length ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
