// Job files that are refused: the corpus in bad-job-files/ (each says what it
// expects), generated ones, and arbitrary bytes.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { knownKeys } from '../../../functions/job-file/known-keys.ts';
import type { JobFileName } from '../../../functions/job-file/read-document.ts';
import { parseText } from '../../support/parse-text.ts';

function faultsOf(text: string | Uint8Array, name: JobFileName = 'job.yaml'): string[] {
  const outcome = parseText(text, name);
  assert.ok('problems' in outcome, 'the file was accepted');
  return outcome.problems.map(({ code, path }) => `${code} ${path}`.trim());
}

describe('a job file that is wrong', () => {
  const folder = new URL('bad-job-files/', import.meta.url);
  for (const name of readdirSync(folder).sort()) {
    it(`is refused: ${name}`, () => {
      const bytes = readFileSync(new URL(name, folder));
      const expected = [...bytes.toString('latin1').matchAll(/^# expect: (.*)$/gm)].map(([, line]) => line!);
      const actual = faultsOf(name === 'directive.yaml' ? bytes.subarray(bytes.indexOf('%YAML')) : bytes);
      assert.deepEqual(actual.sort(), expected.sort());
    });
  }

  const remedies: [text: string, remedy: RegExp][] = [
    ['script: run.R\ndata: panel.RData\n', /\[\{object: panel\.RData\}\]/],
    ['script: run.R\ndata: [panel.RData]\n', /\[\{object: panel\.RData\}\]/],
    ['script: run.R\narguments: --fast\n', /^Write a list, such as \[a, b\]\.$/],
    ['run.R\n', /script: run\.R/],
  ];
  for (const [text, remedy] of remedies)
    it(`is told what to write instead: ${JSON.stringify(text)}`, () => {
      const outcome = parseText(text);
      assert.ok('problems' in outcome);
      assert.match(outcome.problems[0]!.remedy, remedy);
    });

  const generated: { name: string; text: string | Uint8Array; file?: JobFileName; expected: string[] }[] = [
    { name: '10 MB', text: new Uint8Array(10_000_000).fill(0x20), expected: ['FF-SPEC-SIZE'] },
    { name: '64 KiB and one byte', text: new Uint8Array(65_537).fill(0x20), expected: ['FF-SPEC-SIZE'] },
    { name: 'nothing', text: '', expected: ['FF-SPEC-EMPTY'] },
    { name: '10,000 opening brackets', text: '['.repeat(10_000), expected: ['FF-SPEC-DEPTH'] },
    { name: '10,000 nested lists', text: '['.repeat(10_000) + ']'.repeat(10_000), expected: ['FF-SPEC-DEPTH'] },
    { name: '10,000 nested groups', text: '{a: '.repeat(10_000) + '}'.repeat(10_000), expected: ['FF-SPEC-DEPTH'] },
    { name: '10,000 dashes', text: '- '.repeat(10_000), expected: ['FF-SPEC-DEPTH'] },
    { name: '10,000 nested keys', text: '? '.repeat(10_000), expected: ['FF-SPEC-DEPTH'] },
    { name: '10,000 nested lists in JSON', text: '['.repeat(10_000), file: 'job.json', expected: ['FF-SPEC-DEPTH'] },
    { name: 'YAML named .json', text: 'script: run.R', file: 'job.json', expected: ['FF-SPEC-SYNTAX'] },
    { name: 'JSON with a comment', text: '{"script": "run.R"} # x', file: 'job.json', expected: ['FF-SPEC-SYNTAX'] },
    {
      name: 'JSON key twice',
      text: '{"script":"a.R","script":"b.R"}',
      file: 'job.json',
      expected: ['FF-SPEC-DUPLICATE-KEY script'],
    },
    {
      name: 'JSON infinity',
      text: '{"script":"a.R","limits":{"usd":1e309}}',
      file: 'job.json',
      expected: ['FF-SPEC-RANGE limits.usd'],
    },
    {
      name: 'JSON lone surrogate',
      text: '{"script":"a\\ud800.R"}',
      file: 'job.json',
      expected: ['FF-SPEC-TEXT script'],
    },
    { name: 'UTF-16', text: Buffer.from('\ufeffscript: run.R', 'utf16le'), expected: ['FF-SPEC-ENCODING'] },
    { name: 'a name of 1,000 bytes', text: `script: ${'a'.repeat(1000)}.R`, expected: ['FF-SPEC-NAME script'] },
    {
      name: 'an argument of 5,000 characters',
      text: `script: a.R\narguments: [${'a'.repeat(5000)}]`,
      expected: ['FF-SPEC-RANGE arguments[0]'],
    },
    {
      name: '1,001 arguments',
      text: `script: a.R\narguments: [${'a,'.repeat(1001)}]`,
      expected: ['FF-SPEC-RANGE arguments'],
    },
  ];
  for (const { name, text, file, expected } of generated) {
    it(`is refused: ${name}`, () => assert.deepEqual(faultsOf(text, file), expected));
  }

  it('names line and column, what stands there and what to write instead', () => {
    const outcome = parseText('script: run.R\nworker:\n  memory: 2GB\n');
    assert.deepEqual(outcome, {
      problems: [
        {
          code: 'FF-SPEC-UNIT',
          path: 'worker.memory',
          message: 'worker.memory: "2GB" has not the form that is expected here (job.yaml:3:3)',
          remedy: 'Write a number with Ki, Mi, Gi, Ti, k, M, G or T, such as "2Gi".',
        },
      ],
    });
  });

  it('guesses which key was meant', () => {
    const guesses = {
      limts: 'limits',
      'max-time': 'tasks.maxTime',
      usd: 'limits.usd',
      Script: 'script',
      argument: 'arguments',
    };
    for (const [key, meant] of Object.entries(guesses)) {
      const outcome = parseText(`script: run.R\n${key}: 1\n`);
      const found = 'problems' in outcome ? outcome.problems.find((problem) => problem.path === key) : undefined;
      assert.equal(found?.remedy, `Did you mean "${meant}"?`);
    }
  });

  it('lists the faults in the order of the file', () => {
    assert.deepEqual(faultsOf('zzz: 1\nlimits: { usd: -1 }\nscript: 5\n'), [
      'FF-SPEC-UNKNOWN-KEY zzz',
      'FF-SPEC-RANGE limits.usd',
      'FF-SPEC-TYPE script',
    ]);
  });

  it('shows no control or direction-changing character of the file in a message', () => {
    const outcome = parseText('script: run.R\n"\\u202Ekey\\u001b[31m": 1\n');
    assert.ok('problems' in outcome);
    assert.doesNotMatch(Object.values(outcome.problems[0]!).join(''), /[\p{Cc}\p{Cf}]/u);
  });
});

describe('any bytes', () => {
  it('give a spec or problems and never an exception', () => {
    const fragments = fc.array(
      fc.oneof(
        fc.constantFrom(
          'script: run.R\n',
          '{',
          '}',
          '[',
          ']',
          '- ',
          ': ',
          '\n',
          ' ',
          '&a',
          '*a',
          '!!x ',
          '"',
          "'",
          '|',
          '>',
          '#',
          '---',
          '<<: ',
          '? ',
        ),
        fc.constantFrom(
          'limits',
          'data',
          'object',
          'env',
          'arguments',
          '__proto__',
          'constructor',
          '1e309',
          '.nan',
          '\ud800',
          '\u0000',
        ),
        fc.string({ unit: 'binary', maxLength: 8 }),
      ),
      { maxLength: 60 },
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fragments.map((parts) => new TextEncoder().encode(parts.join(''))),
    );
    fc.assert(
      fc.property(bytes, fc.constantFrom<JobFileName>('job.yaml', 'job.json'), (input, name) => {
        const outcome = parseText(input, name);
        assert.ok(
          'spec' in outcome || outcome.problems.every(({ code, message, remedy }) => code && message && remedy),
        );
      }),
      { numRuns: 3000 },
    );
  });

  it('of any wrong value at any key are refused without an exception', () => {
    fc.assert(
      fc.property(fc.constantFrom(...knownKeys), fc.jsonValue({ maxDepth: 3 }), (key, value) => {
        const nested = key
          .split('.')
          .reduceRight<unknown>(
            (inner, part) => (part.endsWith('[]') ? [{ [part.slice(0, -2)]: inner }] : { [part]: inner }),
            value,
          );
        parseText(JSON.stringify(nested), 'job.json');
      }),
      { numRuns: 2000 },
    );
  });
});
