/** A resume with very many results, within the memory that the deployed functions have. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { onlySlow } from '../../support/only-slow.ts';
import { projectRoot } from '../../support/source-files.ts';

const deployed = readFileSync(`${projectRoot}terraform/functions.tf`, 'utf8');
const options = /NODE_OPTIONS = "([^"]+)"/.exec(deployed)?.[1]?.split(' ') ?? [];
const availableGib = Number(/available_memory = "(\d+)Gi"/.exec(deployed)?.[1]);

interface Made {
  lines: number;
  bytes: number;
  heapBytes: number;
  residentBytes: number;
}

/** The ledger itself has more than a kilobyte for each result: none of it may be kept. */
for (const results of [150_000, 1_000_000])
  it(
    `the ledger of ${results} results is made within the deployed heap`,
    results > 150_000 ? { ...onlySlow, timeout: 600_000 } : {},
    async (t) => {
      assert.ok(options.some((option) => option.startsWith('--max-old-space-size=')));
      const program = `${projectRoot}test/support/large-ledger.ts`;
      const { stdout } = await promisify(execFile)(process.execPath, [...options, program, String(results)]);
      t.diagnostic(stdout);
      const made = JSON.parse(stdout) as Made;
      assert.equal(made.lines, results);
      assert.ok(made.bytes > results * 1000);
      assert.ok(made.heapBytes < 100 * 1024 ** 2, `the heap has ${made.heapBytes} bytes`);
      assert.ok(made.residentBytes < (availableGib * 1024 ** 3) / 4, `the process has ${made.residentBytes} bytes`);
    },
  );
