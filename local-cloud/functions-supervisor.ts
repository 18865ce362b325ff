/**
 * Keeps the functions' process (functions-host.ts) running: starts it, restarts it with back-off
 * when it dies, ends it, keeps its output.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import type { LocalContext } from './context.ts';
import { appendText } from './disk.ts';
import { readyLine, type ReadyLine } from './functions-ready.ts';
import { parseJson } from './read-json.ts';

export interface FunctionsOptions {
  /** Module that registers the functions. */
  source: string;
  functions: string[];
  /** The whole environment of the process: nothing of the user's own credentials must reach it. */
  environment: Record<string, string>;
  ports: Record<string, number>;
  onPorts(ports: Record<string, number>): void;
}

export interface RunningFunctions {
  /** Resolves when the function is served; rejects when the module does not register it, or at the end of patience. */
  url(name: string): Promise<string>;
  pid(): number | undefined;
  stop(): Promise<void>;
}

const host = fileURLToPath(new URL('functions-host.ts', import.meta.url));
const backoffMs = { first: 100, longest: 10_000 };
/** A process that lived this long was healthy: the next failure starts the back-off anew. */
const healthyMs = 30_000;
const startPatienceMs = 60_000;
const stopPatienceMs = 5_000;

export function startFunctions(context: LocalContext, options: FunctionsOptions): RunningFunctions {
  return new FunctionsSupervisor(context, options);
}

class FunctionsSupervisor implements RunningFunctions {
  readonly #context: LocalContext;
  readonly #options: FunctionsOptions;
  readonly #logFile: string;
  #child: ChildProcess | undefined;
  #line: ReadyLine | undefined;
  #waiting: (() => void)[] = [];
  #backoffMs = backoffMs.first;
  #isStopped = false;
  #cancelRestart = (): void => {};

  constructor(context: LocalContext, options: FunctionsOptions) {
    this.#context = context;
    this.#options = options;
    this.#logFile = join(context.stateDir, 'logs', 'functions.log');
    mkdirSync(dirname(this.#logFile), { recursive: true });
    this.#start();
  }

  pid(): number | undefined {
    return this.#child?.pid;
  }

  async url(name: string): Promise<string> {
    const deadline = Date.now() + startPatienceMs;
    while (!this.#line) {
      if (this.#isStopped) throw new Error('the local cloud is stopping');
      if (Date.now() > deadline)
        throw new Error(`the functions did not start within ${startPatienceMs / 1000} s; see logs/functions.log`);
      await this.#nextChange();
    }
    const port = this.#line.ports[name];
    if (port === undefined) throw new Error(`no function is registered under the name ${name}`);
    return `http://127.0.0.1:${port}/`;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRestart();
    this.#announce();
    const child = this.#child;
    if (child) {
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
      child.kill('SIGTERM');
      const cancel = this.#context.clock.after(stopPatienceMs, () => child.kill('SIGKILL'));
      await ended;
      cancel();
    }
  }

  #start(): void {
    const { source, functions, environment, ports } = this.#options;
    const startedMs = this.#context.clock.nowMs();
    const child = spawn(
      process.execPath,
      [
        host,
        '--source',
        source,
        '--functions',
        functions.join(','),
        '--ports',
        JSON.stringify({ ...ports, ...this.#line?.ports }),
      ],
      { env: environment, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
    );
    this.#child = child;
    this.#line = undefined;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#read(line));
    }
    child.once('error', (error) => this.#context.log('functions', `cannot start: ${error.message}`));
    child.once('close', (code, signal) => {
      this.#child = undefined;
      this.#line = undefined;
      if (this.#isStopped) return;
      if (this.#context.clock.nowMs() - startedMs > healthyMs) this.#backoffMs = backoffMs.first;
      this.#context.log(
        'functions',
        `ended (${signal ?? code}), started anew in ${this.#backoffMs} ms; see logs/functions.log`,
      );
      this.#cancelRestart = this.#context.clock.after(this.#backoffMs, () => this.#start());
      this.#backoffMs = Math.min(backoffMs.longest, this.#backoffMs * 2);
    });
  }

  #read(line: string): void {
    const ready = this.#line ? undefined : parseReady(line);
    if (!ready) {
      appendText(this.#logFile, `${line}\n`);
      return;
    }
    this.#line = ready;
    for (const name of ready.missing)
      this.#context.log('functions', `${name} is not registered by ${this.#options.source}`);
    this.#options.onPorts(ready.ports);
    this.#announce();
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#context.clock.after(1000, resolve);
    });
  }

  #announce(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

function parseReady(line: string): ReadyLine | undefined {
  if (!line.startsWith('{"ready":true')) return undefined;
  return parseJson(line, readyLine);
}
