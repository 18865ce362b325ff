/** How the command speaks: text for people, one JSON value with --json, errors on stderr with code and remedy. */
import { styleText } from 'node:util';
import { PortError } from '../functions/ports/port-error.ts';
import { CommandError, EXIT } from './exit-codes.ts';

export interface GlobalOptions {
  json?: boolean;
  state?: string;
}

type Style = Parameters<typeof styleText>[0];

/** Colour on a terminal that wants it (NO_COLOR and CI are honoured by Node.js). */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
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

export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function sayJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Lines that could not be understood: the others are shown. */
export function tellDamaged(object: string, lines: number): void {
  process.stderr.write(`note: ${lines} lines of ${object} are damaged and left out\n`);
}

/** Runs a command's body; turns what it throws into a message and an exit code. */
export function commandAction<A extends unknown[]>(
  options: () => GlobalOptions,
  body: (...args: A) => Promise<number | void>,
): (...args: A) => Promise<void> {
  return async (...args: A) => {
    try {
      process.exitCode = (await body(...args)) ?? EXIT.ok;
    } catch (error) {
      process.exitCode = report(error, options().json === true);
    }
  };
}

/** What a user can put right: a full disk, a folder that may not be written, a file where a folder should be. */
const FILE_ERRORS: Record<string, string> = {
  ENOSPC: 'make room on the disk, then run the command again',
  EDQUOT: 'make room on the disk, then run the command again',
  EACCES: 'name a folder that you may use, or change its permissions',
  EPERM: 'name a folder that you may use, or change its permissions',
  EROFS: 'name a folder that can be written',
  EEXIST: 'name a folder; there is a file of that name',
  ENOTDIR: 'name a folder; part of that path is a file',
  EISDIR: 'remove the folder that stands where a file belongs, or name another one',
};

function asFileError(error: unknown): CommandError | null {
  const { code, syscall, message } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  const remedy = syscall === undefined || code === undefined ? undefined : FILE_ERRORS[code];
  return remedy === undefined || syscall === 'connect' || syscall === 'listen'
    ? null
    : new CommandError('FF-FILE-ACCESS', message ?? '', remedy, EXIT.invalid);
}

function report(error: unknown, json: boolean): number {
  const known = error instanceof CommandError ? error : asFileError(error);
  const code = known?.code ?? (error instanceof PortError ? error.code : 'FF-UNEXPECTED');
  const message = error instanceof Error ? error.message : String(error);
  const remedy = known?.remedy ?? 'try again; if it stays, run: foreach-fleet doctor';
  if (json) sayJson({ error: { code, message, remedy } });
  else process.stderr.write(`${code}: ${message}\n  what to do: ${remedy}\n`);
  return known?.exitCode ?? EXIT.failure;
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
