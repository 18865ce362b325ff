/**
 * A connection to a job's Redis for one pass. Every failure is one of reaching it; a key that has become one of
 * another type is not: its commands answer null, and the others count. An answer that is larger than this process
 * can bear ends the connection, whoever wrote what it holds; the next call opens another one.
 */
import { type ChainableCommander, Redis } from 'ioredis';
import * as z from 'zod';
import { messageOf, PortError } from '../ports/port-error.ts';
import { redisKeys } from './redis-keys.ts';

const CALL_MS = 5000;
/** An error report has up to 256 KiB, a description of a loop 2 MiB; a pass reads tens of them at once. */
const MAX_ANSWER_BYTES = 64 * 1024 ** 2;
/** Of what several keys hold together; Redis counts what it needs for them, so their answers are smaller. */
const MAX_ASKED_BYTES = MAX_ANSWER_BYTES / 2;
/** Answer a number, however much the key holds. */
const COUNTING: ReadonlySet<string> = new Set(['xlen', 'llen']);
/** Of an answer; the position of a stream's first entry stands there. */
const HEAD_LENGTH = 80;
const FIRST_POSITION = /^\*1\r\n\*2\r\n\$\d+\r\n(\d+-\d+)\r\n/;

/** Few answers that are given up, however many entries there are. */
const WINDOW_SHRINKS_BY = 8;

type Command = [name: string, key: string, ...args: string[]];

interface Endpoint {
  host: string;
  port: number;
  password: string;
}

export interface StreamEntries {
  entries: (readonly [id: string, fields: string[]])[];
  /** Positions of entries that are larger than this process can bear: they are taken off, and were not read. */
  tooLarge: string[];
}

export class RedisConnection {
  readonly #endpoint: Endpoint;
  #redis: Redis;
  #received = 0;
  #head = '';
  #bound = MAX_ANSWER_BYTES;
  /** How many entries of a stream are asked for at a time, where fewer than usual can be borne. */
  readonly #window = new Map<string, number>();

  private constructor(endpoint: Endpoint, redis: Redis) {
    this.#endpoint = endpoint;
    this.#redis = redis;
    this.#watch(redis);
  }

  #watch(redis: Redis): void {
    redis.stream.on('data', (chunk: Buffer) => {
      const before = this.#received;
      if (before < HEAD_LENGTH) this.#head += chunk.toString('latin1', 0, HEAD_LENGTH);
      this.#received += chunk.length;
      if (before <= this.#bound && this.#isOver()) redis.disconnect();
    });
  }

  /** @throws PortError FF-QUEUE-UNREACHABLE, as every method. */
  static async open(endpoint: Endpoint): Promise<RedisConnection> {
    return new RedisConnection(endpoint, await RedisConnection.#connect(endpoint));
  }

  static async #connect(endpoint: Endpoint): Promise<Redis> {
    const redis = new Redis({
      ...endpoint,
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
      throw unreachable(messageOf(cause), cause);
    }
    return redis;
  }

  /** After an answer that was given up, or a connection that broke: the next question is another matter. */
  async #ready(): Promise<Redis> {
    if (this.#isOver() || this.#redis.status === 'end') {
      this.#redis = await RedisConnection.#connect(this.#endpoint);
      this.#watch(this.#redis);
    }
    this.#received = 0;
    this.#head = '';
    return this.#redis;
  }

  close(): void {
    this.#redis.disconnect();
  }

  /** @param expected how many bytes more than usual the answer may have. */
  async call<T>(work: (redis: Redis) => Promise<T>, expected = 0): Promise<T> {
    const redis = await this.#ready();
    this.#bound = MAX_ANSWER_BYTES + expected;
    try {
      const answer = await work(redis);
      // what is under way still arrives after a disconnect, and may complete the answer
      if (this.#isOver()) throw new Error('the connection was given up');
      return answer;
    } catch (cause) {
      throw this.#failure(cause);
    }
  }

  #isOver(): boolean {
    return this.#received > this.#bound;
  }

  #failure(cause: unknown): PortError {
    return unreachable(this.#isOver() ? `an answer has more than ${this.#bound} bytes` : messageOf(cause), cause);
  }

  /** The answers, in order. */
  async exec(fill: (pipeline: ChainableCommander) => void, expected = 0): Promise<unknown[]> {
    return this.#answers(
      (redis) => {
        const pipeline = redis.pipeline();
        fill(pipeline);
        return pipeline;
      },
      () => undefined,
      expected,
    );
  }

  /** As `exec`, and all or nothing. */
  async transaction(fill: (multi: ChainableCommander) => void): Promise<void> {
    await this.#answers(
      (redis) => {
        const multi = redis.multi();
        fill(multi);
        return multi;
      },
      () => undefined,
      0,
    );
  }

  /** As `exec`; `refuse` hears of keys that are of another type than the command's. */
  async ask(commands: readonly Command[], refuse: (key: string) => void = () => undefined): Promise<unknown[]> {
    if (commands.length === 0) return [];
    return this.#answers((redis) => redis.pipeline(commands.map((command) => [...command])), refuse, 0);
  }

  /**
   * As `ask`, of keys that the script may have filled: the largest are refused and answer null where all together
   * would be more than this process can bear.
   */
  async askBounded(commands: readonly Command[], refuse: (key: string) => void): Promise<unknown[]> {
    const readers = commands.filter(([name]) => !COUNTING.has(name));
    const sizes = await this.ask(readers.map(([, key]) => ['memory', 'usage', key, 'samples', '0'] satisfies Command));
    const bySize = readers.map(([, key], index) => ({ key, bytes: Number(sizes[index] ?? 0) }));
    const tooLarge = new Set<string>();
    let bytes = 0;
    for (const one of bySize.toSorted((a, b) => a.bytes - b.bytes)) {
      bytes += one.bytes;
      if (bytes > MAX_ASKED_BYTES) tooLarge.add(one.key);
    }
    for (const key of tooLarge) refuse(key);
    const isAsked = ([name, key]: Command): boolean => COUNTING.has(name) || !tooLarge.has(key);
    const answers = (await this.ask(commands.filter(isAsked), refuse)).values();
    return commands.map((command) => (isAsked(command) ? answers.next().value : null));
  }

  /**
   * The first entries of a stream, fewer where so many are larger than this process can bear. One entry that is alone
   * too large is taken off: nothing behind it could ever be read.
   */
  async oldest(key: string, most: number): Promise<StreamEntries> {
    const tooLarge: string[] = [];
    for (;;) {
      const count = Math.min(most, this.#window.get(key) ?? most);
      try {
        const [answer] = await this.ask([['xrange', key, '-', '+', 'COUNT', String(count)]]);
        this.#window.set(key, 2 * count);
        return { entries: streamEntries.parse(answer), tooLarge };
      } catch (error) {
        if (!this.#isOver()) throw error;
        this.#window.set(key, Math.max(1, Math.floor(count / WINDOW_SHRINKS_BY)));
        if (count > 1) continue;
        const [, id] = FIRST_POSITION.exec(this.#head) ?? [];
        if (id === undefined) throw error;
        tooLarge.push(id);
        await this.call((redis) => redis.xdel(key, id));
      }
    }
  }

  async #answers(
    fill: (redis: Redis) => ChainableCommander,
    refuse: (key: string) => void,
    expected: number,
  ): Promise<unknown[]> {
    const results = await this.call(async (redis) => {
      const pipeline = fill(redis);
      return pipeline.length === 0 ? [] : pipeline.exec();
    }, expected);
    return (results ?? []).map(([error, value]) => {
      if (error === null) return value;
      const key = keyOfOtherType(error);
      if (key === null) throw this.#failure(error);
      refuse(key);
      return null;
    });
  }
}

/** Null where the key is of another type. */
const streamEntries = z.array(z.tuple([z.string(), z.array(z.string())])).catch([]);
const commandError = z.object({ message: z.string(), command: z.object({ args: z.tuple([z.string()], z.unknown()) }) });

/**
 * The key that a command was refused for its type; null when it failed in another way. Without an outbox nobody
 * knows which results are not saved: that one is never taken for empty.
 */
function keyOfOtherType(error: unknown): string | null {
  const known = commandError.safeParse(error);
  if (!known.success || !known.data.message.startsWith('WRONGTYPE')) return null;
  const [key] = known.data.command.args;
  return key === redisKeys.outbox ? null : key;
}

function unreachable(why: string, cause: unknown): PortError {
  return new PortError('FF-QUEUE-UNREACHABLE', `reading the job's Redis: ${why}`, { retry: true, cause });
}
