// Random valid job specs for property tests.
import fc from 'fast-check';
import { findEnvNameFault } from '../../functions/job-file/env-rules.ts';
import type { JobFileOptions } from '../../functions/job-file/parse-job-file.ts';
import { workingName } from '../../functions/job-file/job-spec.ts';
import type { JobSpec } from '../../functions/job-file/job-spec.ts';
import { findObjectFault, findTextFault } from '../../functions/job-file/text-rules.ts';

/** Specs that parseJobFile can produce under the given options. */
export function jobSpecs(options: Required<JobFileOptions>): fc.Arbitrary<JobSpec> {
  return fc
    .record({
      script: names(),
      arguments: fc.array(texts(), { maxLength: 4 }),
      data: fc.array(fc.record({ object: objects(options), as: fc.constantFrom('load', 'file') }), { maxLength: 4 }),
      image: fc.option(images(options)),
      packages: packages(),
      env: fc.dictionary(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/).filter(isAllowedVariable), texts(), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
      worker: fc.record({
        cpu: amounts(0.1, 192),
        memoryBytes: fc.integer({ min: 70, max: 4_000_000 }).map((n) => n * 1e6),
        max: integers(1, 10_000),
      }),
      machines: machines(),
      canary: fc.record({
        machines: integers(1, 2),
        tasks: integers(1, 10_000),
        approval: fc.constantFrom('automatic', 'manual'),
      }),
      tasks: fc.record({
        maxTimeSeconds: integers(1, 14 * 86_400),
        tries: integers(1, 20),
        size: fc.oneof(fc.constant('auto' as const), integers(1, 1_000_000)),
        onError: fc.constantFrom('default', 'stop'),
        isolate: fc.constantFrom('worker', 'iteration'),
        moreMemory: fc.boolean(),
        errors: fc.option(
          fc.record({ count: integers(1, 1_000_000), rate: amounts(0.001, 1), sample: integers(1, 1_000_000) }),
        ),
      }),
      limits: fc.record({ usd: amounts(0.01, 1e6), timeSeconds: integers(60, 31 * 86_400) }),
      speed: fc.constantFrom('cheapest', 'balanced', 'fastest'),
      seed: fc.option(integers(-2_147_483_647, 2_147_483_647)),
      stages: fc.option(integers(1, 1000)),
      notify: fc.array(
        fc
          .webPath()
          .map((path) => `https://hooks.service.org${path}`)
          .filter(isPlainText),
        { maxLength: 2 },
      ),
      debugHoldSeconds: integers(0, 86_400),
      cluster: fc.constantFrom('gke', 'existing'),
    })
    .filter(hasDistinctNames)
    .map((spec) => structuredClone<JobSpec>(spec));
}

const integers = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const amounts = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });

function isPlainText(text: string): boolean {
  return findTextFault(text) === undefined;
}

function isAllowedVariable(name: string): boolean {
  return findEnvNameFault(name) === undefined;
}

/** Opaque text, with what tends to break YAML: indicators, quotes, other scripts, things that look like numbers. */
function texts(): fc.Arbitrary<string> {
  const awkward = fc.constantFrom(
    '',
    ' ',
    'yes',
    'null',
    '~',
    '1e309',
    '0x1f',
    '- a',
    'a: b',
    '# a',
    '&a',
    '*a',
    "it's",
    '"q"',
    '{}',
    '2026-11-23',
  );
  return fc.oneof(awkward, fc.string({ unit: 'grapheme', maxLength: 20 })).filter(isPlainText);
}

function names(): fc.Arbitrary<string> {
  const part = fc.string({ unit: fc.constantFrom(...'abcXYZ019_-. äßжλ'), minLength: 1, maxLength: 10 });
  return fc
    .array(part, { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join('/').normalize('NFC'))
    .filter((name) => isPlainText(name) && findObjectFault(name) === undefined);
}

function objects(options: Required<JobFileOptions>): fc.Arbitrary<string> {
  const bucket = fc.constantFrom(...options.allowedBuckets);
  return fc.oneof(
    names(),
    fc.tuple(bucket, names()).map(([name, object]) => `gs://${name}/${object}`),
  );
}

function images(options: Required<JobFileOptions>): fc.Arbitrary<string> {
  const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
  return fc
    .tuple(fc.constantFrom(...options.allowedRegistries), digest)
    .map(([registry, hex]) => `${registry}/r@sha256:${hex}`);
}

function packages(): fc.Arbitrary<JobSpec['packages']> {
  const list = (...values: string[]): fc.Arbitrary<string[]> => fc.uniqueArray(fc.constantFrom(...values));
  return fc.record({
    cran: list('lme4', 'data.table', 'MASS@7.3-58'),
    bioc: list('limma', 'edgeR'),
    github: list('owner/repo', 'owner/repo@v1.2'),
    lockfile: fc.option(names()),
  });
}

function machines(): fc.Arbitrary<JobSpec['machines']> {
  return fc.record({
    types: fc.uniqueArray(fc.constantFrom('e2-standard-4', 'n2-highmem-8', 'c3d-standard-4')),
    zones: fc.uniqueArray(fc.constantFrom('europe-west1-b', 'us-central1-f')),
    spot: fc.constantFrom('never', 'prefer', 'only'),
    diskGb: integers(10, 65_536),
    externalIps: fc.boolean(),
  });
}

function hasDistinctNames(spec: JobSpec): boolean {
  const objectNames = spec.data.map(({ object }) => workingName(object));
  const isClear = spec.data.every(({ object }) => object === spec.script || workingName(object) !== spec.script);
  return isClear && new Set(objectNames).size === objectNames.length;
}
