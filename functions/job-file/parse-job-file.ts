// The one way from the bytes of an uploaded job file to a JobSpec: read, check everything, report all problems at once.
// Pure: whether the named objects exist, and whether the money suffices, is decided by the planner.
import { isImageIn } from './address-rules.ts';
import { explainIssue } from './explain-issue.ts';
import { jobFileSchema } from './job-schema.ts';
import type { JobFile } from './job-schema.ts';
import { formatPath } from './problem.ts';
import type { Problem } from './problem.ts';
import { toJobSpec, workingName } from './job-spec.ts';
import type { JobSpec } from './job-spec.ts';
import { readDocument } from './read-document.ts';
import type { JobFileName } from './read-document.ts';
import { findTextFault, splitBucketAddress } from './text-rules.ts';
import { valueAt } from './value-at.ts';

/** What the installation allows; by default nothing outside the job folder. */
export interface JobFileOptions {
  /** Buckets that gs:// data may come from. */
  readonly allowedBuckets?: readonly string[];
  /** Registry paths that images may come from, such as "europe-west1-docker.pkg.dev/project/images". */
  readonly allowedRegistries?: readonly string[];
}

type Fault = Omit<Problem, 'path'> & { readonly path: readonly PropertyKey[] };

/** Never throws, whatever the bytes. */
export function parseJobFile(
  bytes: Uint8Array,
  fileName: JobFileName,
  options: JobFileOptions = {},
): { spec: JobSpec } | { problems: Problem[] } {
  const document = readDocument(bytes, fileName);
  if ('problems' in document) return document;
  const parsed = jobFileSchema.safeParse(document.value);
  const faults: Fault[] = [
    ...findTextFaults(document.value),
    ...(parsed.error?.issues ?? []).flatMap((issue) => explainIssue(issue, document.value)),
    ...(parsed.success ? findCollisions(parsed.data) : []),
    ...findForbiddenPlaces(document.value, options),
  ];
  if (parsed.success && faults.length === 0) return { spec: toJobSpec(parsed.data) };
  const located = onePerPath(faults).map((fault) => ({ fault, position: document.locate(fault.path) }));
  located.sort((a, b) => a.position.offset - b.position.offset);
  return { problems: located.map(({ fault, position }) => toProblem(fault, position.text)) };
}

function toProblem(fault: Fault, position: string): Problem {
  const path = formatPath(fault.path);
  return {
    code: fault.code,
    path,
    message: `${path === '' ? 'the file' : path}: ${fault.message} (${position})`,
    remedy: fault.remedy,
  };
}

/**
 * The first fault of a path is the one to correct first; a name with a line break need not also be called malformed.
 */
function onePerPath(faults: readonly Fault[]): Fault[] {
  const paths = new Set<string>();
  return faults.filter((fault) => {
    const key = JSON.stringify(fault.path);
    return paths.has(key) ? false : paths.add(key);
  });
}

/** Faults that no string may have, keys included; the nesting is bounded by the reader. */
function findTextFaults(value: unknown, path: readonly PropertyKey[] = []): Fault[] {
  if (typeof value === 'string') {
    const fault = findTextFault(value);
    return fault === undefined ? [] : [{ ...fault, path }];
  }
  if (typeof value !== 'object' || value === null) return [];
  const entries: [PropertyKey, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, part]) => [...findKeyFault(key, path), ...findTextFaults(part, [...path, key])]);
}

function findKeyFault(key: PropertyKey, path: readonly PropertyKey[]): Fault[] {
  if (typeof key !== 'string') return [];
  if (key === '__proto__' || key === '<<') {
    return [
      {
        code: 'FF-SPEC-UNKNOWN-KEY',
        path: [...path, key],
        message: `the key "${key}" is not read`,
        remedy: 'Remove it.',
      },
    ];
  }
  const fault = findTextFault(key);
  return fault === undefined ? [] : [{ ...fault, path: [...path, key] }];
}

/** Objects that would get the same name in the working directory: one would silently replace the other. */
function findCollisions(file: JobFile): Fault[] {
  const taken = new Set<string>();
  return file.data.flatMap(({ object }, index): Fault[] => {
    const name = workingName(object);
    const isTaken = taken.has(name) || (name === file.script && object !== file.script);
    taken.add(name);
    if (!isTaken) return [];
    const message = `"${name}" stands for two objects in the working directory`;
    const remedy = 'Name each object once, and rename one of two alike.';
    return [{ code: 'FF-SPEC-NAME', path: ['data', index, 'object'], message, remedy }];
  });
}

/**
 * Buckets and registries outside the installation's lists. Reads the raw value, so that other faults do not hide these.
 */
function findForbiddenPlaces(value: unknown, options: JobFileOptions): Fault[] {
  const data = valueAt(value, ['data']);
  const entries: unknown[] = Array.isArray(data) ? data : [];
  return [
    ...entries.flatMap((entry, index) => findForbiddenBucket(entry, index, options.allowedBuckets)),
    ...findForbiddenRegistry(valueAt(value, ['image']), options.allowedRegistries),
  ];
}

function findForbiddenBucket(entry: unknown, index: number, allowed: readonly string[] = []): Fault[] {
  const object = valueAt(entry, ['object']);
  const bucket = typeof object === 'string' ? splitBucketAddress(object)?.[0] : undefined;
  if (bucket === undefined || allowed.includes(bucket)) return [];
  const remedy = `${listAllowed('buckets', allowed)} Or copy the object into the job folder.`;
  const message = 'lies in a bucket that is not allowed here';
  return [{ code: 'FF-SPEC-BUCKET', path: ['data', index, 'object'], message, remedy }];
}

function findForbiddenRegistry(image: unknown, allowed: readonly string[] = []): Fault[] {
  if (typeof image !== 'string' || isImageIn(image, allowed)) return [];
  const remedy = `${listAllowed('registries', allowed)} Or leave the key out to use the installation's image.`;
  return [{ code: 'FF-SPEC-IMAGE', path: ['image'], message: 'does not come from an allowed registry', remedy }];
}

function listAllowed(what: string, names: readonly string[]): string {
  return names.length === 0 ? `This installation allows no ${what}.` : `Allowed ${what}: ${names.join(', ')}.`;
}
