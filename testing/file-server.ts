// The bucket of the R tests: GET serves files, POST takes a multipart form with `key`
// and `file` as a signed POST policy does.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createReadStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

export type FileServer = {
  /** Where what it serves is. */
  readonly folder: string;
  url(name: string): string;
  put(name: string, content: string | Buffer): string;
  read(name: string): Buffer;
  /** Names of GETs, in order. */
  readonly served: string[];
  /** This many of the next requests fail with 503. */
  failNext: number;
  /** This many of the next uploads arrive, but their answers do not. */
  loseAnswers: number;
  stop(): Promise<void>;
};

function parts(body: Buffer, contentType: string): Map<string, Buffer> {
  const boundary = /boundary=(?:"([^"]+)"|([^;]+))/.exec(contentType);
  const delimiter = `--${boundary?.[1] ?? boundary?.[2]}`;
  const found = new Map<string, Buffer>();
  for (let begin = body.indexOf(delimiter); begin >= 0;) {
    const next = body.indexOf(delimiter, begin + delimiter.length);
    if (next < 0) break;
    const end = body.indexOf('\r\n\r\n', begin);
    const name = /name="([^"]*)"/.exec(body.toString('latin1', begin, end))?.[1] ?? '';
    found.set(name, body.subarray(end + 4, next - 2));
    begin = next;
  }
  return found;
}

export async function startFileServer(dir: string): Promise<FileServer> {
  const base = join(dir, 'bucket');
  mkdirSync(base);
  const path = (name: string): string => join(base, name);
  const put = (name: string, content: string | Buffer): string => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), content);
    return path(name);
  };
  const served: string[] = [];
  const state = { failNext: 0, loseAnswers: 0 };

  /**
   * As in the real bucket: who may only create cannot replace. The script's own files are exempt (a
   * driver that starts again makes them again).
   */
  const replaces = (key: string): boolean => /\/(loop-\d+|exports)\//.test(key) && existsSync(path(key));

  function receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = parts(Buffer.concat(chunks), request.headers['content-type'] ?? '');
      const key = form.get('key')?.toString() ?? '';
      const allowed =
        key.startsWith('results/lab/') && form.get('policy')?.toString() === 'p"o\\licy' && !replaces(key);
      if (allowed) put(key, form.get('file') ?? Buffer.alloc(0));
      if (allowed && state.loseAnswers > 0) {
        state.loseAnswers--;
        request.socket.destroy();
      } else response.writeHead(allowed ? 204 : 403).end();
    });
  }

  const server = createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname.slice(1));
    if (state.failNext > 0) {
      state.failNext--;
      request.resume();
      response.writeHead(503).end();
    } else if (request.method === 'POST') {
      receive(request, response);
    } else {
      served.push(name);
      createReadStream(path(name))
        .on('error', () => response.writeHead(404).end())
        .pipe(response);
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    folder: base,
    url: (name) => `http://127.0.0.1:${port}/${encodeURI(name)}?X-Signature="quoted"&n=1`.replaceAll('"', '%22'),
    put,
    read: (name) => readFileSync(path(name)),
    served,
    get failNext() {
      return state.failNext;
    },
    set failNext(count: number) {
      state.failNext = count;
    },
    get loseAnswers() {
      return state.loseAnswers;
    },
    set loseAnswers(count: number) {
      state.loseAnswers = count;
    },
    stop: () => {
      server.closeAllConnections();
      return new Promise<void>((done) => server.close(() => done()));
    },
  };
}
