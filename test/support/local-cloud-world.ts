/** Starts and kills local clouds on one state directory, and speaks to their admin API and storage. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEndpoints, type Endpoints } from '../../local-cloud/composition/endpoints.ts';
import type { FixtureCall } from './fixture-functions.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { tracedLines } from './traced-lines.ts';

const program = fileURLToPath(new URL('local-cloud-process.ts', import.meta.url));

export class LocalCloudWorld {
  readonly stateDir: string;
  #child: ChildProcess | undefined;

  constructor(stateDir: string) {
    this.stateDir = stateDir;
  }

  static async create(): Promise<LocalCloudWorld> {
    return new LocalCloudWorld(await mkdtemp(join(tmpdir(), 'ff-cloud-')));
  }

  async start(): Promise<void> {
    const child = fork(program, [this.stateDir], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    this.#child = child;
    await Promise.race([
      once(child.stdout!, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the local cloud did not start'))),
    ]);
  }

  /** SIGKILL: nothing is saved on the way out. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async remove(): Promise<void> {
    await this.#end('SIGKILL');
    await rm(this.stateDir, { recursive: true, force: true });
  }

  get endpoints(): Endpoints {
    const endpoints = readEndpoints(this.stateDir);
    if (!endpoints) throw new Error('the local cloud has not written its endpoints');
    return endpoints;
  }

  async admin(
    method: string,
    path: string,
    body?: unknown,
    token = this.endpoints.admin.token,
  ): Promise<{ status: number; body: any }> {
    const response = await fetch(this.endpoints.admin.url + path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  /** A call of a Google REST API with the token that gcloud would present. */
  async google(service: 'storage' | 'container', method: string, path: string, body?: unknown): Promise<any> {
    const { environment, clientEnvironment } = this.endpoints;
    const base = environment[service === 'storage' ? 'FF_STORAGE_ENDPOINT' : 'FF_CONTAINER_ENDPOINT'];
    const token = readFileSync(clientEnvironment['CLOUDSDK_AUTH_ACCESS_TOKEN_FILE'] ?? '', 'utf8');
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  async upload(name: string, text: string): Promise<void> {
    const bucket = this.endpoints.environment['FF_UPLOADS_BUCKET'];
    await this.google(
      'storage',
      'POST',
      `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(name)}`,
      text,
    );
  }

  calls(name: string): FixtureCall[] {
    const file = join(this.stateDir, 'calls.jsonl');
    const lines = tracedLines(file);
    return lines.map((line) => JSON.parse(line) as FixtureCall).filter((call) => call.function === name);
  }

  called(name: string, matches: (call: FixtureCall) => boolean): Promise<FixtureCall> {
    return waitFor(`a call of ${name}`, () => this.calls(name).find(matches));
  }

  script(behaviours: Record<string, string[]>): void {
    writeFileSync(join(this.stateDir, 'script.json'), JSON.stringify(behaviours));
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}
