// Schema issues in words for users: what stands there, what may stand there, and which key was meant.
import * as z from 'zod';
import { knownKeys } from './known-keys.ts';
import { PROBLEM_CODES, shorten } from './problem.ts';
import type { Problem, ProblemCode } from './problem.ts';
import { valueAt } from './value-at.ts';

type Issue = z.core.$ZodIssue;
/** What a rule of ours adds to its issue (job-schema.ts). */
const ownParams = z.object({ code: z.enum(PROBLEM_CODES), remedy: z.string() });
type Explanation = Omit<Problem, 'path'> & { readonly path: readonly PropertyKey[] };

/** One schema issue as one or more explanations (several unknown keys are one issue). */
export function explainIssue(issue: Issue, value: unknown): Explanation[] {
  const found = valueAt(value, issue.path);
  const explain = (code: ProblemCode, message: string, remedy: string): Explanation[] => [
    { code, path: issue.path, message, remedy },
  ];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => explainUnknownKey(issue.path, key));
    case 'invalid_type':
      return [explainType(issue.path, issue.expected, found)];
    case 'too_small':
    case 'too_big':
      return explain('FF-SPEC-RANGE', describeBound(issue, found), 'Write a value within the bounds.');
    case 'invalid_value':
      return explain('FF-SPEC-VALUE', `is ${show(found)}`, `Write one of: ${issue.values.map(String).join(', ')}.`);
    case 'invalid_format':
      return [explainFormat(issue.path, found)];
    case 'invalid_union':
      return [explainUnion(issue, found)];
    case 'custom':
      return explainOwn(issue);
    default:
      return explain('FF-SPEC-VALUE', issue.message, 'See the description of the job file.');
  }
}

function explainOwn({ path, message, params }: Extract<Issue, { code: 'custom' }>): Explanation[] {
  return [{ ...ownParams.parse(params), path, message }];
}

function explainUnknownKey(path: readonly PropertyKey[], key: string): Explanation {
  const place = path
    .map((part) => (typeof part === 'number' ? '[]' : String(part)))
    .join('.')
    .replaceAll('.[]', '[]');
  const meant = guessKey(place, key);
  return {
    code: 'FF-SPEC-UNKNOWN-KEY',
    path: [...path, key],
    message: `there is no key "${shorten(key)}" here`,
    remedy: meant === undefined ? `Possible here: ${keysAt(place).join(', ')}.` : `Did you mean "${meant}"?`,
  };
}

function keysAt(place: string): string[] {
  const prefix = place === '' ? '' : `${place}.`;
  return knownKeys
    .filter((key) => key.startsWith(prefix) && !key.slice(prefix.length).includes('.'))
    .map((key) => key.slice(prefix.length));
}

/** The key that was probably meant: a similar one at this place first, then one of the same name elsewhere. */
function guessKey(place: string, key: string): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z]/g, '');
  const wanted = plain(key.slice(0, 40));
  const near = keysAt(place)
    .map((candidate) => ({ candidate, distance: editDistance(wanted, plain(candidate)) }))
    .filter(({ candidate, distance }) => isSimilar(wanted, plain(candidate), distance))
    .sort((a, b) => a.distance - b.distance)[0];
  if (near !== undefined) return near.candidate;
  return knownKeys.find((known) => plain(known.slice(known.lastIndexOf('.') + 1)) === wanted);
}

function isSimilar(wanted: string, candidate: string, distance: number): boolean {
  const isPart = wanted.length >= 3 && (candidate.startsWith(wanted) || wanted.startsWith(candidate));
  return isPart || distance <= Math.max(1, Math.floor(candidate.length / 3));
}

/** Levenshtein distance of two short texts. */
function editDistance(a: string, b: string): number {
  const letters = [...b];
  let row = letters.map((_, index) => index + 1);
  let distance = letters.length;
  for (const [index, letter] of [...a].entries()) {
    let [diagonal, left] = [index, index + 1];
    row = row.map((above, column) => {
      const replaced = diagonal + (letter === letters[column] ? 0 : 1);
      diagonal = above;
      left = Math.min(replaced, above + 1, left + 1);
      return left;
    });
    distance = left;
  }
  return distance;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list, such as [a, b]',
  object: 'a group of keys',
  record: 'a group of names and values',
};

function explainType(path: readonly PropertyKey[], expected: string, found: unknown): Explanation {
  const wanted = typeNames[expected] ?? expected;
  if (found === undefined) {
    return { code: 'FF-SPEC-MISSING', path, message: 'is missing', remedy: `Add it: ${wanted}.` };
  }
  if (typeof found === 'number' && !Number.isFinite(found)) {
    return { code: 'FF-SPEC-RANGE', path, message: 'is not a finite number', remedy: 'Write an ordinary number.' };
  }
  const format = formatRemedies[String(path.at(-1))];
  if (typeof found === 'number' && format?.[0] === 'FF-SPEC-UNIT') {
    return { code: 'FF-SPEC-UNIT', path, message: `is ${found} without a unit`, remedy: format[1] };
  }
  const remedy =
    exampleFor(path) ??
    (found === null ? `Leave the key out, or write ${wanted}.` : `Write ${wanted}${quoteHint(expected, found)}.`);
  return { code: 'FF-SPEC-TYPE', path, message: `must be ${wanted}, and is ${show(found)}`, remedy };
}

/** Where the name of a type alone would send a user from one mistake to the next. */
function exampleFor(path: readonly PropertyKey[]): string | undefined {
  if (path.length === 0) return 'Write keys and values; one line is enough: "script: run.R".';
  if (path[0] === 'data' && path.length <= 2)
    return 'Write a list of objects, such as "data: [{object: panel.RData}]".';
  return undefined;
}

function quoteHint(expected: string, found: unknown): string {
  if (expected === 'string' && typeof found === 'number')
    return ' (with its unit if it is an amount, as in "2Gi" or "90m")';
  if (expected === 'string') return ' (in quotes)';
  return typeof found === 'string' && ['number', 'int', 'boolean'].includes(expected) ? ' without quotes' : '';
}

function describeBound(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>, found: unknown): string {
  const isLow = issue.code === 'too_small';
  const bound = isLow ? issue.minimum : issue.maximum;
  const size = issue.origin === 'string' ? ' characters long' : issue.origin === 'array' ? ' entries long' : '';
  const word = isLow
    ? issue.inclusive === false
      ? 'more than'
      : 'at least'
    : issue.inclusive === false
      ? 'less than'
      : 'at most';
  const shown = typeof found === 'number' ? `, and is ${found}` : '';
  return `must be ${word} ${bound}${size}${shown}`;
}

/** Patterns by the last key of the path: what to write instead. */
const formatRemedies: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  memory: ['FF-SPEC-UNIT', 'Write a number with Ki, Mi, Gi, Ti, k, M, G or T, such as "2Gi".'],
  maxTime: ['FF-SPEC-UNIT', 'Write a number with s, m, h or d, such as "90m" or "1h30m".'],
  time: ['FF-SPEC-UNIT', 'Write a number with s, m, h or d, such as "12h".'],
  debugHold: ['FF-SPEC-UNIT', 'Write a number with s, m, h or d, such as "15m".'],
  types: ['FF-SPEC-VALUE', 'Write machine types such as "e2-standard-4".'],
  zones: ['FF-SPEC-VALUE', 'Write zones such as "europe-west1-b".'],
  cran: ['FF-SPEC-VALUE', 'Write package names, with a version if needed: "lme4" or "lme4@1.1-35".'],
  bioc: ['FF-SPEC-VALUE', 'Write package names, such as "limma".'],
  github: ['FF-SPEC-VALUE', 'Write "owner/repository" or "owner/repository@reference".'],
};

function explainFormat(path: readonly PropertyKey[], found: unknown): Explanation {
  const key = path.findLast((part) => typeof part === 'string') ?? '';
  const [code, remedy] = formatRemedies[key] ?? (['FF-SPEC-VALUE', 'See the description of the job file.'] as const);
  return { code, path, message: `${show(found)} has not the form that is expected here`, remedy };
}

/** The two unions of the schema: tasks.size, and text that R gets. */
function explainUnion(issue: Extract<Issue, { code: 'invalid_union' }>, found: unknown): Explanation {
  if (issue.path.at(-1) === 'size') {
    return {
      code: 'FF-SPEC-VALUE',
      path: issue.path,
      message: `is ${show(found)}`,
      remedy: 'Write auto, or a whole number from 1 to 1000000.',
    };
  }
  if (typeof found === 'string') {
    const message = `is ${found.length} characters long; at most 4096 are passed on`;
    return { code: 'FF-SPEC-RANGE', path: issue.path, message, remedy: 'Put long text into a file beside the script.' };
  }
  return explainType(issue.path, 'string', found ?? null);
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a group of keys';
  return typeof value === 'string' ? `"${shorten(value)}"` : value === null ? 'empty (null)' : String(value);
}
