/**
 * Startup, readiness and liveness probes of one running container: exec, httpGet, tcpSocket. Tells its owner what
 * changed; kills nothing itself. gRPC probes are not offered and count as failing.
 */
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Clock } from '../../clock.ts';
import type { Launch } from './container-process.ts';
import { execBeside } from './exec.ts';
import type { MapPath } from './path-map.ts';
import type { Container, Probe } from '../types.ts';

export type ProbeKind = 'startup' | 'readiness' | 'liveness';

export interface ProbeTarget {
  podIp: string;
  container: Container;
  launch: Launch;
  mapPath: MapPath;
}

export interface ProbeListener {
  started(): void;
  ready(isReady: boolean): void;
  /** A probe has failed once: event Unhealthy. */
  unhealthy(kind: ProbeKind, message: string): void;
  /** Liveness or startup has failed for good: the container is to be killed. */
  condemned(kind: ProbeKind): void;
}

export interface ProbeResult {
  ok: boolean;
  message: string;
}

/** Counts results against the thresholds; answers the verdict when it changes. Pure but for its own count. */
export class ProbeCounter {
  #same = 0;
  #last: boolean | undefined;
  readonly #probe: Pick<Probe, 'successThreshold' | 'failureThreshold'>;

  constructor(probe: Pick<Probe, 'successThreshold' | 'failureThreshold'>) {
    this.#probe = probe;
  }

  add(ok: boolean): boolean | undefined {
    this.#same = this.#last === ok ? this.#same + 1 : 1;
    this.#last = ok;
    const threshold = ok ? (this.#probe.successThreshold ?? 1) : (this.#probe.failureThreshold ?? 3);
    return this.#same >= threshold ? ok : undefined;
  }
}

export class ContainerProbes {
  readonly #target: ProbeTarget;
  readonly #clock: Clock;
  readonly #listener: ProbeListener;
  readonly #startedAtMs: number;
  readonly #cancel = new Set<() => void>();
  #stopped = false;

  constructor(target: ProbeTarget, clock: Clock, listener: ProbeListener) {
    this.#target = target;
    this.#clock = clock;
    this.#listener = listener;
    this.#startedAtMs = clock.nowMs();
  }

  begin(): void {
    const { startupProbe } = this.#target.container;
    if (!startupProbe) {
      this.#begun();
      return;
    }
    this.#run('startup', startupProbe, (ok) => {
      if (ok) this.#begun();
      else this.#listener.condemned('startup');
      return false;
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#cancel) cancel();
    this.#cancel.clear();
  }

  #begun(): void {
    const { readinessProbe, livenessProbe } = this.#target.container;
    this.#listener.started();
    if (!readinessProbe) this.#listener.ready(true);
    else {
      this.#run('readiness', readinessProbe, (ok) => {
        this.#listener.ready(ok);
        return true;
      });
    }
    if (!livenessProbe) return;
    this.#run('liveness', livenessProbe, (ok) => {
      if (!ok) this.#listener.condemned('liveness');
      return ok;
    });
  }

  /** Probes again and again; `verdict` answers whether to go on. */
  #run(kind: ProbeKind, probe: Probe, verdict: (ok: boolean) => boolean): void {
    const counter = new ProbeCounter(probe);
    const probeOnce = async () => {
      const result = await runProbe(this.#target, probe);
      if (this.#stopped) return;
      if (!result.ok)
        this.#listener.unhealthy(
          kind,
          `${kind.charAt(0).toUpperCase()}${kind.slice(1)} probe failed: ${result.message}`,
        );
      const changed = counter.add(result.ok);
      if (changed === undefined || verdict(changed)) this.#later((probe.periodSeconds ?? 10) * 1000, probeOnce);
    };
    const firstMs = this.#startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000 - this.#clock.nowMs();
    this.#later(Math.max(0, firstMs), probeOnce);
  }

  #later(delayMs: number, action: () => Promise<void>): void {
    if (this.#stopped) return;
    const cancel = this.#clock.after(delayMs, () => {
      this.#cancel.delete(cancel);
      if (!this.#stopped) void action();
    });
    this.#cancel.add(cancel);
  }
}

async function runProbe(target: ProbeTarget, probe: Probe): Promise<ProbeResult> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.exec) return execProbe(target, probe.exec.command ?? [], timeoutMs);
  if (probe.tcpSocket)
    return tcpProbe(
      probe.tcpSocket.host || target.podIp,
      portNumber(probe.tcpSocket.port, target.container),
      timeoutMs,
    );
  if (probe.httpGet) return httpGet(target, probe.httpGet, timeoutMs);
  return { ok: false, message: 'this kubelet offers exec, tcpSocket and httpGet probes only' };
}

async function execProbe(target: ProbeTarget, command: string[], timeoutMs: number): Promise<ProbeResult> {
  const result = await execBeside(target.launch, command.map(target.mapPath), timeoutMs);
  if (result.timedOut)
    return { ok: false, message: `command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s` };
  return { ok: result.exitCode === 0, message: result.output };
}

function tcpProbe(host: string, port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const end = (ok: boolean, message: string) => {
      socket.destroy();
      resolve({ ok, message });
    };
    socket.setTimeout(timeoutMs, () => end(false, `dial tcp ${host}:${port}: i/o timeout`));
    socket.once('connect', () => end(true, ''));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(false, `dial tcp ${host}:${port}: connect: ${connectProblem(error)}`),
    );
  });
}

function connectProblem(error: NodeJS.ErrnoException): string {
  return error.code === 'ECONNREFUSED' ? 'connection refused' : error.message;
}

type HttpGet = NonNullable<Probe['httpGet']>;

/** GET as probes and lifecycle hooks do it: any status from 200 to 399 is good. */
export function httpGet(
  target: Pick<ProbeTarget, 'podIp' | 'container'>,
  get: HttpGet,
  timeoutMs: number,
): Promise<ProbeResult> {
  const host = get.host || target.podIp;
  const port = portNumber(get.port, target.container);
  const path = get.path ?? '/';
  const headers = Object.fromEntries((get.httpHeaders ?? []).map((header) => [header.name, header.value]));
  const options = {
    host,
    port,
    path,
    headers: { 'User-Agent': 'kube-probe/1.33', Accept: '*/*', ...headers },
    timeout: timeoutMs,
    agent: false as const,
  };
  const url = `${get.scheme === 'HTTPS' ? 'https' : 'http'}://${host}:${port}${path}`;
  return new Promise((resolve) => {
    const request =
      get.scheme === 'HTTPS' ? https.request({ ...options, rejectUnauthorized: false }) : http.request(options);
    const timer = setTimeout(
      () => request.destroy(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')),
      timeoutMs,
    );
    request.once('response', (response) => {
      clearTimeout(timer);
      response.resume();
      request.destroy();
      const status = response.statusCode ?? 0;
      resolve({ ok: status >= 200 && status < 400, message: `HTTP probe failed with statuscode: ${status}` });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve({ ok: false, message: `Get "${url}": ${connectProblem(error)}` });
    });
    request.end();
  });
}

/** A number, or the name of one of the container's ports. */
function portNumber(port: unknown, container: Container): number {
  if (typeof port === 'number') return port;
  return container.ports?.find((one) => one.name === port)?.containerPort ?? Number(port);
}
