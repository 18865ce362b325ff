/**
 * Which port each service has: the same ones at every start on a state directory, because signed URLs, kubeconfigs and
 * open terminals hold them. Kept in endpoints.json, readable by the owner only (it carries the token of the admin API).
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import type { LocalContext } from '../context.ts';
import { replaceText } from '../disk.ts';
import { readJsonIfWhole } from '../read-json.ts';

const services = ['admin', 'storage', 'container', 'compute', 'identity', 'pubsub', 'serviceusage'] as const;
export type ServiceName = (typeof services)[number];

const portOf = z.record(z.string(), z.number());
const variables = z.record(z.string(), z.string());

const endpointsSchema = z.object({
  /** The process that serves them, or served them last. */
  pid: z.number(),
  admin: z.object({ url: z.string(), token: z.string() }),
  ports: z.partialRecord(z.enum(services), z.number()),
  /** Where each function is served; `status` answers browsers. */
  functionPorts: portOf,
  environment: variables,
  clientEnvironment: variables,
});
export type Endpoints = z.infer<typeof endpointsSchema>;

export class PortBook {
  readonly endpoints: Endpoints;
  readonly #file: string;
  readonly #context: LocalContext;
  readonly #base: number;

  constructor(context: LocalContext, portBase: number) {
    this.#context = context;
    this.#base = portBase;
    this.#file = endpointsFile(context.stateDir);
    this.endpoints = {
      admin: { url: '', token: randomBytes(24).toString('base64url') },
      ports: {},
      functionPorts: {},
      environment: {},
      clientEnvironment: {},
      ...readEndpoints(context.stateDir),
      pid: process.pid,
    };
  }

  /** Starts a service on its port of last time; on any, loudly, when another program has taken that meanwhile. */
  async start<T>(name: ServiceName, start: (port: number) => Promise<T>, portOf: (running: T) => number): Promise<T> {
    const wanted = this.endpoints.ports[name] ?? this.#fromBase(services.indexOf(name));
    const isFree = wanted === 0 || (await canListen(wanted));
    if (!isFree) {
      this.#context.log(
        'local-cloud',
        `port ${wanted} of ${name} is taken: another one is used, so addresses given out before fail`,
      );
    }
    const running = await start(isFree ? wanted : 0);
    this.endpoints.ports[name] = portOf(running);
    return running;
  }

  /** The port wanted for the n-th function. */
  functionPort(name: string, index: number): number {
    return this.endpoints.functionPorts[name] ?? this.#fromBase(services.length + index);
  }

  save(): void {
    replaceText(this.#file, `${JSON.stringify(this.endpoints, null, 2)}\n`, 0o600);
  }

  #fromBase(index: number): number {
    return this.#base === 0 ? 0 : this.#base + index;
  }
}

/** Asked before a service starts, because one that fails to listen may have begun its work already. */
function canListen(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** What the last start on this state directory wrote; undefined when there was none. */
export function readEndpoints(stateDir: string): Endpoints | undefined {
  return readJsonIfWhole(endpointsFile(stateDir), endpointsSchema);
}

function endpointsFile(stateDir: string): string {
  return join(stateDir, 'endpoints.json');
}
