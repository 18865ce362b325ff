/** An R process with a backend and two workers, asked for one loop after another (engine/session.R). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { project } from './bundle.ts';
import { startRedis, type RunningRedis } from '../testing/redis-server.ts';

export interface Tasks {
  count: number;
  seconds: number;
  /** Of each result; 0 for a number. */
  bytes: number;
  kind: 'sleep' | 'busy';
}

/** Where the peers are installed; the product's own library stays as it is. */
export const peerLibrary = join(project, '.local', 'bench-R');
const libraries = [process.env['R_LIBS'], join(project, '.local', 'R'), peerLibrary].filter(Boolean).join(':');

export class EngineSession {
  readonly backend: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string, unknown>;
  readonly #reader: Interface;
  readonly #folder: string;
  readonly #redis: RunningRedis | undefined;
  #complaint = '';

  private constructor(backend: string, redis: RunningRedis | undefined) {
    this.backend = backend;
    this.#redis = redis;
    this.#folder = mkdtempSync(join(tmpdir(), 'ff-bench-session-'));
    const script = join(import.meta.dirname, 'engine', 'session.R');
    this.#child = spawn('Rscript', ['--vanilla', script, backend, String(redis?.port ?? 0)], {
      cwd: this.#folder,
      env: { ...process.env, R_LIBS: libraries, TMPDIR: this.#folder, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
      stdio: ['pipe', 'pipe', 'pipe'],
      // its workers end with its group, however it ends
      detached: true,
    });
    this.#child.stderr!.on('data', (text: Buffer) => {
      this.#complaint = `${this.#complaint}${text.toString()}`.slice(-2000);
    });
    // workers hold its output open: its end shows in no other way
    this.#child.once('exit', () => this.#reader.close());
    this.#reader = createInterface({ input: this.#child.stdout! });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /**
   * With a Redis server of its own where the backend needs one; `appendOnly`: it writes
   * each change to its file, as in the cluster.
   */
  static async start(backend: string, appendOnly = backend === 'fleet'): Promise<EngineSession> {
    const redis = ['fleet', 'doRedis'].includes(backend)
      ? await startRedis({ password: '', durable: appendOnly })
      : undefined;
    const session = new EngineSession(backend, redis);
    try {
      await session.#answer('ready');
      return session;
    } catch (error) {
      await session.stop();
      throw error;
    }
  }

  /** Seconds that the loop takes. */
  async run({ count, seconds, bytes, kind }: Tasks): Promise<number> {
    this.#child.stdin!.write(`${count} ${seconds} ${bytes} ${kind}\n`);
    return Number(await this.#answer('seconds'));
  }

  async stop(): Promise<void> {
    const ended = this.#child.exitCode === null ? once(this.#child, 'exit') : undefined;
    this.#child.stdin!.end();
    const timer = setTimeout(() => this.#kill(), 5000);
    await ended;
    clearTimeout(timer);
    this.#kill();
    this.#reader.close();
    await this.#redis?.stop();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #kill(): void {
    try {
      process.kill(-this.#child.pid!, 'SIGKILL');
    } catch {
      // all of it has ended
    }
  }

  async #answer(word: string): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`${this.backend} ended: ${this.#complaint}`);
      const [first, rest] = value.split(' ');
      if (first === word) return rest ?? '';
    }
  }
}
