/** A resume with very many results, within the memory that the deployed functions have. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { projectRoot } from '../../support/source-files.ts';

const RESULTS = '150000';

it(`the ledger of ${RESULTS} results is made within the deployed heap`, async () => {
  const deployed = readFileSync(`${projectRoot}terraform/functions.tf`, 'utf8');
  const options = /NODE_OPTIONS = "([^"]+)"/.exec(deployed)?.[1]?.split(' ') ?? [];
  assert.ok(options.some((option) => option.startsWith('--max-old-space-size=')));
  const program = `${projectRoot}test/support/large-ledger.ts`;
  const { stdout } = await promisify(execFile)(process.execPath, [...options, program, RESULTS]);
  assert.equal(stdout, RESULTS);
});
