// The examples as a user runs them in plain R, without any of our own machinery: same results
// under %do% and doRedis, files as promised.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { projectRoot } from '../support/source-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'ff-examples-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A copy without what an earlier run may have left in the example's folder. */
function copyExample(name: string): string {
  const target = join(folder, name);
  cpSync(join(projectRoot, 'examples', name), target, {
    recursive: true,
    filter: (file) => !/\.(csv|png|pdf|rds)$/.test(file),
  });
  return target;
}

async function runR(cwd: string, ...args: string[]): Promise<string> {
  const libraries = [join(projectRoot, '.local/R'), process.env['R_LIBS']].filter(Boolean).join(':');
  const child = spawn('Rscript', ['--no-save', ...args], { cwd, env: { ...process.env, R_LIBS: libraries } });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const ended = await once(child, 'close');
  assert.equal(ended[0], 0, output);
  return output;
}

describe('examples in plain R', () => {
  it('heritability: identical results with %do% and with two doRedis workers', async () => {
    const output = await runR(copyExample('heritability'), 'compare.R', '8');
    assert.match(output, /identical estimates: TRUE/);
    assert.match(output, /identical table: TRUE/);
  });

  it('heritability: table and plot are files, and the estimates are near the truth', async () => {
    const place = copyExample('heritability');
    await runR(place, 'run.R', '12');
    const rows = readFileSync(join(place, 'heritability.csv'), 'utf8').trim().split('\n').slice(1);
    const means = rows.map((row) => Number(row.split(',')[2]));
    assert.deepEqual(
      means.map((mean, index) => Math.abs(mean - 0.2 * (index + 1)) < 0.15),
      [true, true, true, true],
    );
    assert.ok(existsSync(join(place, 'heritability.png')) || existsSync(join(place, 'heritability.pdf')));
  });

  it('heritability: the data are the same every time', async () => {
    const place = copyExample('heritability');
    await runR(place, 'make-data.R', '.');
    const first = ['panel.RData', 'cohort.RData'].map((name) => readFileSync(join(place, name)));
    await runR(place, 'make-data.R', '.');
    const second = ['panel.RData', 'cohort.RData'].map((name) => readFileSync(join(place, name)));
    assert.deepEqual(
      first.map((bytes, index) => bytes.equals(second[index]!)),
      [true, true],
    );
    assert.ok(first[0]!.length > 5_000_000);
  });

  it('bootstrap: both loops leave their table', async () => {
    const place = copyExample('bootstrap');
    assert.match(await runR(place, 'run.R', '2'), /50 samples in each loop/);
    assert.equal(readFileSync(join(place, 'coefficients.csv'), 'utf8').trim().split('\n').length, 4);
    assert.ok(existsSync(join(place, 'prediction.csv')));
  });

  it('hello: pi in one file', async () => {
    const place = copyExample('hello');
    assert.match(await runR(place, 'run.R'), /pi is about 3\.14/);
    assert.equal(readFileSync(join(place, 'pi.csv'), 'utf8').trim().split('\n').length, 25);
  });
});
