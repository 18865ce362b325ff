/**
 * Redis of one job through ioredis. One short connection a pass; nothing is retried here, because the next
 * pass will. The keys: docs/redis-protocol.md. The script can write to this Redis as well: what is read is parsed
 * (redis-values.ts), and no answer may be larger than this process can bear.
 */
import * as z from 'zod';
import type { ExplainedDeath } from '../job/death.ts';
import { summarize, type LoopProgress, type Progress } from '../job/progress.ts';
import type {
  JournalEntry,
  OutboxItem,
  OutputEntry,
  QueueView,
  ReportKind,
  SignedUrl,
  TaskQueue,
  TaskQueues,
} from '../ports/task-queue.ts';
import { NO_URL, REPORT_FIELD, redisFields, type ControlHash } from './redis-fields.ts';
import { redisKeys } from './redis-keys.ts';
import { RedisConnection } from './redis-connection.ts';
import {
  toDeath,
  toDriver,
  toEntry,
  toFields,
  toGate,
  toLoop,
  toLoopNumbers,
  toOutput,
  toWorker,
} from './redis-values.ts';

/** A worker whose supervisor has been silent for longer is not counted. */
const BEAT_LIMIT_SECONDS = 30;
/** URLs that one pass signs; the next one goes on. */
const URLS_AT_ONCE = 500;
/** The cluster stops by itself when no pass has renewed this for so long. */
const LEASE_SECONDS = 1800;
/** A script may call a loop thousands of times, and write thousands of files; the newest and the first are seen. */
const MOST_LOOPS = 100_000;
const MOST_OUTPUTS = 200_000;
/** Larger ones are uploaded by their worker (from 4 MiB on). */
const MOST_VALUE_BYTES = 32 * 1024 ** 2;
/** An error has up to 256 KiB, a description of a loop 2 MiB and what Base64 adds; and so much at a time. */
const MOST_REPORT_LENGTH = 4 * 1024 ** 2;
const MOST_REPORTS_LENGTH = 16 * 1024 ** 2;
/** In the place of a larger one. */
const LEFT_OUT = JSON.stringify({ message: 'a report that is larger than reports are was left out' });
/** Deaths that one pass explains. */
const MOST_DEATHS = 1000;
/** Places of refused values that are told of. */
const MOST_REFUSED = 20;
const PLACE_LENGTH = 100;
const valueFields = redisFields.value;
const REPORT_KEYS: Record<ReportKind, string> = { errors: redisKeys.errors, loops: redisKeys.described };

/** What Redis answers; null where the key is of another type. */
const hash = z.record(z.string(), z.string()).catch({});
const list = z.array(z.string()).catch([]);
const text = z.string().nullable().catch(null);
const length = z.number().catch(0);
const viewReplies = z.tuple([hash, list, hash, hash, z.number(), length, length, list, text, text, hash, length]);

export const redisTaskQueues: TaskQueues = {
  open: async (endpoint) => new RedisTaskQueue(await RedisConnection.open(endpoint)),
};

class RedisTaskQueue implements TaskQueue {
  readonly #redis: RedisConnection;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  async view(nowMs: number, before: Progress | null): Promise<QueueView> {
    const refused = new Set<string>();
    const refuse = (place: string): void => {
      if (refused.size < MOST_REFUSED) refused.add(place.slice(0, PLACE_LENGTH));
    };
    const replies = await this.#redis.askBounded(
      [
        ['hgetall', redisKeys.driver],
        ['lrange', redisKeys.loops, String(-MOST_LOOPS), '-1'],
        ['hgetall', redisKeys.waiting],
        ['hgetall', redisKeys.workers],
        ['xlen', redisKeys.outbox],
        ['xlen', REPORT_KEYS.errors],
        ['xlen', REPORT_KEYS.loops],
        ['hkeys', redisKeys.need],
        ['get', redisKeys.gate],
        ['get', redisKeys.gated],
        ['hgetall', redisKeys.causes],
        ['llen', redisKeys.queueLarge],
      ],
      refuse,
    );
    const [driver, loopTexts, waiting, workers, outbox, errors, described, need, gate, gated, causes, large] =
      viewReplies.parse(replies);
    const driverNow = toDriver(driver, refuse);
    const numbers = toLoopNumbers(loopTexts, refuse);
    const known = endedLoops(before, driverNow.startedSeconds);
    const loops = await this.#loops(numbers, known, waiting, refuse);
    const all = Object.entries(workers).flatMap(([pod, json]) => toWorker(pod, json, refuse) ?? []);
    const fresh = all.filter((worker) => nowMs / 1000 - worker.beatSeconds < BEAT_LIMIT_SECONDS);
    return {
      progress: summarize(driverNow, loops, fresh, outbox + errors + described),
      workers: fresh,
      gate: toGate(gate, gated, refuse),
      largeWaiting: large,
      deaths: Object.entries(causes)
        .flatMap(([id, cause]) => toDeath(id, cause, refuse) ?? [])
        .slice(0, MOST_DEATHS),
      urlRequests: need.slice(0, URLS_AT_ONCE),
      refused: [...refused],
    };
  }

  /** Of those that are not known to have ended, as they are now. */
  async #loops(
    numbers: number[],
    known: Map<number, LoopProgress>,
    waiting: Record<string, string>,
    refuse: (place: string) => void,
  ): Promise<LoopProgress[]> {
    const open = numbers.filter((number) => !known.has(number));
    const hashes = await this.#redis.askBounded(
      open.map((number) => ['hgetall', redisKeys.loop(number)]),
      refuse,
    );
    open.forEach((number, index) =>
      known.set(number, toLoop(number, hash.parse(hashes[index]), waiting[number], refuse)),
    );
    return numbers.flatMap((number) => known.get(number) ?? []);
  }

  async outbox(maxEntries: number, maxBytes: number): Promise<{ items: OutboxItem[]; refused: string[] }> {
    const raw = await this.#redis.oldest(redisKeys.outbox, maxEntries);
    const entries: JournalEntry[] = [];
    const refused: string[] = [...raw.tooLarge];
    let bytes = 0;
    for (const [id, fields] of raw.entries) {
      const entry = toEntry(id, fields);
      if (entry === undefined) refused.push(id);
      else {
        const more = entry.object === null ? entry.bytes : 0;
        if (entries.length > 0 && bytes + more > maxBytes) break;
        bytes += more;
        entries.push(entry);
      }
    }
    return { items: await this.#withValues(entries, bytes), refused };
  }

  /** Asks for the sizes first: an entry says how large its value is, but may lie. */
  async #withValues(entries: JournalEntry[], bytes: number): Promise<OutboxItem[]> {
    const sizes = await this.#redis.exec((pipeline) => {
      for (const entry of entries) pipeline.hstrlen(valueKey(entry), valueFields.bytes);
    });
    const isTooLarge = (index: number): boolean =>
      length.parse(sizes[index]) > Math.min(MOST_VALUE_BYTES, entries[index]?.bytes ?? 0);
    const readable = entries.filter((_, index) => !isTooLarge(index));
    const values = await this.#redis.exec((pipeline) => {
      for (const entry of readable) pipeline.hgetBuffer(valueKey(entry), valueFields.bytes);
    }, bytes);
    const valueOf = new Map(readable.map((entry, index) => [entry, values[index]]));
    return entries.map((entry, index) => {
      const value = valueOf.get(entry);
      return { entry, value: isTooLarge(index) ? 'too-large' : Buffer.isBuffer(value) ? value : null };
    });
  }

  /**
   * Takes the mark "to be backed up" from each value; whoever (this, or the driver with its own mark) takes the last
   * one deletes the value. Nothing of this needs memory: a Redis that is full is made room in.
   */
  async confirm(entries: JournalEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const answers = await this.#redis.exec((marks) => {
      for (const entry of entries)
        marks.hdel(valueKey(entry), valueFields.toBackUp).hexists(valueKey(entry), valueFields.toFetch);
    });
    const finished = entries.filter((_, index) => answers[2 * index + 1] === 0);
    await this.#redis.exec((cleanUp) => {
      for (const entry of finished) cleanUp.del(valueKey(entry));
      cleanUp.xdel(redisKeys.outbox, ...entries.map((entry) => entry.id));
    });
  }

  async reject(entries: JournalEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await this.#redis.exec((pipeline) => {
      for (const entry of entries)
        pipeline.setbit(redisKeys.done(entry.loop), entry.iteration, 0).hdel(valueKey(entry), valueFields.toBackUp);
      pipeline.xdel(redisKeys.outbox, ...entries.map((entry) => entry.id));
    });
  }

  async forget(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#redis.call((redis) => redis.xdel(redisKeys.outbox, ...ids));
  }

  async reports(kind: ReportKind, maxEntries: number): Promise<{ id: string; json: string }[]> {
    const { entries, tooLarge } = await this.#redis.oldest(REPORT_KEYS[kind], maxEntries);
    const reports = tooLarge.map((id) => ({ id, json: LEFT_OUT }));
    let bytes = 0;
    for (const [id, fields] of entries) {
      const json = toFields(fields)[REPORT_FIELD] ?? '{}';
      const kept = json.length > MOST_REPORT_LENGTH ? LEFT_OUT : json;
      bytes += kept.length;
      if (reports.length > 0 && bytes > MOST_REPORTS_LENGTH) break;
      reports.push({ id, json: kept });
    }
    return reports;
  }

  async confirmReports(kind: ReportKind, ids: string[]): Promise<void> {
    if (ids.length > 0) await this.#redis.call((redis) => redis.xdel(REPORT_KEYS[kind], ...ids));
  }

  async stop(reason: string): Promise<void> {
    await this.#redis.call((redis) => redis.hset(redisKeys.control, { stop: reason } satisfies ControlHash));
  }

  async setGate(tasks: number | 'open'): Promise<void> {
    await this.#redis.call((redis) => redis.set(redisKeys.gate, tasks === 'open' ? '' : String(tasks)));
  }

  async renewLease(): Promise<void> {
    // Lengthening it needs no memory: a full Redis must not end the job.
    const lengthened = await this.#redis.call((redis) => redis.expire(redisKeys.lease, LEASE_SECONDS));
    if (lengthened === 0) await this.#redis.call((redis) => redis.set(redisKeys.lease, '1', 'EX', LEASE_SECONDS));
  }

  async answerUrlRequests(answers: Record<string, SignedUrl | null>): Promise<void> {
    await this.#redis.transaction((multi) => {
      for (const [name, signed] of Object.entries(answers)) {
        multi.hset(redisKeys.urls, name, signed === null ? NO_URL : `${signed.goodUntilSeconds} ${signed.url}`);
        multi.hdel(redisKeys.need, name);
      }
    });
  }

  async explainDeaths(deaths: readonly ExplainedDeath[]): Promise<void> {
    const ids = deaths.map(({ id }) => id);
    if (ids.length === 0) return;
    await this.#redis.call((redis) => redis.watch(redisKeys.causes));
    const causes = await this.#redis.call((redis) => redis.hmget(redisKeys.causes, ...ids));
    const same = deaths.filter(({ was }, index) => causes[index] === was);
    // Where somebody has written meanwhile nothing is done: the next pass looks again.
    await this.#redis.transaction((multi) => {
      for (const { id, cause } of same) multi.hset(redisKeys.causes, id, cause);
    });
  }

  async outputs(): Promise<{ items: OutputEntry[]; refused: number }> {
    let isTooLarge = 0;
    const [raw] = await this.#redis.askBounded(
      [['lrange', redisKeys.outputs, '0', String(MOST_OUTPUTS - 1)]],
      () => (isTooLarge = 1),
    );
    const entries = list.parse(raw);
    const outputs = entries.flatMap((json) => toOutput(json) ?? []);
    const items = [...new Map(outputs.map((output) => [output.name, output])).values()];
    return { items, refused: isTooLarge + entries.length - outputs.length };
  }

  close(): void {
    this.#redis.close();
  }
}

/** A driver that was started again may go through its loops anew, so nothing that was seen before counts then. */
function endedLoops(before: Progress | null, startedSeconds: number | null): Map<number, LoopProgress> {
  const same = startedSeconds !== null && before?.driver.startedSeconds === startedSeconds;
  return new Map(same ? before.loops.filter((loop) => loop.ended).map((loop) => [loop.loop, loop]) : []);
}

function valueKey(entry: { loop: number; iteration: number }): string {
  return redisKeys.value(entry.loop, entry.iteration);
}
