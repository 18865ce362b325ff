// What is said about a job's folder before anything runs, by `submit` and in the cloud alike.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  findMissingFiles,
  findScriptProblem,
  findScriptSizeProblem,
  findUnsafeNames,
  MAX_SCRIPT_BYTES,
} from '../../../functions/job-file/check-folder.ts';
import { parseJobFile } from '../../../functions/job-file/parse-job-file.ts';

const named = (...names: string[]): { name: string }[] => names.map((name) => ({ name }));

describe('a job folder', () => {
  const text = 'script: run.R\ndata: [{object: a.RData}, {object: "gs://other/b.RData"}]\n';
  const parsed = parseJobFile(Buffer.from(text), 'job.yaml', { allowedBuckets: ['other'] });
  assert.ok('spec' in parsed);
  const { spec } = parsed;

  it('lacks what its job file names, objects of other buckets aside', () => {
    assert.deepEqual(findMissingFiles(spec, named('job.yaml')), ['run.R', 'a.RData']);
    assert.deepEqual(findMissingFiles(spec, named('run.R', 'a.RData')), []);
  });

  it('holds no name that leaves it; the first five are told', () => {
    const bad = ['../a', 'x/../a', '/a', 'x//a', 'a\nb', './a'];
    for (const name of bad) assert.equal(findUnsafeNames(named(name))[0]?.code, 'FF-FILE-NAME', name);
    assert.equal(findUnsafeNames(named(...bad)).length, 5);
    assert.deepEqual(findUnsafeNames(named('run.R', 'data/panel.RData', 'a..b')), []);
  });

  const scripts: [what: string, bytes: Uint8Array, code: string | undefined][] = [
    ['plain', Buffer.from('x <- 1\n'), undefined],
    ['letters beyond ASCII', Buffer.from('x <- "ä"\n'), undefined],
    ['empty', Buffer.alloc(0), 'FF-SCRIPT-EMPTY'],
    ['only spaces', Buffer.from(' \n\t\n'), 'FF-SCRIPT-EMPTY'],
    ['Latin-1', Buffer.from([0x78, 0xe4, 0x0a]), 'FF-SCRIPT-ENCODING'],
    ['NUL bytes', Buffer.from('x <- 1\0'), 'FF-SCRIPT-ENCODING'],
  ];
  for (const [what, bytes, code] of scripts)
    it(`has a script that is ${code === undefined ? 'accepted' : 'refused'}: ${what}`, () => {
      assert.equal(findScriptProblem('run.R', bytes)?.code, code);
    });

  it('has a script of at most 2 MiB', () => {
    assert.equal(findScriptSizeProblem('run.R', MAX_SCRIPT_BYTES), null);
    assert.equal(findScriptSizeProblem('run.R', MAX_SCRIPT_BYTES + 1)?.code, 'FF-SCRIPT-TOO-LARGE');
  });
});
