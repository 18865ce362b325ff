/**
 * A plain HTTPS client of a Kubernetes API for contract tests: says what was answered, warnings
 * included, and reads watches line by line.
 */
import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';

export interface Answer {
  code: number;
  body: any;
  text: string;
  warnings: string[];
  headers: IncomingMessage['headers'];
}

export interface CallOptions {
  contentType?: string;
  accept?: string;
  token?: string;
  agent?: string;
}

export interface WatchFrame {
  type: string;
  object: any;
}

export interface Watch {
  /** The next event; rejects when none comes in time. */
  next(): Promise<WatchFrame>;
  stop(): void;
}

export interface KubernetesClient {
  url: string;
  caPem: string;
  token: string;
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  watch(path: string, accept?: string): Promise<Watch>;
}

const WATCH_SECONDS = 20;

export function connectTo(target: { url: string; caPem: string; token: string }): KubernetesClient {
  const { url, caPem, token } = target;
  const open = (method: string, options: CallOptions): RequestOptions => ({
    method,
    ca: caPem,
    agent: false,
    headers: {
      authorization: `Bearer ${options.token ?? token}`,
      accept: options.accept ?? 'application/json',
      'content-type': options.contentType ?? 'application/json',
      'user-agent': options.agent ?? 'contract-test/1',
    },
  });
  return {
    ...target,
    call: (method, path, body, options = {}) =>
      new Promise((resolve, reject) => {
        const call = request(url + path, open(method, options), (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () => resolve(toAnswer(response, Buffer.concat(parts).toString())));
          response.on('error', reject);
        });
        const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
        call.on('error', reject);
        // Without a length the body of a DELETE would not be framed at all.
        call.setHeader('content-length', Buffer.byteLength(text));
        call.end(text);
      }),
    watch: (path, accept) =>
      new Promise((resolve, reject) => {
        const call = request(url + path, open('GET', accept === undefined ? {} : { accept }), (response) =>
          resolve(readWatch(response, () => call.destroy())),
        );
        call.on('error', reject);
        call.end();
      }),
  };
}

function toAnswer(response: IncomingMessage, text: string): Answer {
  const header = response.headers['warning'] ?? '';
  const warnings = [...header.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map((match) =>
    (match[1] ?? '').replace(/\\(.)/g, '$1'),
  );
  const body: unknown = text.startsWith('{') ? JSON.parse(text) : undefined;
  return { code: response.statusCode ?? 0, body, text, warnings, headers: response.headers };
}

function readWatch(response: IncomingMessage, stop: () => void): Watch {
  response.on('error', () => {});
  const lines = createInterface({ input: response })[Symbol.asyncIterator]();
  return {
    async next() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no event within ${WATCH_SECONDS} s`)), WATCH_SECONDS * 1000);
      });
      const line = await Promise.race([lines.next(), late]);
      clearTimeout(timer);
      if (line.done) throw new Error('the watch has ended');
      return JSON.parse(line.value) as WatchFrame;
    },
    stop,
  };
}
