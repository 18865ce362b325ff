/**
 * The kubelet's HTTPS port, as far as API servers use it for logs: /containerLogs, /pods, /healthz. It does not check
 * who asks (it listens on loopback only) and offers no exec, attach or port-forward.
 */
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { listen } from '../../listen.ts';
import { readLog, restartToRead, type LogQuery } from './log-reader.ts';
import type { PodWorker } from '../pod/pod-worker.ts';

const KUBELET_PORT = 10250;

export interface PodLookup {
  find(namespace: string, name: string): PodWorker | undefined;
  list(): PodWorker[];
}

export interface LogServer {
  port: number;
  stop(): Promise<void>;
}

/** Listens on the node's address, on port 10250 or, where that is taken, on any. */
export async function startLogServer(
  address: string,
  tls: { certPem: string; keyPem: string },
  pods: PodLookup,
): Promise<LogServer> {
  const server = createServer({ cert: tls.certPem, key: tls.keyPem }, (request, response) => {
    handle(pods, request, response).catch(() => response.destroy());
  });
  const port = await listen(server, KUBELET_PORT, address).catch(() => listen(server, 0, address));
  server.on('error', () => undefined);
  return {
    port,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function handle(pods: PodLookup, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://kubelet');
  const parts = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  if (parts[0] === 'healthz') return answer(response, 200, 'ok');
  if (parts[0] === 'pods') {
    const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: pods.list().map((worker) => worker.pod) };
    return answer(response, 200, JSON.stringify(list), 'application/json');
  }
  const [first, namespace, pod, container] = parts;
  if (first === 'containerLogs' && namespace !== undefined && pod !== undefined && container !== undefined)
    return serveLog(pods, [namespace, pod, container], url.searchParams, response);
  if (['exec', 'attach', 'portForward', 'run'].includes(parts[0] ?? '')) {
    return answer(
      response,
      501,
      `${parts[0]} is not offered: pods are processes of this machine, look at them with its own tools\n`,
    );
  }
  return answer(response, 404, '404 page not found\n');
}

function answer(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  response.writeHead(status, { 'Content-Type': type });
  response.end(body);
}

async function serveLog(
  pods: PodLookup,
  [namespace, name, container]: [string, string, string],
  params: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const worker = pods.find(namespace, name);
  if (!worker) return answer(response, 404, `pod "${name}" does not exist\n`);
  const record = worker.containers.record.containers.find((one) => one.name === container);
  if (!record) return answer(response, 404, `container "${container}" not found in pod "${name}"\n`);
  const query = parseQuery(params);
  const restart = restartToRead(worker.containers.logDir(container), record.restartCount, query.previous);
  if (restart === undefined) {
    if (query.previous)
      return answer(response, 400, `previous terminated container "${container}" in pod "${name}" not found\n`);
    if (record.state === 'waiting')
      return answer(response, 400, `container "${container}" in pod "${name}" is waiting to start\n`);
  }
  const live = query.previous ? undefined : worker.containers.liveLog(container);
  const leaving = new AbortController();
  response.on('close', () => leaving.abort());
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Transfer-Encoding': 'chunked' });
  response.flushHeaders();
  const source = { dir: worker.containers.logDir(container), restart: restart ?? record.restartCount, live };
  for await (const piece of readLog(source, query, leaving.signal)) {
    if (!response.write(piece)) await once(response, 'drain', { signal: leaving.signal });
  }
  response.end();
}

function parseQuery(params: URLSearchParams): LogQuery {
  const number = (name: string) => (params.has(name) ? Number(params.get(name)) : undefined);
  const isSet = (name: string) => ['true', '1', ''].includes(params.get(name) ?? 'false');
  const sinceSeconds = number('sinceSeconds');
  const sinceTime = params.get('sinceTime');
  const sinceMs =
    sinceSeconds !== undefined ? Date.now() - sinceSeconds * 1000 : sinceTime ? Date.parse(sinceTime) : undefined;
  return {
    previous: isSet('previous'),
    follow: isSet('follow'),
    timestamps: isSet('timestamps'),
    tailLines: number('tailLines'),
    sinceMs,
    limitBytes: number('limitBytes'),
  };
}
