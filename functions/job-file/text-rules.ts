// Rules for the strings of a job file: what may be a file name, a variable name, an image, a webhook. Pure;
// each returns what is wrong. No string of a job file ever reaches a shell: text that looks like shell is
// refused because whoever wrote it expects one.
import { shorten } from './problem.ts';
import type { ProblemCode } from './problem.ts';

/** What is wrong with one value; the caller knows the path. */
export interface TextFault {
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
}

const controlCharacter = /\p{Cc}/u;
const brokenSurrogate = /\p{Cs}/u;
const directionChange = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const shellText = /`|\$\(|;\s*rm\b|;\s+\S/u;

/** Faults that no string of a job file may have, keys included. */
export function findTextFault(text: string): TextFault | undefined {
  if (controlCharacter.test(text) || brokenSurrogate.test(text)) {
    return textFault(
      'FF-SPEC-TEXT',
      `contains a line break or control character: "${shorten(text)}"`,
      'Write it on one line, without control characters.',
    );
  }
  if (directionChange.test(text)) {
    return textFault(
      'FF-SPEC-TEXT',
      `contains an invisible character that changes the writing direction: "${shorten(text)}"`,
      'Type the text again by hand.',
    );
  }
  if (shellText.test(text)) {
    return textFault(
      'FF-SPEC-SHELL',
      `looks like a shell command: "${shorten(text)}"`,
      'No shell reads this file, so backticks, $( ) and "; command" have no effect: put what should run ' +
        'into the script.',
    );
  }
  return undefined;
}

const reservedNames: ReadonlySet<string> = new Set(['job.yaml', 'job.json', 'status.json', 'control']);
const longestNameBytes = 900;

/** [pattern that must not match, what is wrong], in the order in which a reader would notice them. */
const nameFaults: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'is empty'],
  [/\\/, 'contains a backslash'],
  [/^\//, 'begins with "/"'],
  [/(^|\/)\.\.(\/|$)/, 'contains ".."'],
  [/\/\/|\/$/, 'has an empty part between or after "/"'],
  [/(^|\/)\./, 'has a part that begins with "."'],
  [/^[-~]/, 'begins with "-" or "~"'],
  [/[#[\]*?]/, 'contains one of # [ ] * ?'],
  [/[|&;<>$":]/, 'contains one of | & ; < > $ " :'],
  [/\p{Cf}/u, 'contains an invisible character'],
  [/(^|\/)\s|\s(\/|$)/, 'has a part that begins or ends with a space'],
];

/** Faults of a name inside the job folder (script, data, lock file). */
export function findNameFault(name: string): TextFault | undefined {
  const remedy = 'Use the path inside the job folder, such as "run.R" or "data/panel.RData".';
  for (const [pattern, what] of nameFaults) {
    if (pattern.test(name)) return textFault('FF-SPEC-NAME', `the name "${shorten(name)}" ${what}`, remedy);
  }
  if (name.normalize('NFC') !== name) {
    return textFault(
      'FF-SPEC-NAME',
      `the name "${shorten(name)}" is not in composed form (Unicode NFC)`,
      'Type it again, or name the file in plain letters.',
    );
  }
  if (Buffer.byteLength(name) > longestNameBytes) {
    return textFault(
      'FF-SPEC-NAME',
      `the name "${shorten(name)}" is longer than ${longestNameBytes} bytes`,
      'Give the file a shorter name.',
    );
  }
  const [first = ''] = name.split('/');
  if (reservedNames.has(first.toLowerCase())) {
    return textFault(
      'FF-SPEC-NAME',
      `the name "${shorten(name)}" belongs to the service itself`,
      'Give the file another name.',
    );
  }
  return undefined;
}

/** A bucket object as [bucket, name], or undefined when it is not a gs:// address. */
export function splitBucketAddress(address: string): readonly [bucket: string, name: string] | undefined {
  const [, bucket, name] = /^gs:\/\/([^/]*)\/?(.*)$/su.exec(address) ?? [];
  return bucket === undefined || name === undefined ? undefined : [bucket, name];
}

/**
 * Faults of a data object: a name in the job folder or gs://bucket/name. Whether
 * the bucket is allowed is decided elsewhere.
 */
export function findObjectFault(address: string): TextFault | undefined {
  const remedy = 'Use the path inside the job folder, or gs://bucket/name.';
  const parts = splitBucketAddress(address);
  if (parts === undefined) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(address)) {
      return textFault('FF-SPEC-URL', `"${shorten(address)}" is an address that is never fetched`, remedy);
    }
    return findNameFault(address);
  }
  if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(parts[0])) {
    return textFault('FF-SPEC-BUCKET', `"${shorten(address)}" does not name a bucket`, remedy);
  }
  return findNameFault(parts[1]);
}

function textFault(code: ProblemCode, message: string, remedy: string): TextFault {
  return { code, message, remedy };
}
