/**
 * The few Compute Engine calls: delete chosen machines of a pool, read a quota,
 * find and remove what a cluster left behind (cluster-parts.ts says whose a part without labels is).
 */
import type { GoogleAuth } from 'google-auth-library';
import * as z from 'zod';
import { LABEL_JOB } from '../job/names.ts';
import type { Leftover, OwnedLeftover } from '../ports/clusters.ts';
import { messageOf, PortError } from '../ports/port-error.ts';
import { clusterPart, partsOf } from './cluster-parts.ts';
import { retryAfterSecondsOf } from './error-code.ts';

const CALL_MS = 20_000;
/** Of the method instanceGroupManagers.deleteInstances. */
const MOST_DELETED_AT_ONCE = 1000;
const PUBLIC_ENDPOINT = 'https://compute.googleapis.com';

/** What is read of the answers. */
const item = z.object({
  ...clusterPart.shape,
  zone: z.string().optional(),
  region: z.string().optional(),
  users: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  creationTimestamp: z.string().optional(),
});
type Item = z.output<typeof item>;

const regionObject = z.object({
  quotas: z.array(z.object({ metric: z.string(), limit: z.number(), usage: z.number() })).default([]),
});
const groupObject = z.object({
  targetSize: z.int().min(0),
  status: z.object({ isStable: z.boolean().default(true) }).prefault({}),
});
const failure = z.object({ code: z.string().default(''), message: z.string().default('') });
const managedList = z.object({
  managedInstances: z
    .array(
      z.object({
        instance: z.string(),
        /** Absent: there is no such machine yet. */
        instanceStatus: z.string().optional(),
        lastAttempt: z.object({ errors: z.object({ errors: z.array(failure).default([]) }).prefault({}) }).prefault({}),
      }),
    )
    .default([]),
  nextPageToken: z.string().default(''),
});
/** A scope without any has a warning in their place. */
const aggregated = z.object({
  items: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  nextPageToken: z.string().default(''),
});
const listed = z.array(item);
const globalList = z.object({ items: z.array(item).default([]), nextPageToken: z.string().default('') });

const COLLECTIONS: Record<Leftover['kind'], string> = {
  disk: 'disks',
  address: 'addresses',
  'forwarding-rule': 'forwardingRules',
  firewall: 'firewalls',
  'instance-group': 'instanceGroupManagers',
  'instance-template': 'instanceTemplates',
};
/** Those that carry labels themselves. */
const LABELLED = ['disk', 'address', 'forwarding-rule'] satisfies Leftover['kind'][];

export interface GroupSize {
  targetSize: number;
  /** Names of machines that the zone has not, or that a quota forbids. */
  refused: string[];
  /** Why, in the cloud's words. */
  shortage: string | null;
}

export interface GroupMachine {
  name: string;
  isThere: boolean;
  shortage: string | null;
}

export class ComputeApi {
  readonly #auth: GoogleAuth;
  readonly #base: string;

  constructor(projectId: string, endpoint: string | null, auth: GoogleAuth) {
    this.#auth = auth;
    this.#base = `${endpoint ?? PUBLIC_ENDPOINT}/compute/v1/projects/${projectId}`;
  }

  /** Machines that are not (or no longer) of this group are skipped. `group` is the URL that GKE gives for the pool. */
  async deleteInstances(group: string, names: string[]): Promise<void> {
    const { zone, path } = parseGroup(group);
    for (let from = 0; from < names.length; from += MOST_DELETED_AT_ONCE) {
      const some = names.slice(from, from + MOST_DELETED_AT_ONCE);
      const instances = some.map((name) => `zones/${zone}/instances/${name}`);
      await this.#request('POST', `${path}/deleteInstances`, { instances, skipInstancesOnValidationError: true });
    }
  }

  /** Machines that the group should have now, and which of them it cannot get. */
  async groupSize(group: string): Promise<GroupSize> {
    const { targetSize, status } = await this.#read(groupObject, parseGroup(group).path);
    if (status.isStable) return { targetSize, refused: [], shortage: null };
    const machines = (await this.machines(group)).filter(({ isThere, shortage }) => !isThere && shortage !== null);
    return { targetSize, refused: machines.map(({ name }) => name), shortage: machines[0]?.shortage ?? null };
  }

  /** Every machine of the group, those included that have not come yet. */
  async machines(group: string): Promise<GroupMachine[]> {
    const { path } = parseGroup(group);
    const found: GroupMachine[] = [];
    let pageToken = '';
    do {
      const query = queryOf({ pageToken });
      const asked = await this.#request('POST', `${path}/listManagedInstances?${query}`);
      const page = parsed(managedList, asked, `${path}/listManagedInstances`);
      found.push(...page.managedInstances.map(toMachine));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return found;
  }

  /** vCPUs free under the region's quota; Spot machines draw on their own quota where there is one. */
  async freeVcpus(region: string, spot: boolean): Promise<number | null> {
    const { quotas } = await this.#read(regionObject, `/regions/${region}`);
    const quota = (metric: string): (typeof quotas)[number] | undefined =>
      quotas.find((candidate) => candidate.metric === metric && candidate.limit > 0);
    const found = (spot ? quota('PREEMPTIBLE_CPUS') : undefined) ?? quota('CPUS');
    return found ? Math.max(0, found.limit - found.usage) : null;
  }

  /**
   * Disks that no machine uses, addresses and forwarding rules that carry all these labels; and instance groups,
   * templates and firewall rules of clusters that do.
   */
  async leftovers(labels: Record<string, string>): Promise<OwnedLeftover[]> {
    const found = await Promise.all([
      ...LABELLED.map(async (kind) =>
        (await this.#list(COLLECTIONS[kind], filterOf('labels', labels)))
          .filter((item) => (item.users ?? []).length === 0 || kind !== 'disk')
          .map((item) => toLeftover(kind, item)),
      ),
      this.#partsOfClusters(labels),
    ]);
    return found.flat();
  }

  async #partsOfClusters(labels: Record<string, string>): Promise<OwnedLeftover[]> {
    const templates = await this.#list('instanceTemplates', filterOf('properties.labels', labels));
    if (templates.length === 0) return [];
    const [groups, firewalls] = await Promise.all([this.#list('instanceGroupManagers', ''), this.#firewalls()]);
    return partsOf(templates, groups, firewalls).map(({ kind, item, job }) => ({ ...toLeftover(kind, item), job }));
  }

  async remove(leftover: Leftover): Promise<void> {
    await this.#request('DELETE', `/${leftover.location}/${COLLECTIONS[leftover.kind]}/${leftover.name}`);
  }

  async #list(collection: string, filter: string): Promise<Item[]> {
    const pages = await this.#pages(aggregated, `/aggregated/${collection}`, filter);
    return pages
      .flatMap(({ items }) => Object.values(items))
      .flatMap((scope) => parsed(listed, scope[collection] ?? [], collection));
  }

  async #firewalls(): Promise<Item[]> {
    return (await this.#pages(globalList, '/global/firewalls', '')).flatMap(({ items }) => items);
  }

  async #pages<T extends { nextPageToken: string }>(schema: z.ZodType<T>, path: string, filter: string): Promise<T[]> {
    const pages: T[] = [];
    let pageToken = '';
    do {
      const page = await this.#read(schema, `${path}?${queryOf({ filter, pageToken })}`);
      pages.push(page);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return pages;
  }

  async #read<T>(schema: z.ZodType<T>, path: string): Promise<T> {
    return parsed(schema, await this.#request('GET', path), pathOnly(path));
  }

  async #request(method: 'GET' | 'POST' | 'DELETE', path: string, data?: object): Promise<unknown> {
    try {
      const answer = await this.#auth.request({
        method,
        url: this.#base + path,
        timeout: CALL_MS,
        retry: false,
        ...(data ? { data } : {}),
      });
      return answer.data;
    } catch (cause) {
      if (method === 'DELETE' && isGone(cause)) return {};
      const retryAfterSeconds = retryAfterSecondsOf(cause);
      const text = `${method} ${pathOnly(path)}: ${messageOf(cause)}`;
      throw new PortError('FF-COMPUTE', text, { retry: true, retryAfterSeconds, cause });
    }
  }
}

/** The API wants each of several expressions in parentheses (reference of aggregatedList). */
function filterOf(field: string, labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([key, value]) => `(${field}.${key}=${value})`)
    .join(' ');
}

function queryOf(parameters: Record<string, string>): URLSearchParams {
  return new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== ''));
}

function parsed<T>(schema: z.ZodType<T>, answer: unknown, what: string): T {
  const { success, data, error } = schema.safeParse(answer);
  if (success) return data;
  throw new PortError('FF-COMPUTE', `GET ${what}: the answer is another one`, { retry: true, cause: error });
}

const isGone = (error: unknown): boolean => z.object({ status: z.literal(404) }).safeParse(error).success;

function pathOnly(path: string): string {
  return path.replace(/\?.*$/, '');
}

/** Out of machines (also `…_WITH_DETAILS`), or out of quota; other errors of a first try may be over at the next. */
const SHORTAGE = /RESOURCE_POOL_EXHAUSTED|STOCKOUT|QUOTA_EXCEEDED/;

type ManagedInstance = z.output<typeof managedList>['managedInstances'][number];

function toMachine({ instance, instanceStatus, lastAttempt }: ManagedInstance): GroupMachine {
  const error = lastAttempt.errors.errors.find(({ code }) => SHORTAGE.test(code));
  return {
    name: instance.split('/').at(-1) ?? '',
    isThere: instanceStatus !== undefined,
    shortage: error === undefined ? null : `${error.code}: ${error.message}`,
  };
}

function parseGroup(group: string): { zone: string; path: string } {
  const [, path, zone] = /(\/zones\/([^/]+)\/instanceGroupManagers\/[^/]+)$/.exec(group) ?? [];
  if (path === undefined || zone === undefined)
    throw new PortError('FF-COMPUTE', `an instance group of unknown form: ${group}`, { retry: false });
  return { zone, path };
}

function toLeftover(kind: Leftover['kind'], item: Item): OwnedLeftover {
  const scope = (item.zone ?? item.region ?? 'global').split('/').slice(-2).join('/');
  return {
    kind,
    name: item.name,
    location: scope.includes('/') ? scope : 'global',
    job: item.labels?.[LABEL_JOB] ?? null,
    // Without a time it is taken for new, and stays.
    createdMs: Date.parse(item.creationTimestamp ?? '') || Infinity,
  };
}
