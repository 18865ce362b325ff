// A small fleet for tests of the R engine: a real redis-server, an HTTP server for inputs and outputs, workers and
// drivers under their supervisors. It has no control plane: a test plays that part itself (backup, gate, stop).
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Redis } from 'ioredis';
import { redisKeys } from '../functions/adapters/redis-keys.ts';
import { describeRedis } from './describe-redis.ts';
import { explainFailures } from './explain-failures.ts';
import { startFileServer, type FileServer } from './file-server.ts';
import { freePort } from './free-ports.ts';
import { startRedis, type RunningRedis } from './redis-server.ts';
import { waitFor } from './wait-for.ts';

/** Of each process, in the explanation of a failure. */
const LAST_LINES = 15;

const root = resolve(import.meta.dirname, '..');
export const rLibrary = process.env['R_LIBS'] ?? join(root, '.local/R');
const imageDir = join(root, 'worker-image');
export const password = 'lab-password';
export const workerScript = join(imageDir, 'bin/run-worker');

/**
 * For the code of a session whose results are to be backed up, as those of a job are: each has its entry in the outbox.
 */
export const backedUp = 'assign("durable", TRUE, envir = foreachfleet:::.fleet$driver)\n';

export type Running = {
  readonly process: ChildProcess;
  readonly lines: string[];
  readonly exited: Promise<number | null>;
  /** It has ended, and all that it printed is in `lines`. */
  hasClosed: boolean;
};

export type LabJob = {
  script: string;
  files?: Record<string, string | Buffer>;
  load?: string[];
  arguments?: string[];
  seed?: number | null;
  attempt?: number;
  ledger?: string | null;
  tasks?: Partial<{
    maxTimeSeconds: number;
    tries: number;
    size: 'auto' | number;
    onError: 'default' | 'stop';
    isolate: 'worker' | 'iteration';
    moreMemory: boolean;
  }>;
  /** false: results and exports can only go through Redis. */
  uploads?: boolean;
  errorLimits?: { count?: number; rate?: number; sample?: number };
  canaryTasks?: number;
  /** `worker.max` of the job file. */
  workers?: number;
};

export class Lab {
  readonly dir = mkdtempSync(join(tmpdir(), 'fleet-lab-'));
  readonly running: Running[] = [];
  redisPort = 0;
  private maxMemory = '0';
  redis!: Redis;
  server!: FileServer;
  #server: RunningRedis | undefined;
  readonly #endExplanation = explainFailures(async () => {
    return `== Redis\n${await describeRedis(this.redis)}\n${this.describeProcesses()}`;
  });

  /** maxMemory: of Redis, as in redis.conf. */
  static async start(maxMemory = '0'): Promise<Lab> {
    const lab = new Lab();
    lab.maxMemory = maxMemory;
    lab.redisPort = await freePort();
    lab.server = await startFileServer(lab.dir);
    mkdirSync(join(lab.dir, 'redis'));
    await lab.startRedis();
    return lab;
  }

  async startRedis(): Promise<void> {
    this.redis?.disconnect();
    this.#server = await startRedis({
      ...{ password, port: this.redisPort, folder: join(this.dir, 'redis'), maxMemory: this.maxMemory },
      ...{ durable: true, asInCluster: true },
    });
    this.redis = this.#server.client;
  }

  async killRedis(): Promise<void> {
    await this.#server?.kill();
  }

  /** Closes every connection to Redis, as a network that fails for a moment does. */
  cutConnections(): void {
    const env = { ...process.env, REDISCLI_AUTH: password };
    const options = ['-p', String(this.redisPort), '--user', 'admin', '--no-auth-warning'];
    execFileSync('redis-cli', [...options, 'CLIENT', 'KILL', 'TYPE', 'normal'], { env });
  }

  run(command: string, args: string[], env: Record<string, string>): Running {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.setEncoding('utf8').on('data', (text: string) => {
        const parts = (rest + text).split('\n');
        rest = parts.pop() ?? '';
        lines.push(...parts);
      });
    }
    const exited = new Promise<number | null>((done) => child.on('close', (code) => done(code)));
    const running = { process: child, lines, exited, hasClosed: false };
    child.on('close', () => (running.hasClosed = true));
    this.running.push(running);
    return running;
  }

  /** What the pod's containers find in their environment. */
  environment(pod: string): Record<string, string> {
    const work = join(this.dir, pod);
    mkdirSync(work, { recursive: true });
    return {
      FF_JOB: 'lab',
      FF_ATTEMPT: '1',
      FF_POD: pod,
      FF_NODE: `node-of-${pod}`,
      FF_REDIS_HOST: '127.0.0.1',
      FF_REDIS_PORT: String(this.redisPort),
      FF_REDIS_PASSWORD: password,
      FF_WORK: work,
      FF_GRACE_SECONDS: '10',
      HOME: work,
      TMPDIR: join(work, 'tmp'),
      R_LIBS: rLibrary,
    };
  }

  /** Writes inputs.json for a job; its path goes to FF_INPUTS. */
  prepare(job: LabJob): string {
    const files = Object.entries(job.files ?? {}).map(([name, content]) => {
      const path = this.server.put(`inputs/${name}`, content);
      return { name, url: this.server.url(`inputs/${name}`), bytes: statSync(path).size };
    });
    this.server.put('inputs/run.R', job.script);
    this.server.put('inputs.files.json', JSON.stringify(files));
    const inputs = {
      schema: 2,
      job: 'lab',
      attempt: job.attempt ?? 1,
      script: { name: 'run.R', url: this.server.url('inputs/run.R') },
      arguments: job.arguments ?? [],
      files: files.length === 0 ? null : { url: this.server.url('inputs.files.json') },
      load: job.load ?? [],
      ledger: job.ledger ? { url: job.ledger } : null,
      outputs: this.form('results/lab/attempt-1/'),
      ...(job.uploads === false
        ? {}
        : { results: this.form('results/lab/attempt-1/'), exports: this.form('results/lab/attempt-1/') }),
      tasks: { maxTimeSeconds: 3600, tries: 3, size: 'auto', onError: 'default', ...job.tasks },
      ...(job.errorLimits ? { errorLimits: job.errorLimits } : {}),
      seed: job.seed ?? null,
      ...(job.workers === undefined ? {} : { workers: job.workers }),
      // Without a control plane nobody opens the gate: only a test that plays that part asks for one.
      ...(job.canaryTasks === undefined ? {} : { canary: { tasks: job.canaryTasks } }),
    };
    const path = join(this.dir, 'inputs.json');
    writeFileSync(path, JSON.stringify(inputs));
    return path;
  }

  /**
   * What a pass does for a driver that has lost its disk: waits until it asks for the ledger, and gives its address.
   */
  async answerLedger(url: string | null): Promise<void> {
    await waitFor('the ledger is asked for', async () => (await this.redis.hexists(redisKeys.need, 'ledger')) === 1);
    const goodUntilSeconds = Math.round(Date.now() / 1000) + 3600;
    await this.redis.hset(redisKeys.urls, 'ledger', url === null ? 'none' : `${goodUntilSeconds} ${url}`);
    await this.redis.hdel(redisKeys.need, 'ledger');
  }

  private form(prefix: string): { url: string; fields: Record<string, string>; prefix: string } {
    return { url: this.server.url('upload'), fields: { policy: 'p"o\\licy' }, prefix };
  }

  worker(pod: string, inputs?: string, env: Record<string, string> = {}): Running {
    return this.run(workerScript, [], {
      ...this.environment(pod),
      ...(inputs ? { FF_INPUTS: inputs } : {}),
      ...env,
    });
  }

  driver(inputs: string, env: Record<string, string> = {}): Running {
    return this.run(join(imageDir, 'bin/run-driver'), [], { ...this.environment('driver'), FF_INPUTS: inputs, ...env });
  }

  /** An R session with the backend registered: `code` follows. */
  session(code: string, options = ''): Running {
    const redis = `redis://:${password}@127.0.0.1:${this.redisPort}`;
    const prelude = `library(foreach); library(foreachfleet); registerForeachFleet("${redis}"${options})\n`;
    const path = join(this.dir, `session-${this.running.length}.R`);
    writeFileSync(path, prelude + code);
    return this.run('Rscript', ['--vanilla', path], { R_LIBS: rLibrary, TMPDIR: this.dir });
  }

  async workersReady(count: number): Promise<void> {
    await waitFor(`${count} workers idle`, async () => {
      const supervisors = this.running.filter(({ process: child }) => child.spawnfile === workerScript);
      const left = supervisors.filter(({ hasClosed }) => !hasClosed);
      // sessions may have workers of their own
      if (supervisors.length >= count && left.length < count) {
        throw new Error(`of ${count} workers to come ${left.length} are left\n${this.describeProcesses()}`);
      }
      const states = Object.values(await this.redis.hgetall(redisKeys.workers));
      return states.filter((text) => text.includes('"state":"idle"')).length >= count;
    });
  }

  /** The last that each process has said. */
  private describeProcesses(): string {
    return this.running.map(describeProcess).join('\n');
  }

  async stop(): Promise<void> {
    this.#endExplanation(this.describeProcesses());
    await this.#server?.stop();
    for (const { process: child } of this.running) {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        try {
          process.kill(-child.pid, 'SIGKILL');
        } catch {
          // it ended in between
        }
      }
    }
    await Promise.all(this.running.map((r) => r.exited));
    await this.server.stop();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

function describeProcess({ process: child, lines }: Running): string {
  const state = child.signalCode ?? child.exitCode ?? 'runs';
  const command = child.spawnargs.join(' ').slice(0, 120);
  return [`== ${command} (pid ${child.pid}): ${state}`, ...lines.slice(-LAST_LINES)].join('\n');
}

/** Lines of structured progress of one process. */
export function events(running: Running): Record<string, unknown>[] {
  return running.lines
    .filter((line) => line.startsWith('{"ff":'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/**
 * The lines that match, once there are so many. That one process has ended says nothing of what another has printed:
 * its lines may still be on their way.
 */
export async function said(running: Running, pattern: RegExp, times = 1): Promise<string[]> {
  return waitFor(`${times} lines like ${pattern}`, () => {
    const { hasClosed } = running; // before the lines are looked at: the last ones may come in between
    const found = running.lines.filter((line) => pattern.test(line));
    if (found.length < times && hasClosed) {
      throw new Error(`it ended without ${times} lines like ${pattern}\n${describeProcess(running)}`);
    }
    return found.length >= times && found;
  });
}

/** Kills the R of a driver or worker; its supervisor starts another. */
export function killR(pod: Running, runs = 'runFleetDriver'): void {
  const children = execFileSync('pgrep', ['-P', String(pod.process.pid), '-f', runs]).toString();
  process.kill(Number(children.trim().split('\n')[0]), 'SIGKILL');
}
