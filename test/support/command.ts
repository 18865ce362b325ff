/** The command as a process of its own, or within the test's process, where only its meaning matters. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../../cli/program.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a program in `cwd` without the variables that name the cloud of the test's own session. */
function runProgram(file: string, args: string[], cwd: string, input: string | null = null): Promise<Ran> {
  const { PATH, HOME, NODE_OPTIONS, FF_TEST_NETWORK_REPORT } = process.env;
  const passedOn = Object.entries({ PATH, HOME, NODE_OPTIONS, FF_TEST_NETWORK_REPORT }).filter(([, value]) => value);
  const env = { ...Object.fromEntries(passedOn), R_LIBS: join(project, '.local/R'), NO_COLOR: '1' };
  const child = spawn(file, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input ?? '');
  const ran: Ran = { code: null, out: '', err: '' };
  child.stdout.on('data', (text: Buffer) => (ran.out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (ran.err += text.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ ...ran, code })));
}

/** A command line in this process. */
export async function callHere(...args: string[]): Promise<Ran> {
  const ran: Ran = { code: null, out: '', err: '' };
  const code = await runCommandLine(args, { out: (text) => (ran.out += text), err: (text) => (ran.err += text) });
  return { ...ran, code };
}

/** The one JSON value that a command line in this process says; `code` is the exit code it must have. */
export async function askHere(code: number, ...args: string[]): Promise<any> {
  const ran = await callHere('--json', ...args);
  assert.equal(ran.code, code, `${args.join(' ')}: ${ran.out}${ran.err}`);
  return JSON.parse(ran.out);
}

/** The command of one local cloud, called from `cwd`. */
export class CommandOf {
  readonly #state: string;
  readonly #cwd: string;

  constructor(stateDir: string, cwd: string) {
    this.#state = stateDir;
    this.#cwd = cwd;
  }

  line(...args: string[]): string[] {
    return [process.execPath, join(project, 'cli/main.ts'), '--state', this.#state, ...args];
  }

  run(...args: string[]): Promise<Ran> {
    const [file, ...rest] = this.line(...args);
    return runProgram(file!, rest, this.#cwd);
  }

  /** The one JSON value that the command printed; `code` is the exit code it must have. */
  async ask(code: number, ...args: string[]): Promise<any> {
    const ran = await this.run('--json', ...args);
    assert.equal(ran.code, code, `${args.join(' ')}: ${ran.out}${ran.err}`);
    return JSON.parse(ran.out);
  }

  /** In the test's process, whose folder is another: for what names no file. */
  runHere(...args: string[]): Promise<Ran> {
    return callHere('--state', this.#state, ...args);
  }

  askHere(code: number, ...args: string[]): Promise<any> {
    return askHere(code, '--state', this.#state, ...args);
  }

  /** On a terminal of its own, with what is typed there. */
  onTerminal(input: string, ...args: string[]): Promise<Ran> {
    const quoted = this.line(...args).map((part) => `'${part}'`);
    return runProgram('script', ['-qec', quoted.join(' '), '/dev/null'], this.#cwd, input);
  }
}
