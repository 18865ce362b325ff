/**
 * Pub/Sub on disk: one append-only log of JSON lines, rewritten when most of it is history. A line is written before
 * its effect is answered, so nothing acknowledged to a publisher is lost with the process. Not synced to the
 * platter: it survives kill -9, not a power cut.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Message, SubscriptionConfig, TopicConfig } from './model.ts';

export interface StoredMessage {
  id: string;
  data: string;
  attributes: Record<string, string>;
  orderingKey: string;
  publishTimeMs: number;
}

export type LogRecord =
  | { what: 'topic'; topic: TopicConfig }
  | { what: 'topic-deleted'; name: string }
  | { what: 'subscription'; subscription: SubscriptionConfig }
  | { what: 'subscription-deleted'; name: string }
  | { what: 'published'; subscriptions: string[]; messages: StoredMessage[] }
  | { what: 'settled'; subscription: string; ids: string[] }
  | { what: 'attempted'; subscription: string; id: string; attempts: number };

const compactAfterRecords = 20_000;

export class BrokerLog {
  readonly #file: string;
  #descriptor: number;
  #recordsSinceCompaction = 0;
  #isClosed = false;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    this.#file = join(dir, 'log.jsonl');
    dropTornLine(this.#file);
    this.#descriptor = openSync(this.#file, 'a');
  }

  read(): LogRecord[] {
    const lines = readFileSync(this.#file, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LogRecord);
  }

  /** After `close` nothing is written any more: what was under way then is repeated after the next start. */
  append(record: LogRecord): void {
    if (this.#isClosed) return;
    writeSync(this.#descriptor, `${JSON.stringify(record)}\n`);
    this.#recordsSinceCompaction += 1;
  }

  /** Whether it is worth calling `rewrite`. */
  get isLong(): boolean {
    return !this.#isClosed && this.#recordsSinceCompaction > compactAfterRecords;
  }

  /** Replaces the whole history by records that lead to the same state. */
  rewrite(records: LogRecord[]): void {
    const temporary = `${this.#file}.new`;
    writeFileSync(temporary, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    renameSync(temporary, this.#file);
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#file, 'a');
    this.#recordsSinceCompaction = 0;
  }

  close(): void {
    this.#isClosed = true;
    closeSync(this.#descriptor);
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
