/**
 * Pub/Sub on disk: one append-only log of JSON lines, rewritten when most of it is history. A line is written before
 * its effect is answered, so nothing acknowledged to a publisher is lost with the process. Not synced to the
 * platter: it survives kill -9, not a power cut.
 */
import { existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { appendText, replaceText } from '../disk.ts';
import { parseJson } from '../read-json.ts';
import { subscriptionConfig, topicConfig, type Message } from './model.ts';

const storedMessage = z.object({
  id: z.string(),
  /** Base64. */
  data: z.string(),
  attributes: z.record(z.string(), z.string()),
  orderingKey: z.string(),
  publishTimeMs: z.number(),
});
export type StoredMessage = z.infer<typeof storedMessage>;

const name = z.string();
const logRecord = z.discriminatedUnion('what', [
  z.object({ what: z.literal('topic'), topic: topicConfig }),
  z.object({ what: z.literal('topic-deleted'), name }),
  z.object({ what: z.literal('subscription'), subscription: subscriptionConfig }),
  z.object({ what: z.literal('subscription-deleted'), name }),
  z.object({ what: z.literal('published'), subscriptions: z.array(name), messages: z.array(storedMessage) }),
  z.object({ what: z.literal('settled'), subscription: name, ids: z.array(z.string()) }),
  z.object({ what: z.literal('attempted'), subscription: name, id: z.string(), attempts: z.number() }),
]);
export type LogRecord = z.infer<typeof logRecord>;

const compactAfterRecords = 20_000;

export class BrokerLog {
  readonly #file: string;
  #recordsSinceCompaction = 0;
  #isClosed = false;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    this.#file = join(dir, 'log.jsonl');
    dropTornLine(this.#file);
  }

  read(): LogRecord[] {
    if (!existsSync(this.#file)) return [];
    const lines = readFileSync(this.#file, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => parseJson(line, logRecord));
  }

  /** After `close` nothing is written any more: what was under way then is repeated after the next start. */
  append(record: LogRecord): void {
    if (this.#isClosed) return;
    appendText(this.#file, `${JSON.stringify(record)}\n`);
    this.#recordsSinceCompaction += 1;
  }

  /** Whether it is worth calling `rewrite`. */
  get isLong(): boolean {
    return !this.#isClosed && this.#recordsSinceCompaction > compactAfterRecords;
  }

  /** Replaces the whole history by records that lead to the same state. */
  rewrite(records: LogRecord[]): void {
    replaceText(this.#file, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    this.#recordsSinceCompaction = 0;
  }

  close(): void {
    this.#isClosed = true;
  }
}

export function toStored(message: Message): StoredMessage {
  return { ...message, data: message.data.toString('base64') };
}

export function fromStored(message: StoredMessage): Message {
  return { ...message, data: Buffer.from(message.data, 'base64') };
}

/** A line cut short by a crash was never answered: it is removed, so that the next one does not grow onto it. */
function dropTornLine(file: string): void {
  if (!existsSync(file)) return;
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) truncateSync(file, end);
}
