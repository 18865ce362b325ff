/** gcloud and kubectl as a user runs them: with the environment that the local cloud prints, an empty home folder, and nothing else. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { patienceSeconds } from '../../testing/journey.ts';
import { waitFor } from '../../testing/wait-for.ts';

const run = promisify(execFile);
const CALL_MS = 240_000;
/** The oldest and the newest kubectl of gcloud's package, which lie beside its dispatcher. */
const KUBECTLS = ['kubectl.1.27', 'kubectl.1.33'];
const PACKAGE_FOLDER = '/usr/lib/google-cloud-sdk/bin';

export interface KubectlProgram {
  name: string;
  file: string;
}

/** The versions that are here, else whatever kubectl there is. */
export function kubectlPrograms(): KubectlProgram[] {
  const found = KUBECTLS.flatMap((name) => {
    const file = findProgram(name);
    return file === undefined ? [] : [{ name, file }];
  });
  const plain = findProgram('kubectl');
  return found.length > 0 || plain === undefined ? found : [{ name: 'kubectl', file: plain }];
}

/** The reason to skip. */
export function missingClients(): string | false {
  if (kubectlPrograms().length === 0) return 'kubectl is not installed';
  return gcloudStarts() ? false : 'gcloud is not installed';
}

/** kubectl's plug-in, without which it cannot use the access that gcloud writes for clusters it has made. */
export function hasAuthPlugin(): boolean {
  return findProgram('gke-gcloud-auth-plugin') !== undefined;
}

function gcloudStarts(): boolean {
  try {
    execFileSync('gcloud', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), PACKAGE_FOLDER];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
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
