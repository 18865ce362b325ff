/**
 * Container output in the CRI log format: `<time> <stream> <F|P> <text>`. Pure: cutting
 * bytes into records, writing and reading them.
 */
const MAX_RECORD_BYTES = 16 * 1024;

export interface LogRecord {
  /** RFC 3339 with nanoseconds. */
  time: string;
  stream: 'stdout' | 'stderr';
  /** false: the text goes on in the next record of the same stream. */
  full: boolean;
  text: Buffer;
}

/**
 * Cuts a stream of bytes into records: at line ends, and after 16 KiB as containerd does. Keeps the unfinished rest.
 */
export class RecordCutter {
  #rest: Buffer = Buffer.alloc(0);

  push(data: Buffer): { text: Buffer; full: boolean }[] {
    const records: { text: Buffer; full: boolean }[] = [];
    let buffer = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    for (;;) {
      const end = buffer.indexOf(10);
      if (end >= 0 && end <= MAX_RECORD_BYTES) {
        records.push({ text: buffer.subarray(0, end), full: true });
        buffer = buffer.subarray(end + 1);
      } else if (buffer.length > MAX_RECORD_BYTES) {
        records.push({ text: buffer.subarray(0, MAX_RECORD_BYTES), full: false });
        buffer = buffer.subarray(MAX_RECORD_BYTES);
      } else {
        break;
      }
    }
    this.#rest = Buffer.from(buffer);
    return records;
  }

  /** What is left when the stream has ended without a line end. */
  end(): { text: Buffer; full: boolean }[] {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 ? [] : [{ text: rest, full: true }];
  }
}

export function formatRecord(record: LogRecord): Buffer {
  return Buffer.concat([
    Buffer.from(`${record.time} ${record.stream} ${record.full ? 'F' : 'P'} `),
    record.text,
    Buffer.from('\n'),
  ]);
}

/** Parses one line of a log file (without its line end); undefined for a line cut short by a crash. */
export function parseRecord(line: Buffer): LogRecord | undefined {
  const head = line.subarray(0, 64).toString('latin1');
  const [all, time, stream, mark] = /^(\S+) (stdout|stderr) ([FP]) /.exec(head) ?? [];
  if (all === undefined || time === undefined) return undefined;
  return {
    time,
    stream: stream === 'stdout' ? 'stdout' : 'stderr',
    full: mark === 'F',
    text: line.subarray(all.length),
  };
}

/**
 * Time stamp with nine digits as container runtimes write; the last six count records
 * of one millisecond so that order is kept.
 */
export function recordTime(nowMs: number, sequence: number): string {
  return new Date(nowMs).toISOString().replace('Z', `${String(sequence % 1_000_000).padStart(6, '0')}Z`);
}
