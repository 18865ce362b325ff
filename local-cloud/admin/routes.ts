/**
 * The calls of the admin API: look at the local cloud's own books, script its
 * misbehaviour, take machines away, stop it.
 */
import { z } from 'zod';
import { someDelays, type Delays } from '../compute/fleet/delays.ts';
import { leftoverKind } from '../compute/leftovers.ts';
import { faultRule, type Faults } from '../faults.ts';
import type { Books } from '../books.ts';
import type { LogPage, LogPosition, LogQuery } from '../eventarc/log-store.ts';

export class AdminError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What the calls act on; local-cloud.ts puts it together. */
export interface AdminTargets {
  faults: Faults;
  books: Books;
  health(): object;
  endpoints(): object;
  tick(): void;
  logs(query: LogQuery, from?: LogPosition): LogPage;
  /** @throws AdminError 404 when there is no such machine. */
  preempt(node: string): void;
  kill(node: string): void;
  delays(): object;
  setDelays(delays: Partial<Delays>): void;
  quotas(): object;
  setQuotas(quotas: Record<string, number>): void;
  /** Leaves something behind that bills and that nothing owns, for the sweeper to find. */
  plantLeftover(leftover: AskedLeftover): object;
  processes(): object[];
  /** Begins the end; the answer to the caller still goes out. */
  stop(): void;
}

export interface AdminCall {
  body: unknown;
  query: URLSearchParams;
  /** The variable part of the path. */
  name: string;
}

export interface AdminRoute {
  method: string;
  path: RegExp;
  run(call: AdminCall): unknown;
}

const leftover = z.strictObject({
  kind: leftoverKind,
  name: z.string().regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/),
  scope: z.string().min(1),
  labels: z.record(z.string(), z.string()).default({}),
  sizeGb: z.number().min(1).default(10),
});
export type AskedLeftover = z.infer<typeof leftover>;

const logPosition = z.record(z.string(), z.int().min(0));

export function adminRoutes(targets: AdminTargets): AdminRoute[] {
  return [
    { method: 'GET', path: /^\/health$/, run: () => targets.health() },
    { method: 'GET', path: /^\/endpoints$/, run: () => targets.endpoints() },
    { method: 'GET', path: /^\/books$/, run: () => showBooks(targets.books) },
    { method: 'GET', path: /^\/logs$/, run: ({ query }) => targets.logs(toLogQuery(query)) },
    {
      method: 'POST',
      path: /^\/logs$/,
      run: ({ query, body }) => targets.logs(toLogQuery(query), parse(logPosition, body)),
    },
    { method: 'GET', path: /^\/processes$/, run: () => ({ processes: targets.processes() }) },
    { method: 'GET', path: /^\/faults$/, run: () => ({ rules: targets.faults.list() }) },
    {
      method: 'PUT',
      path: /^\/faults$/,
      run: ({ body }) => {
        targets.faults.set(parse(z.strictObject({ rules: z.array(faultRule) }), body).rules);
        return { rules: targets.faults.list() };
      },
    },
    { method: 'POST', path: /^\/tick$/, run: () => targets.tick() },
    { method: 'POST', path: /^\/nodes\/([^/]+)\/preempt$/, run: ({ name }) => targets.preempt(name) },
    { method: 'POST', path: /^\/nodes\/([^/]+)\/kill$/, run: ({ name }) => targets.kill(name) },
    { method: 'GET', path: /^\/delays$/, run: () => targets.delays() },
    {
      method: 'PUT',
      path: /^\/delays$/,
      run: ({ body }) => {
        targets.setDelays(parse(someDelays, body));
        return targets.delays();
      },
    },
    { method: 'GET', path: /^\/quotas$/, run: () => targets.quotas() },
    {
      method: 'PUT',
      path: /^\/quotas$/,
      run: ({ body }) => {
        targets.setQuotas(parse(z.record(z.string(), z.number().min(0)), body));
        return targets.quotas();
      },
    },
    { method: 'POST', path: /^\/leftovers$/, run: ({ body }) => targets.plantLeftover(parse(leftover, body)) },
    { method: 'POST', path: /^\/stop$/, run: () => targets.stop() },
  ];
}

function showBooks(books: Books): object {
  return {
    machines: [...books.machines.values()],
    clusters: [...books.clusters.values()],
    calls: Object.fromEntries(books.calls),
    machineSeconds: books.machineSeconds(),
    alive: books.alive(),
  };
}

function toLogQuery(query: URLSearchParams): LogQuery {
  const cluster = query.get('cluster');
  if (!cluster) throw new AdminError(400, 'name a cluster: /logs?cluster=NAME[&pod=NAME][&container=NAME][&tail=N]');
  const tail = query.get('tail');
  if (tail !== null && !/^\d{1,7}$/.test(tail)) throw new AdminError(400, 'tail must be a whole number');
  return {
    cluster,
    pod: query.get('pod') ?? undefined,
    container: query.get('container') ?? undefined,
    tail: tail === null ? undefined : Number(tail),
  };
}

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new AdminError(400, result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
}
