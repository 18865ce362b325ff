/**
 * Streaming reader of multipart bodies: uploads (related) and forms (form-data). Never holds more than a few chunks.
 *
 * Own code, because busboy, which streams as well, reads forms only: uploads of the storage clients are
 * multipart/related.
 */
import { invalid } from '../semantics/api-error.ts';

const MAX_HEADER_BYTES = 64 * 1024;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

export type PartHeaders = Map<string, string>;

export class MultipartReader {
  readonly #source: AsyncIterator<Buffer, unknown>;
  readonly #boundary: string;
  #delimiter: Buffer;
  #buffer: Buffer = Buffer.alloc(0);
  #isInPart = false;
  #isFirst = true;

  constructor(source: AsyncIterable<Buffer>, boundary: string) {
    this.#source = source[Symbol.asyncIterator]();
    this.#boundary = boundary;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`);
  }

  /** Headers (lower case) of the next part; undefined at the end. What is left of the part before is skipped. */
  async next(): Promise<PartHeaders | undefined> {
    if (this.#isInPart) for await (const chunk of this.content()) void chunk;
    if (this.#isFirst) await this.#skipPreamble();
    while (this.#buffer.length < 2) await this.#more();
    if (this.#buffer.toString('latin1', 0, 2) === '--') {
      await this.#drain();
      return undefined;
    }
    await this.#line();
    const headers: PartHeaders = new Map();
    for (let line = await this.#line(); line !== ''; line = await this.#line()) {
      const colon = line.indexOf(':');
      if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
    this.#isInPart = true;
    return headers;
  }

  /** Bytes of the part whose headers were read last. */
  async *content(): AsyncGenerator<Buffer> {
    for (;;) {
      const end = this.#buffer.indexOf(this.#delimiter);
      if (end >= 0) {
        const last = this.#buffer.subarray(0, end);
        this.#buffer = this.#buffer.subarray(end + this.#delimiter.length);
        this.#isInPart = false;
        if (last.length > 0) yield last;
        return;
      }
      // The delimiter may begin in what is here and end in what is to come.
      const safe = this.#buffer.length - this.#delimiter.length + 1;
      if (safe > 0) {
        const chunk = this.#buffer.subarray(0, safe);
        this.#buffer = this.#buffer.subarray(safe);
        yield chunk;
      }
      await this.#more();
    }
  }

  async text(maxBytes: number): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.content()) {
      size += chunk.length;
      if (size > maxBytes) throw invalid('A part of the multipart body is too large.');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  /** Some clients end lines with a bare line feed; the first boundary line tells. */
  async #skipPreamble(): Promise<void> {
    const opening = Buffer.from(`--${this.#boundary}`);
    let at = this.#buffer.indexOf(opening);
    while (at < 0) {
      if (this.#buffer.length > MAX_HEADER_BYTES) throw invalid('Malformed multipart body.');
      await this.#more();
      at = this.#buffer.indexOf(opening);
    }
    this.#buffer = this.#buffer.subarray(at + opening.length);
    this.#isFirst = false;
    while (this.#buffer.length < 1) await this.#more();
    if (this.#buffer[0] === LINE_FEED) this.#delimiter = Buffer.from(`\n--${this.#boundary}`);
  }

  async #line(): Promise<string> {
    let end = this.#buffer.indexOf(LINE_FEED);
    while (end < 0) {
      if (this.#buffer.length > MAX_HEADER_BYTES) throw invalid('Malformed multipart body.');
      await this.#more();
      end = this.#buffer.indexOf(LINE_FEED);
    }
    const hasReturn = end > 0 && this.#buffer[end - 1] === CARRIAGE_RETURN;
    const line = this.#buffer.toString('utf8', 0, hasReturn ? end - 1 : end);
    this.#buffer = this.#buffer.subarray(end + 1);
    return line;
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#source.next();
    if (done) throw invalid('Malformed multipart body.');
    this.#buffer = this.#buffer.length === 0 ? value : Buffer.concat([this.#buffer, value]);
  }

  async #drain(): Promise<void> {
    while (!(await this.#source.next()).done);
  }
}

/** The boundary of a multipart content type; undefined when it is none. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  const [, quoted, plain] = /^multipart\/[^;]+;.*?\bboundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '') ?? [];
  return (quoted ?? plain)?.replace(/^'(.*)'$/, '$1');
}
