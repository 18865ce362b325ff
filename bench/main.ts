/**
 * `node bench/main.ts [NAME ...] [--json FILE] [--quick]`: measures and prints one table per benchmark. Never asserts a
 * time: a slow or busy machine is no failure; the load is printed beside the figures.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { backUp } from './back-up.ts';
import type { Benchmark } from './benchmark.ts';
import { engineDoRedis } from './engine-doredis.ts';
import { engineKill } from './engine-kill.ts';
import { enginePeers } from './engine-peers.ts';
import { onePass } from './one-pass.ts';
import { startUp } from './start-up.ts';
import { drawPlot } from './plot.ts';
import { renderTable, type Result } from './table.ts';
import { wholeExample } from './whole-example.ts';

const benchmarks: readonly Benchmark[] = [
  onePass,
  startUp,
  backUp,
  wholeExample,
  engineDoRedis,
  enginePeers,
  engineKill,
];

const usage = `usage: node bench/main.ts [NAME ...] [--json FILE] [--quick]

${benchmarks.map(({ name, title }) => `  ${name.padEnd(14)} ${title}`).join('\n')}

  --quick      small sizes and few repetitions: shows that it works, the figures mean little
  --json FILE  the results as JSON as well
`;

async function measure(benchmark: Benchmark, quick: boolean): Promise<Result> {
  const before = loadavg()[0] ?? 0;
  const begin = performance.now();
  const { rows, notes } = await benchmark.run({ quick, say: (text) => process.stderr.write(`${text}\n`) });
  return {
    name: benchmark.name,
    title: benchmark.title,
    load: { before, after: loadavg()[0] ?? 0, processors: availableParallelism() },
    seconds: (performance.now() - begin) / 1000,
    rows,
    notes,
  };
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const unknown = positionals.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
  if (values.help || unknown.length > 0) {
    process.stderr.write(`${unknown.map((name) => `no benchmark is called ${name}\n`).join('')}${usage}`);
    return values.help ? 0 : 2;
  }
  const results: Result[] = [];
  const save = (): void => {
    if (values.json === undefined) return;
    const machine = { processors: availableParallelism(), memoryBytes: totalmem(), node: process.version };
    const document = { at: new Date().toISOString(), quick: values.quick, machine, results };
    writeFileSync(values.json, `${JSON.stringify(document, null, 2)}\n`);
  };
  for (const benchmark of benchmarks.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    const result = await measure(benchmark, values.quick);
    results.push(result);
    process.stdout.write(`${renderTable(result)}\n`);
    if (result.name.startsWith('engine-')) process.stderr.write(`plot: ${drawPlot(result)}\n`);
    save();
  }
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
