// npm run check: formatter, linter, types and the rules of the repository, side by side. Runs all of them, also when
// one fails. --without-rules: leaves out the rule tests, for `npm test`, which runs them among its own.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';

interface Outcome {
  readonly name: string;
  readonly isGood: boolean;
  readonly output: string;
  readonly seconds: number;
}

const steps: readonly (readonly [name: string, ...args: string[]])[] = [
  ['lint', 'node_modules/eslint/bin/eslint.js', '--max-warnings=0', '.'],
  ['types', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--pretty'],
  ['format', 'node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
  ['rules', '--test', '--test-reporter=dot', ...globSync('test/rules/*.test.ts').sort()],
];

function runStep([name, ...args]: readonly [string, ...string[]]): Promise<Outcome> {
  const begin = Date.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) =>
    child.on('close', (code) => resolve({ name, isGood: code === 0, output, seconds: (Date.now() - begin) / 1000 })),
  );
}

const chosen = steps.filter(([name]) => name !== 'rules' || !process.argv.includes('--without-rules'));
const outcomes = await Promise.all(chosen.map(runStep));
for (const { name, isGood, output, seconds } of outcomes) {
  process.stdout.write(`${isGood ? '' : output}${isGood ? '✔' : '✖'} ${name} (${seconds.toFixed(1)} s)\n`);
}
process.exitCode = outcomes.every(({ isGood }) => isGood) ? 0 : 1;
