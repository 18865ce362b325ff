/** A plot of a result, beside the table: R draws it, for R is what these benchmarks need anyway. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from './bundle.ts';
import type { Result } from './table.ts';

/** Where plots and the evidence of failed runs go; never committed. */
const outputFolder = join(project, '.local', 'bench');

/** Answers the file, or why there is none: a figure without a plot is still a figure. */
export function drawPlot(result: Result): string {
  mkdirSync(outputFolder, { recursive: true });
  const json = join(outputFolder, `${result.name}.json`);
  const svg = join(outputFolder, `${result.name}.svg`);
  writeFileSync(json, JSON.stringify(result));
  rmSync(svg, { force: true });
  const script = join(import.meta.dirname, 'engine', 'plot.R');
  const libraries = [process.env['R_LIBS'], join(project, '.local', 'R')].filter(Boolean).join(':');
  const child = spawnSync('Rscript', ['--vanilla', script, json, svg], {
    env: { ...process.env, R_LIBS: libraries },
    encoding: 'utf8',
  });
  return child.status === 0 ? svg : `no plot: ${child.error?.message ?? child.stderr.trim()}`;
}
