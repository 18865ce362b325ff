/**
 * Redis of one job through ioredis. One short connection a pass; nothing is retried here, because the next
 * pass will. The keys: docs/redis-protocol.md.
 */
import { Redis } from 'ioredis';
import { summarize, type LoopProgress, type Progress } from '../job/progress.ts';
import { messageOf, PortError } from '../ports/port-error.ts';
import type { SignedUrl, JournalEntry, QueueView, ReportKind, TaskQueue, TaskQueues } from '../ports/task-queue.ts';
import { redisKeys, valueFields } from './redis-keys.ts';
import { toDriver, toEntry, toFields, toGate, toLoop, toWorker } from './redis-values.ts';

const CALL_MS = 5000;
/** A worker whose supervisor has been silent for longer is not counted. */
const BEAT_LIMIT_SECONDS = 30;
/** URLs that one pass signs; the next one goes on. */
const URLS_AT_ONCE = 500;
/** The cluster stops by itself when no pass has renewed this for so long. */
const LEASE_SECONDS = 1800;
const REPORT_KEYS: Record<ReportKind, string> = { errors: redisKeys.errors, loops: redisKeys.described };

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
    const [driver, loopNumbers, waiting, workers, outbox, need, errors, described, gate, gated] = (await this.#pipeline(
      [
        ['hgetall', redisKeys.driver],
        ['lrange', redisKeys.loops, '0', '-1'],
        ['hgetall', redisKeys.waiting],
        ['hgetall', redisKeys.workers],
        ['xlen', redisKeys.outbox],
        ['hscan', redisKeys.need, '0', 'COUNT', String(URLS_AT_ONCE)],
        ['xlen', REPORT_KEYS.errors],
        ['xlen', REPORT_KEYS.loops],
        ['get', redisKeys.gate],
        ['get', redisKeys.gated],
      ],
    )) as [
      Record<string, string>,
      string[],
      Record<string, string>,
      Record<string, string>,
      number,
      [string, string[]],
      number,
      number,
      string | null,
      string | null,
    ];
    const driverNow = toDriver(driver);
    const known = endedLoops(before, driverNow.startedSeconds);
    const numbers = [...new Set(loopNumbers.map(Number))];
    const open = numbers.filter((number) => !known.has(number));
    const hashes = (await this.#pipeline(open.map((number) => ['hgetall', redisKeys.loop(number)]))) as Record<
      string,
      string
    >[];
    open.forEach((number, index) => known.set(number, toLoop(number, hashes[index] ?? {}, waiting[number])));
    const loops = numbers.flatMap((number) => known.get(number) ?? []);
    const all = Object.entries(workers).flatMap(([pod, json]) => toWorker(pod, json) ?? []);
    const fresh = all.filter((worker) => nowMs / 1000 - worker.beatSeconds < BEAT_LIMIT_SECONDS);
    const progress = summarize(driverNow, loops, fresh, outbox + errors + described);
    return {
      progress,
      workers: fresh,
      gate: toGate(gate, gated),
      urlRequests: Object.keys(toFields(need[1])).slice(0, URLS_AT_ONCE),
    };
  }

  async outbox(maxEntries: number, maxBytes: number): Promise<{ entry: JournalEntry; value: Buffer | null }[]> {
    const raw = await this.#call(() => this.#redis.xrange(redisKeys.outbox, '-', '+', 'COUNT', maxEntries));
    const entries: JournalEntry[] = [];
    let bytes = 0;
    for (const [id, fields] of raw) {
      const entry = toEntry(id, fields);
      if (entries.length > 0 && bytes + entry.bytes > maxBytes) break;
      bytes += entry.object === null ? entry.bytes : 0;
      entries.push(entry);
    }
    const pipeline = this.#redis.pipeline();
    for (const entry of entries) pipeline.hgetBuffer(valueKey(entry), valueFields.bytes);
    const values = (await this.#exec(pipeline)) as (Buffer | null)[];
    return entries.map((entry, index) => ({ entry, value: values[index] ?? null }));
  }

  /**
   * Takes the mark "to be backed up" from each value; whoever (this, or the driver with its own mark) takes the last
   * one deletes the value. Nothing of this needs memory: a Redis that is full is made room in.
   */
  async confirm(entries: JournalEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const marks = this.#redis.pipeline();
    for (const entry of entries)
      marks.hdel(valueKey(entry), valueFields.toBackUp).hexists(valueKey(entry), valueFields.toFetch);
    const answers = await this.#exec(marks);
    const finished = entries.filter((_, index) => answers[2 * index + 1] === 0);
    const cleanUp = this.#redis.pipeline();
    for (const entry of finished) cleanUp.del(valueKey(entry));
    cleanUp.xdel(redisKeys.outbox, ...entries.map((entry) => entry.id));
    await this.#exec(cleanUp);
  }

  async reject(entries: JournalEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const pipeline = this.#redis.pipeline();
    for (const entry of entries)
      pipeline.setbit(redisKeys.done(entry.loop), entry.iteration, 0).hdel(valueKey(entry), valueFields.toBackUp);
    pipeline.xdel(redisKeys.outbox, ...entries.map((entry) => entry.id));
    await this.#exec(pipeline);
  }

  async forget(entries: JournalEntry[]): Promise<void> {
    if (entries.length > 0)
      await this.#call(() => this.#redis.xdel(redisKeys.outbox, ...entries.map((entry) => entry.id)));
  }

  async reports(kind: ReportKind, maxEntries: number): Promise<{ id: string; json: string }[]> {
    const raw = await this.#call(() => this.#redis.xrange(REPORT_KEYS[kind], '-', '+', 'COUNT', maxEntries));
    return raw.map(([id, fields]) => ({ id, json: toFields(fields)['json'] ?? '{}' }));
  }

  async confirmReports(kind: ReportKind, ids: string[]): Promise<void> {
    if (ids.length > 0) await this.#call(() => this.#redis.xdel(REPORT_KEYS[kind], ...ids));
  }

  async stop(reason: string): Promise<void> {
    await this.#call(() => this.#redis.hset(redisKeys.control, { stop: reason }));
  }

  async setGate(tasks: number | 'open'): Promise<void> {
    await this.#call(() => this.#redis.set(redisKeys.gate, tasks === 'open' ? '' : String(tasks)));
  }

  async renewLease(): Promise<void> {
    // Lengthening it needs no memory: a full Redis must not end the job.
    const lengthened = await this.#call(() => this.#redis.expire(redisKeys.lease, LEASE_SECONDS));
    if (lengthened === 0) await this.#call(() => this.#redis.set(redisKeys.lease, '1', 'EX', LEASE_SECONDS));
  }

  async answerUrlRequests(answers: Record<string, SignedUrl | null>): Promise<void> {
    const multi = this.#redis.multi();
    for (const [name, signed] of Object.entries(answers)) {
      multi.hset(redisKeys.urls, name, signed === null ? 'none' : `${signed.goodUntilSeconds} ${signed.url}`);
      multi.hdel(redisKeys.need, name);
    }
    await this.#exec(multi);
  }

  async outputs(): Promise<{ name: string; bytes: number; sha256: string }[]> {
    const list = await this.#call(() => this.#redis.lrange(redisKeys.outputs, 0, -1));
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
  return redisKeys.value(entry.loop, entry.iteration);
}
