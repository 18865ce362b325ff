/** Each mutation still says what stands in its file: one that has gone stale would prove nothing. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { mutations } from '../mutations/known-mutations.ts';
import { projectRoot } from '../support/source-files.ts';

for (const { name, file, find, replace } of mutations)
  it(`can be put back: ${name}`, () => {
    assert.equal(readFileSync(projectRoot + file, 'utf8').split(find).length, 2);
    assert.notEqual(find, replace);
  });
