// What a user can correct in a job file or folder, in a form that status, notice and terminal can
// all show. Makes no decision about a job.

/**
 * Stable codes of the job file's own rules: documented in the error catalogue, matched by scripts; a
 * code is never reused for another meaning.
 */
export const PROBLEM_CODES = [
  'FF-SPEC-SIZE',
  'FF-SPEC-ENCODING',
  'FF-SPEC-EMPTY',
  'FF-SPEC-SYNTAX',
  'FF-SPEC-DEPTH',
  'FF-SPEC-YAML-FEATURE',
  'FF-SPEC-DUPLICATE-KEY',
  'FF-SPEC-UNKNOWN-KEY',
  'FF-SPEC-MISSING',
  'FF-SPEC-TYPE',
  'FF-SPEC-VALUE',
  'FF-SPEC-RANGE',
  'FF-SPEC-UNIT',
  'FF-SPEC-NAME',
  'FF-SPEC-TEXT',
  'FF-SPEC-SHELL',
  'FF-SPEC-ENV',
  'FF-SPEC-IMAGE',
  'FF-SPEC-BUCKET',
  'FF-SPEC-URL',
  'FF-SPEC-JOB-ID',
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/**
 * One thing to correct: in the job file, the folder or the limits. `path` is dotted ("limits.usd",
 * "data[0].object"), or the name of a file; empty when it is the job file as a whole. `code` is a ProblemCode or,
 * for the folder, another of the error catalogue.
 */
export interface Problem {
  readonly code: string;
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
}

/** A path of keys and positions in the notation that messages use. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path)
    text += typeof part === 'number' ? `[${part}]` : `${text === '' ? '' : '.'}${shorten(String(part))}`;
  return text;
}

/** At most `limit` characters, safe to print: control and direction-changing characters become escapes. */
export function shorten(text: string, limit = 60): string {
  const printable = text
    .slice(0, limit + 1)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
  return text.length > limit ? `${printable.slice(0, limit)}…` : printable;
}
