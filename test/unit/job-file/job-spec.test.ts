// The job file: what is accepted, how it is normalised, and what editors are told. Refusals: bad-job-files.test.ts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { format } from 'prettier';
import { stringify } from 'yaml';
import { toEditorSchema } from '../../../functions/job-file/job-schema.ts';
import { knownKeys } from '../../../functions/job-file/known-keys.ts';
import type { JobSpec } from '../../../functions/job-file/job-spec.ts';
import type { JobFileName } from '../../../functions/job-file/read-document.ts';
import { jobSpecs } from '../../support/job-spec-arbitrary.ts';
import { renderJobFile } from '../../support/render-job-file.ts';
import { allowances, parseText } from '../../support/parse-text.ts';

function specOf(text: string, name: JobFileName = 'job.yaml'): JobSpec {
  const outcome = parseText(text, name);
  assert.ok('spec' in outcome, JSON.stringify(outcome));
  return outcome.spec;
}

describe('a job file that is right', () => {
  it('needs one line only; everything else has a default', () => {
    assert.deepEqual(specOf('script: run.R'), {
      script: 'run.R',
      arguments: [],
      data: [],
      image: null,
      packages: { cran: [], bioc: [], github: [], lockfile: null },
      env: {},
      worker: { cpu: 1, memoryBytes: 2 * 2 ** 30, max: 32 },
      machines: { types: [], zones: [], spot: 'prefer', diskGb: 50, externalIps: false },
      canary: { machines: 2, tasks: 4, approval: 'automatic' },
      tasks: {
        maxTimeSeconds: 3600,
        tries: 3,
        size: 'auto',
        onError: 'default',
        isolate: 'worker',
        moreMemory: true,
        errors: { count: 30, rate: 0.9, sample: 30 },
      },
      limits: { usd: 5, timeSeconds: 12 * 3600 },
      speed: 'balanced',
      seed: null,
      stages: null,
      notify: [],
      debugHoldSeconds: 0,
      cluster: 'gke',
    });
  });

  it('may give part of a group and keeps the other defaults of it', () => {
    assert.deepEqual(specOf('script: run.R\nworker: { cpu: 0.5 }').worker, { cpu: 0.5, memoryBytes: 2 ** 31, max: 32 });
  });

  it('may change one of the error limits, or switch them off', () => {
    assert.deepEqual(specOf('script: run.R\ntasks: {errors: {rate: 1}}').tasks.errors, {
      count: 30,
      rate: 1,
      sample: 30,
    });
    assert.equal(specOf('script: run.R\ntasks: {errors: null}').tasks.errors, null);
  });

  it('loads .RData and .rda by default and places everything else as a file', () => {
    const spec = specOf(
      'script: run.R\ndata: [{object: a.RData}, {object: b.rda}, {object: c.csv}, ' +
        '{object: d.RData, as: file}, {object: "gs://allowed-bucket/x/e.rdata"}]',
    );
    assert.deepEqual(
      spec.data.map((entry) => entry.as),
      ['load', 'load', 'file', 'file', 'load'],
    );
  });

  it('passes numbers and booleans on as they are spelt', () => {
    const spec = specOf(
      'script: run.R\narguments: [1.10, 007, true, -x, 1e3, a b]\nenv: { N: 1.0, FLAG: true, EMPTY: "" }',
    );
    assert.deepEqual(spec.arguments, ['1.10', '007', 'true', '-x', '1e3', 'a b']);
    assert.deepEqual(spec.env, { N: '1.0', FLAG: 'true', EMPTY: '' });
  });

  it('may be JSON with tabs', () => {
    assert.equal(specOf('{\n\t"script": "run.R",\n\t"seed": 7\n}', 'job.json').seed, 7);
  });

  it('may begin with a byte order mark, and with a document marker', () => {
    assert.equal(specOf('\ufeffscript: run.R').script, 'run.R');
    assert.equal(specOf('---\nscript: run.R\n').script, 'run.R');
  });

  it('may name files in other scripts of the world, in folders and with spaces', () => {
    assert.equal(specOf('script: Größe/генетика 1.R').script, 'Größe/генетика 1.R');
  });

  it('may pin an image of an allowed registry', () => {
    const image = `images.test/allowed/r:4.4.2@sha256:${'ab'.repeat(32)}`;
    assert.equal(specOf(`script: run.R\nimage: ${image}`).image, image);
  });

  it('gives a spec that cannot be changed afterwards', () => {
    const spec = specOf('script: run.R\nenv: { A: x }');
    assert.throws(() => Object.assign(spec.limits, { usd: 1e6 }), TypeError);
    assert.throws(() => Object.assign(spec.env, { B: 'y' }), TypeError);
  });
});

describe('a random valid spec', () => {
  for (const [name, render] of [
    ['job.yaml', (value: unknown): string => stringify(value)],
    ['job.json', (value: unknown): string => JSON.stringify(value, null, 2)],
  ] as const) {
    it(`written as ${name} and read again is the same`, () => {
      fc.assert(
        fc.property(jobSpecs(allowances), (spec) => assert.deepEqual(specOf(render(renderJobFile(spec)), name), spec)),
        { numRuns: 500 },
      );
    });
  }
});

describe('the schema for editors', () => {
  it('is what the checks say (scripts/write-job-schema.ts writes it)', async () => {
    const stored = readFileSync(new URL('../../../functions/job-file/job-schema.json', import.meta.url), 'utf8');
    assert.equal(stored, await format(JSON.stringify(toEditorSchema()), { parser: 'json', printWidth: 120 }));
  });

  it('has exactly the keys that "did you mean" knows', () => {
    const keys = (schema: EditorSchema, place: string): string[] =>
      [schema, ...(schema.anyOf ?? [])].flatMap((part) => [
        ...Object.entries(part.properties ?? {}).flatMap(([key, inner]) => [
          place + key,
          ...keys(inner, `${place}${key}.`),
          ...keys(inner.items ?? {}, `${place}${key}[].`),
        ]),
      ]);
    assert.deepEqual(keys(toEditorSchema(), '').toSorted(), knownKeys.toSorted());
  });
});

interface EditorSchema {
  properties?: Record<string, EditorSchema>;
  items?: EditorSchema;
  anyOf?: EditorSchema[];
}
