// What a document says, one by one, and what holds it. Files of test/promises/ name for each sentence and each row of a
// table the tests that fail when it is not true any more. Or they say why it is no promise.
import { sentencesOf } from './sentences.ts';

export interface Held {
  /** As the document has it. */
  readonly promise: string;
  /** Each `file: title of a test`, or `none: why`. */
  readonly by: readonly string[];
}

/** Why a sentence promises nothing that a test could show. */
export const REASONS = [
  'explanation',
  'advice',
  'definition',
  'where to read on',
  'what people do',
  'measured once',
  'limit',
];

/** Sentences, and rows of tables by their first cell. */
export function promisesOf(markdown: string): string[] {
  return [...sentencesOf(markdown).map(({ text }) => text), ...rowsOf(markdown)];
}

function rowsOf(markdown: string): string[] {
  const firstCells = [...markdown.matchAll(/^\| *((?:\\\||[^|])*?) *\|(?!.*\n\| *-)/gm)].map(([, cell = '']) => cell);
  return firstCells.filter((cell) => !/^-+$/.test(cell)).map((cell) => `| ${cell} |`);
}

/** A line that begins a row holds a promise; those below it, with four blanks, what holds it. */
export function readHeld(text: string): Held[] {
  const held: { promise: string; by: string[] }[] = [];
  for (const line of text.split('\n').filter((each) => each !== '')) {
    if (line.startsWith('    ')) held.at(-1)?.by.push(line.trim());
    else held.push({ promise: line, by: [] });
  }
  return held;
}
