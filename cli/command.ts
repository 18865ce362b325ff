/** What a command is, and what it is given to work with. The commands themselves are in commands/, one file each. */
import type { Words } from './output.ts';
import type { Session } from './session.ts';

export interface Option {
  /** As in the help: `-f, --follow`, `--to <dir>`. */
  flags: string;
  summary: string;
  default?: string;
  isRequired?: true;
}

export interface Command {
  name: string;
  /** As in the help: `<job>` must be there, `[job]` may be. */
  arguments: string;
  summary: string;
  options?: readonly Option[];
  /** What the help says before the examples. */
  notes?: string;
  /** Without the name of the program. */
  examples: readonly string[];
  /** Goes on when nobody reads its output any more; all others end then. */
  goesOnUnheard?: true;
  /** Answers the exit code; nothing is 0. Loads what it needs only here, so that help comes at once. */
  run(context: Context, options: Readonly<Record<string, unknown>>, ...args: string[]): Promise<number | void>;
}

export interface Context {
  /** One JSON value on stdout instead of text. */
  json: boolean;
  /** The state folder that was named. */
  state: string | undefined;
  say(line?: Words): void;
  sayJson(value: unknown): void;
  /** Beside the output: to stderr. */
  note(line: string): void;
  session(): Promise<Session>;
}
