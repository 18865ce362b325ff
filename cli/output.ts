/** How the command speaks: where its text goes, and how it writes numbers for people. */
import { styleText } from 'node:util';
import { EXIT } from './exit-codes.ts';

/** Where a command's words go: the terminal, or a test. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
}

export const terminal: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

type Style = Parameters<typeof styleText>[0];

/** Text with a colour of ours; the text itself may come from anywhere. */
interface Painted {
  readonly style: Style;
  readonly text: string;
}

/** What a command says at a time; where only a part has a colour, the parts in their order. */
export type Words = string | Painted | readonly (string | Painted)[];

export function paint(style: Style, text: string): Painted {
  return { style, text };
}

/** Nothing of ours begins so: it goes on with what stands above, or it is R's. */
const FOREIGN_LINE = '  | ';

/**
 * The one way from words to a terminal; what is said at a time is one line. Names, messages and logs come from scripts
 * and buckets. A control character in them would move the cursor, hide text or talk to the terminal, so it is shown and
 * not obeyed. The same holds for marks that turn the direction of text. The end of a line in them could begin a line
 * that looks like ours, so what follows it is marked. Tabs stay. Colour is for a terminal that wants it (Node.js
 * honours NO_COLOR and CI).
 */
export function terminalText(words: Words): string {
  if (typeof words === 'string') return showControls(words);
  if ('style' in words) return styleText(words.style, showControls(words.text), { stream: process.stdout });
  return words.map(terminalText).join('');
}

/** Lines that another program prints, for the same terminal. */
export function foreignLine(line: string): string {
  return `${FOREIGN_LINE}${showControls(line)}\n`;
}

const hexadecimal = (character: string): string => (character.codePointAt(0) ?? 0).toString(16);

function showControls(text: string): string {
  return text
    .replace(/\r?\n$/, '')
    .replace(/[^\P{Cc}\n\t]|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (character, at: number) =>
      character === '\r' && text[at + 1] === '\n' ? '' : `\\u{${hexadecimal(character)}}`,
    )
    .replaceAll('\n', `\n${FOREIGN_LINE}`);
}

/** Takes back what was drawn last on a terminal: the row that the cursor is in, and so many above it. */
export function eraseRows(above: number): void {
  terminal.out(`\r${above > 0 ? `\u001b[${above}A` : ''}\u001b[J`);
}

/**
 * For output that nobody reads any more, as after `| head`: a command that only shows
 * something ends, others go on without being heard.
 */
export function expectClosedPipe(endsThen: boolean): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (endsThen) process.exit(EXIT.ok);
  });
}

/** JSON itself escapes the first 32 characters only; a terminal obeys others as well. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return `${text.replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${hexadecimal(character).padStart(4, '0')}`,
  )}\n`;
}

/** Lines that could not be understood: the others are shown. */
export function tellDamaged(object: string, lines: number): void {
  terminal.err(`${terminalText(`note: ${lines} lines of ${object} are damaged and left out`)}\n`);
}

/** 61 -> "1 min 1 s". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function usd(amount: number): string {
  return `${amount < 0.1 ? amount.toFixed(4) : amount.toFixed(2)} USD`;
}

export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = count;
  let unit = 0;
  // 1023.95 and more would be shown as 1024.0.
  while (value >= (unit === 0 ? 1024 : 1023.95) && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
