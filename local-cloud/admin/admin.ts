/**
 * The admin API's wire: JSON over HTTP on loopback, a bearer token (in endpoints.json) on every call. Browsers
 * of other origins get nothing, because they cannot know the token. Which calls there are is in routes.ts;
 * scripted faults never touch this server.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../listen.ts';
import { readBytes } from '../read-bytes.ts';
import { messageOf } from '../error-text.ts';
import { AdminError, adminRoutes, type AdminTargets } from './routes.ts';

export interface RunningAdmin {
  url: string;
  port: number;
  stop(): Promise<void>;
}

const maxBodyBytes = 1024 * 1024;

export async function startAdmin(options: {
  port: number;
  token: string;
  targets: AdminTargets;
}): Promise<RunningAdmin> {
  const routes = adminRoutes(options.targets);
  const server = createServer((request, response) => {
    answer(request, options.token, routes).then(
      (body) => send(response, 200, body),
      (error: unknown) => {
        const status = error instanceof AdminError ? error.status : 500;
        send(response, status, { error: messageOf(error) });
      },
    );
  });
  const port = await listen(server, options.port);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        // The answer to POST /stop may still be on its way: what is left after it is cut.
        setTimeout(() => server.closeAllConnections(), 200).unref();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  token: string,
  routes: ReturnType<typeof adminRoutes>,
): Promise<unknown> {
  if (!isAuthorized(request.headers.authorization ?? '', token))
    throw new AdminError(401, 'the bearer token of endpoints.json is needed');
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  for (const route of routes) {
    const match = route.path.exec(url.pathname);
    if (!match || route.method !== request.method) continue;
    const body = await readJson(request);
    return (await route.run({ body, query: url.searchParams, name: decodeURIComponent(match[1] ?? '') })) ?? {};
  }
  throw new AdminError(404, `there is no ${request.method} ${url.pathname}`);
}

function isAuthorized(header: string, token: string): boolean {
  const given = Buffer.from(header);
  const expected = Buffer.from(`Bearer ${token}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBytes(request, maxBodyBytes, () => new AdminError(413, 'the body is too large'));
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new AdminError(400, 'the body is not JSON');
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(`${JSON.stringify(body)}\n`);
}
