/**
 * gcloud and kubectl as a user runs them: with the environment that the local cloud
 * prints, an empty home folder, and nothing else.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { patienceSeconds } from '../../testing/journey.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { kubectlFiles } from './needs-program.ts';

const run = promisify(execFile);
const CALL_MS = 240_000;

export interface KubectlProgram {
  name: string;
  file: string;
}

/** The versions that are here, else whatever kubectl there is. */
export function kubectlPrograms(): KubectlProgram[] {
  return kubectlFiles().map((file) => ({ name: basename(file), file }));
}

/** A program that goes on running, and what it has said so far. */
export class RunningClient {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(file: string, args: string[], env: Record<string, string>) {
    const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (text: Buffer) => (this.stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.#ended = new Promise((resolve) => child.once('close', resolve));
    this.#child = child;
  }

  async says(pattern: RegExp): Promise<void> {
    await waitFor(
      `output like ${pattern}`,
      () => {
        assert.ok(this.#child.exitCode === null || pattern.test(this.stdout), `it ended: ${this.stdout}${this.stderr}`);
        return pattern.test(this.stdout);
      },
      patienceSeconds,
    );
  }

  /** Its exit code, when it ends by itself. */
  async end(): Promise<number | null> {
    await waitFor(
      'the end of the program',
      () => this.#child.exitCode !== null || this.#child.signalCode !== null,
      patienceSeconds,
    );
    return this.#ended;
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

export class OrdinaryClients {
  readonly env: Record<string, string>;
  readonly #running: RunningClient[] = [];

  constructor(clientEnvironment: Record<string, string>, home: string) {
    mkdirSync(home, { recursive: true });
    this.env = { PATH: process.env['PATH'] ?? '', HOME: home, ...clientEnvironment };
  }

  gcloud(...args: string[]): Promise<string> {
    return this.#call('gcloud', [...args, '--quiet']);
  }

  kubectl(program: KubectlProgram, ...args: string[]): Promise<string> {
    return this.#call(program.file, args);
  }

  /** Ends with `stop`. */
  start(program: KubectlProgram, ...args: string[]): RunningClient {
    const client = new RunningClient(program.file, args, this.env);
    this.#running.push(client);
    return client;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.map((client) => client.kill()));
  }

  async #call(file: string, args: string[]): Promise<string> {
    try {
      const { stdout } = await run(file, args, { env: this.env, timeout: CALL_MS, maxBuffer: 64 * 1024 ** 2 });
      return stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`${file} ${args.join(' ')} failed:\n${stdout ?? ''}${stderr ?? String(error)}`, { cause: error });
    }
  }
}
