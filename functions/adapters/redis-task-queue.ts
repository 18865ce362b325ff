/** Redis of one job through ioredis. One short connection a pass; nothing is retried here, because the next pass will. Key formats: worker-image/README.md. */
import { Redis } from 'ioredis';
import { summarize, type DriverState, type LoopProgress, type Progress, type WorkerProgress } from '../job/progress.ts';
import { messageOf, PortError } from '../ports/port-error.ts';
import type { Address, JournalEntry, QueueView, ReportKind, TaskQueue, TaskQueues } from '../ports/task-queue.ts';

const CALL_MS = 5000;
/** A worker whose supervisor has been silent for longer is not counted. */
const BEAT_LIMIT_SECONDS = 30;
/** Addresses that one pass gives; the next one goes on. */
const WANTED_AT_ONCE = 500;
/** The cluster stops by itself when no pass has renewed this for so long. */
const LEASE_SECONDS = 1800;
const REPORT_KEYS: Record<ReportKind, string> = { errors: 'ff:errors', loops: 'ff:described' };

export const redisTaskQueues: TaskQueues = {
  async open({ host, port, password }): Promise<TaskQueue> {
    const redis = new Redis({
      host,
      port,
      password,
      lazyConnect: true,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      connectTimeout: CALL_MS,
      commandTimeout: CALL_MS,
      retryStrategy: () => null,
    });
    // Without a listener ioredis prints connection errors itself; each call reports its own.
    redis.on('error', () => undefined);
    try {
      await redis.connect();
    } catch (cause) {
      redis.disconnect();
      throw unreachable(cause);
    }
    return new RedisTaskQueue(redis);
  },
};

class RedisTaskQueue implements TaskQueue {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async view(nowMs: number, before: Progress | null): Promise<QueueView> {
    const [driver, loopNumbers, waiting, workers, outbox, need, errors, described] = (await this.#pipeline([
      ['hgetall', 'ff:driver'],
      ['lrange', 'ff:loops', '0', '-1'],
      ['hgetall', 'ff:waiting'],
      ['hgetall', 'ff:workers'],
      ['xlen', 'ff:outbox'],
      ['hscan', 'ff:need', '0', 'COUNT', String(WANTED_AT_ONCE)],
      ['xlen', REPORT_KEYS.errors],
      ['xlen', REPORT_KEYS.loops],
    ])) as [
      Record<string, string>,
      string[],
      Record<string, string>,
      Record<string, string>,
      number,
      [string, string[]],
      number,
      number,
    ];
    const driverNow = toDriver(driver);
    const known = endedLoops(before, driverNow.startedSeconds);
    const numbers = [...new Set(loopNumbers.map(Number))];
    const open = numbers.filter((number) => !known.has(number));
    const hashes = (await this.#pipeline(open.map((number) => ['hgetall', `ff:loop:${number}`]))) as Record<
      string,
      string
    >[];
    open.forEach((number, index) => known.set(number, toLoop(number, hashes[index] ?? {}, waiting[number])));
    const loops = numbers.flatMap((number) => known.get(number) ?? []);
    const all = Object.entries(workers).flatMap(([pod, json]) => toWorker(pod, json) ?? []);
    const fresh = all.filter((worker) => nowMs / 1000 - worker.beatSeconds < BEAT_LIMIT_SECONDS);
    const progress = summarize(driverNow, loops, fresh, outbox + errors + described);
    return { progress, workers: fresh, wanted: Object.keys(toFields(need[1])).slice(0, WANTED_AT_ONCE) };
  }

  async outbox(maxEntries: number, maxBytes: number): Promise<{ entry: JournalEntry; value: Buffer | null }[]> {
    const raw = await this.#call(() => this.#redis.xrange('ff:outbox', '-', '+', 'COUNT', maxEntries));
    const entries: JournalEntry[] = [];
    let bytes = 0;
    for (const [id, fields] of raw) {
      const entry = toEntry(id, fields);
      if (entries.length > 0 && bytes + entry.bytes > maxBytes) break;
      bytes += entry.object === null ? entry.bytes : 0;
      entries.push(entry);
    }
    const pipeline = this.#redis.pipeline();
    for (const entry of entries) pipeline.hgetBuffer(valueKey(entry), 'v');
    const values = (await this.#exec(pipeline)) as (Buffer | null)[];
    return entries.map((entry, index) => ({ entry, value: values[index] ?? null }));
  }

  /**
   * Takes the mark "to be backed up" from each value; whoever (this, or the driver with its own mark) takes the last one deletes the value. Nothing of this
   * needs memory: a Redis that is full is made room in.
   */
  async confirm(entries: JournalEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const marks = this.#redis.pipeline();
    for (const entry of entries) marks.hdel(valueKey(entry), 'b').hexists(valueKey(entry), 'd');
    const answers = await this.#exec(marks);
    const finished = entries.filter((_, index) => answers[2 * index + 1] === 0);
    const cleanUp = this.#redis.pipeline();
    for (const entry of finished) cleanUp.del(valueKey(entry));
    cleanUp.xdel('ff:outbox', ...entries.map((entry) => entry.id));
    await this.#exec(cleanUp);
  }

  async reject(entries: JournalEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const pipeline = this.#redis.pipeline();
    for (const entry of entries)
      pipeline.setbit(`ff:done:${entry.loop}`, entry.iteration, 0).hdel(valueKey(entry), 'b');
    pipeline.xdel('ff:outbox', ...entries.map((entry) => entry.id));
    await this.#exec(pipeline);
  }

  async forget(entries: JournalEntry[]): Promise<void> {
    if (entries.length > 0) await this.#call(() => this.#redis.xdel('ff:outbox', ...entries.map((entry) => entry.id)));
  }

  async reports(kind: ReportKind, maxEntries: number): Promise<{ id: string; json: string }[]> {
    const raw = await this.#call(() => this.#redis.xrange(REPORT_KEYS[kind], '-', '+', 'COUNT', maxEntries));
    return raw.map(([id, fields]) => ({ id, json: toFields(fields)['json'] ?? '{}' }));
  }

  async confirmReports(kind: ReportKind, ids: string[]): Promise<void> {
    if (ids.length > 0) await this.#call(() => this.#redis.xdel(REPORT_KEYS[kind], ...ids));
  }

  async stop(reason: string): Promise<void> {
    await this.#call(() => this.#redis.hset('ff:control', 'stop', reason));
  }

  async openGate(): Promise<void> {
    await this.#call(() => this.#redis.set('ff:gate', ''));
  }

  async renewLease(): Promise<void> {
    // Lengthening it needs no memory: a full Redis must not end the job.
    const lengthened = await this.#call(() => this.#redis.expire('ff:lease', LEASE_SECONDS));
    if (lengthened === 0) await this.#call(() => this.#redis.set('ff:lease', '1', 'EX', LEASE_SECONDS));
  }

  async giveAddresses(answers: Record<string, Address | null>): Promise<void> {
    const multi = this.#redis.multi();
    for (const [name, address] of Object.entries(answers)) {
      multi.hset('ff:urls', name, address === null ? 'none' : `${address.goodUntilSeconds} ${address.url}`);
      multi.hdel('ff:need', name);
    }
    await this.#exec(multi);
  }

  async outputs(): Promise<{ name: string; bytes: number; sha256: string }[]> {
    const list = await this.#call(() => this.#redis.lrange('ff:outputs', 0, -1));
    const named = new Map(
      list
        .map((json) => JSON.parse(json) as { name: string; bytes: number; sha256: string })
        .map((output) => [output.name, output]),
    );
    return [...named.values()];
  }

  close(): void {
    this.#redis.disconnect();
  }

  async #pipeline(commands: [name: string, ...args: string[]][]): Promise<unknown[]> {
    if (commands.length === 0) return [];
    return this.#exec(this.#redis.pipeline(commands));
  }

  async #exec(pipeline: ReturnType<Redis['pipeline']>): Promise<unknown[]> {
    const results = await this.#call(() => pipeline.exec());
    return (results ?? []).map(([error, value]) => {
      if (error) throw unreachable(error);
      return value;
    });
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw cause instanceof PortError ? cause : unreachable(cause);
    }
  }
}

function unreachable(cause: unknown): PortError {
  return new PortError('FF-QUEUE-UNREACHABLE', `reading the job's Redis: ${messageOf(cause)}`, { retry: true, cause });
}

/** A driver that was started again may go through its loops anew, so nothing that was seen before counts then. */
function endedLoops(before: Progress | null, startedSeconds: number | null): Map<number, LoopProgress> {
  const same = startedSeconds !== null && before?.driver.startedSeconds === startedSeconds;
  return new Map(same ? before.loops.filter((loop) => loop.ended).map((loop) => [loop.loop, loop]) : []);
}

function valueKey(entry: { loop: number; iteration: number }): string {
  return `ff:v:${entry.loop}:${entry.iteration}`;
}

const DRIVER_STATES: readonly string[] = [
  'starting',
  'running',
  'saving',
  'finished',
  'failed',
  'stopped',
] satisfies DriverState[];

function toDriver(hash: Record<string, string>): QueueView['progress']['driver'] {
  const state = hash['state'];
  return {
    state: state !== undefined && DRIVER_STATES.includes(state) ? (state as DriverState) : null,
    message: hash['message'] ?? '',
    reason: hash['reason'] || null,
    startedSeconds: numberOrNull(hash['startedAt']),
    beatSeconds: numberOrNull(hash['beatAt']),
  };
}

function toLoop(loop: number, hash: Record<string, string>, waiting: string | undefined): LoopProgress {
  const count = (field: string): number => Number(hash[field] ?? 0) || 0;
  return {
    loop,
    label: hash['label'] ?? '',
    total: numberOrNull(hash['total']),
    done: count('done'),
    failed: count('failed'),
    reused: count('reused'),
    seconds: count('seconds'),
    maxSeconds: count('max'),
    waiting: Math.max(0, Number(waiting ?? 0) || 0),
    ended: (hash['endedAt'] ?? '') !== '',
    ...(hash['reuse'] ? { reuse: hash['reuse'] } : {}),
    ...(hash['strays'] ? { strays: hash['strays'] } : {}),
  };
}

function toWorker(pod: string, json: string): WorkerProgress | undefined {
  try {
    const value = JSON.parse(json) as {
      state?: WorkerProgress['state'];
      loop?: number;
      iterations?: number | number[];
      since?: number;
      beat?: number;
    };
    return {
      pod,
      state: value.state ?? 'starting',
      loop: value.loop ?? null,
      iterations: [value.iterations ?? []].flat(),
      sinceSeconds: value.since ?? 0,
      beatSeconds: value.beat ?? 0,
    };
  } catch {
    return undefined;
  }
}

function toEntry(id: string, fields: string[]): JournalEntry {
  const value = toFields(fields);
  return {
    id,
    loop: Number(value['loop']),
    iteration: Number(value['iteration']),
    key: value['key'] ?? '',
    attempt: Number(value['attempt'] ?? 0),
    worker: value['worker'] ?? '',
    node: value['node'] ?? '',
    seconds: Number(value['seconds'] ?? 0),
    bytes: Number(value['bytes'] ?? 0),
    sha256: value['sha256'] ?? '',
    startedAt: Number(value['startedAt'] ?? 0),
    warnings: Number(value['warnings'] ?? 0),
    object: value['object'] || null,
    md5: value['md5'] || null,
  };
}

function toFields(flat: string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let index = 0; index + 1 < flat.length; index += 2) fields[flat[index]!] = flat[index + 1]!;
  return fields;
}

function numberOrNull(text: string | undefined): number | null {
  return text === undefined || text === '' || Number.isNaN(Number(text)) ? null : Number(text);
}
