/**
 * The few Compute Engine calls: delete chosen machines of a pool, read a quota,
 * find and remove what a cluster left behind.
 */
import type { GoogleAuth } from 'google-auth-library';
import { LABEL_JOB } from '../job/names.ts';
import type { Leftover, OwnedLeftover } from '../ports/clusters.ts';
import { messageOf, PortError } from '../ports/port-error.ts';

const CALL_MS = 20_000;
/** Of the method instanceGroupManagers.deleteInstances. */
const MOST_DELETED_AT_ONCE = 1000;
const PUBLIC_ENDPOINT = 'https://compute.googleapis.com';

interface Item {
  name: string;
  zone?: string;
  region?: string;
  users?: string[];
  labels?: Record<string, string>;
  creationTimestamp?: string;
}

const COLLECTIONS: Record<Leftover['kind'], string> = {
  disk: 'disks',
  address: 'addresses',
  'forwarding-rule': 'forwardingRules',
};
const KINDS = ['disk', 'address', 'forwarding-rule'] satisfies Leftover['kind'][];

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

  /** Machines that the group should have now. */
  async targetSize(group: string): Promise<number> {
    const answer = (await this.#request('GET', parseGroup(group).path)) as { targetSize?: number };
    if (answer.targetSize === undefined)
      throw new PortError('FF-COMPUTE', `${group} has no target size`, { retry: true });
    return answer.targetSize;
  }

  /** vCPUs free under the region's quota; Spot machines draw on their own quota where there is one. */
  async freeVcpus(region: string, spot: boolean): Promise<number | null> {
    const answer = (await this.#request('GET', `/regions/${region}`)) as {
      quotas?: { metric: string; limit: number; usage: number }[];
    };
    const quota = (metric: string): { limit: number; usage: number } | undefined =>
      answer.quotas?.find((candidate) => candidate.metric === metric && candidate.limit > 0);
    const found = (spot ? quota('PREEMPTIBLE_CPUS') : undefined) ?? quota('CPUS');
    return found ? Math.max(0, found.limit - found.usage) : null;
  }

  /** Disks that no machine uses, addresses and forwarding rules that carry all these labels. */
  async leftovers(labels: Record<string, string>): Promise<OwnedLeftover[]> {
    // The API wants each of several expressions in parentheses (reference of aggregatedList).
    const filter = Object.entries(labels)
      .map(([key, value]) => `(labels.${key}=${value})`)
      .join(' ');
    const found = await Promise.all(
      KINDS.map(async (kind) =>
        (await this.#list(COLLECTIONS[kind], filter))
          .filter((item) => (item.users ?? []).length === 0 || kind !== 'disk')
          .map((item) => toLeftover(kind, item)),
      ),
    );
    return found.flat();
  }

  async remove(leftover: Leftover): Promise<void> {
    await this.#request('DELETE', `/${leftover.location}/${COLLECTIONS[leftover.kind]}/${leftover.name}`);
  }

  async #list(collection: string, filter: string): Promise<Item[]> {
    const items: Item[] = [];
    let pageToken = '';
    do {
      const query = new URLSearchParams({ filter, ...(pageToken === '' ? {} : { pageToken }) });
      const answer = (await this.#request('GET', `/aggregated/${collection}?${query}`)) as {
        items?: Record<string, Record<string, Item[]>>;
        nextPageToken?: string;
      };
      for (const scope of Object.values(answer.items ?? {})) items.push(...(scope[collection] ?? []));
      pageToken = answer.nextPageToken ?? '';
    } while (pageToken !== '');
    return items;
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
      if (method === 'DELETE' && (cause as { status?: number }).status === 404) return {};
      throw new PortError('FF-COMPUTE', `${method} ${path.split('?')[0]}: ${messageOf(cause)}`, { retry: true, cause });
    }
  }
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
