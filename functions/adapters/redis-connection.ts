/**
 * A connection to a job's Redis for one pass. Every failure is one of reaching it; a key that has become one of
 * another type is not: its commands answer null, and the others count. An answer that is larger than this process
 * can bear ends the connection, whoever wrote what it holds.
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
const COUNTING: ReadonlySet<string> = new Set(['xlen', 'llen', 'hscan']);

type Command = [name: string, key: string, ...args: string[]];

export class RedisConnection {
  readonly #redis: Redis;
  #received = 0;
  #bound = MAX_ANSWER_BYTES;

  private constructor(redis: Redis) {
    this.#redis = redis;
    redis.stream.on('data', (chunk: Buffer) => {
      const before = this.#received;
      this.#received += chunk.length;
      if (before <= this.#bound && this.#isOver()) redis.disconnect();
    });
  }

  /** @throws PortError FF-QUEUE-UNREACHABLE, as every method. */
  static async open(endpoint: { host: string; port: number; password: string }): Promise<RedisConnection> {
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
    return new RedisConnection(redis);
  }

  close(): void {
    this.#redis.disconnect();
  }

  /** @param expected how many bytes more than usual the answer may have. */
  async call<T>(work: (redis: Redis) => Promise<T>, expected = 0): Promise<T> {
    this.#received = 0;
    this.#bound = MAX_ANSWER_BYTES + expected;
    try {
      const answer = await work(this.#redis);
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
    const pipeline = this.#redis.pipeline();
    fill(pipeline);
    return pipeline.length === 0 ? [] : this.#answers(pipeline, () => undefined, expected);
  }

  /** As `exec`, and all or nothing. */
  async transaction(fill: (multi: ChainableCommander) => void): Promise<void> {
    const multi = this.#redis.multi();
    fill(multi);
    await this.#answers(multi, () => undefined, 0);
  }

  /** As `exec`; `refuse` hears of keys that are of another type than the command's. */
  async ask(commands: readonly Command[], refuse: (key: string) => void = () => undefined): Promise<unknown[]> {
    if (commands.length === 0) return [];
    return this.#answers(this.#redis.pipeline(commands.map((command) => [...command])), refuse, 0);
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

  async #answers(pipeline: ChainableCommander, refuse: (key: string) => void, expected: number): Promise<unknown[]> {
    const results = await this.call(() => pipeline.exec(), expected);
    return (results ?? []).map(([error, value]) => {
      if (error === null) return value;
      const key = keyOfOtherType(error);
      if (key === null) throw this.#failure(error);
      refuse(key);
      return null;
    });
  }
}

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
