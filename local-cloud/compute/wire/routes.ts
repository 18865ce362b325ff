/**
 * Paths of the Compute Engine API v1 -> what the fleet knows. Only what this system,
 * its users' gcloud and Terraform look at.
 */
import { GoogleError, type Call, type Route } from '../../identity/google-http.ts';
import { isPlain } from '../../is-plain.ts';
import { parseFilter } from './filter.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { GroupRecord } from '../fleet/fleet-records.ts';
import { leftoverKind, type LeftoverKind, type Leftovers } from '../leftovers.ts';
import { MACHINE_TYPES } from '../machine-types.ts';
import type { ComputeOperations } from './operations.ts';
import { Resources, type Resource } from './resources.ts';
import { isRegion, isZone, REGIONS, ZONES } from '../zones.ts';

const DEFAULT_PAGE = 500;

/** 'zones/us-central1-a', 'regions/us-central1' or 'global'. */
type Scope = string;

/** Collections that can be listed, and in which kind of scope they live. */
const SCOPES: Record<string, 'zones' | 'regions' | 'both'> = {
  instances: 'zones',
  disks: 'zones',
  instanceGroupManagers: 'zones',
  machineTypes: 'zones',
  addresses: 'regions',
  forwardingRules: 'regions',
  instanceTemplates: 'regions',
  firewalls: 'regions',
  operations: 'both',
  autoscalers: 'zones',
};

interface Page {
  kind: string;
  items?: Resource[];
  nextPageToken?: string;
}

export class ComputeRoutes {
  readonly #fleet: Fleet;
  readonly #leftovers: Leftovers;
  readonly #operations: ComputeOperations;
  readonly #resources: Resources;

  constructor(fleet: Fleet, leftovers: Leftovers, operations: ComputeOperations) {
    this.#fleet = fleet;
    this.#leftovers = leftovers;
    this.#operations = operations;
    this.#resources = new Resources(fleet);
  }

  route(call: Call): Route | undefined {
    const found = /^\/compute\/v1\/projects\/([^/]+)(?:\/(.*))?$/.exec(call.path);
    if (!found) return undefined;
    const { projectId, projectNumber } = this.#fleet.context;
    if (found[1] !== projectId && found[1] !== projectNumber) {
      return {
        name: 'projects.get',
        run: () => Promise.reject(new GoogleError(404, `The resource 'projects/${found[1]}' was not found`)),
      };
    }
    const parts = (found[2] ?? '').split('/').filter(Boolean);
    const handler = this.#handler(call, parts);
    return handler && { name: handler.name, run: () => ({ body: handler.run() }) };
  }

  #handler(call: Call, parts: string[]): { name: string; run(): object } | undefined {
    const [first = '', second = '', third = '', fourth, fifth] = parts;
    if (parts.length === 0) return { name: 'projects.get', run: () => this.#project() };
    if (first === 'aggregated') return { name: `${second}.aggregatedList`, run: () => this.#aggregated(call, second) };
    if (first === 'zones' || first === 'regions') {
      if (third === '') return this.#places(call, first, second);
      return this.#scoped(call, `${first}/${second}`, third, fourth, fifth);
    }
    if (first === 'global') return this.#scoped(call, 'global', second, third === '' ? undefined : third, fourth);
    return undefined;
  }

  #project(): object {
    const { projectId, projectNumber } = this.#fleet.context;
    return {
      kind: 'compute#project',
      id: projectNumber,
      name: projectId,
      quotas: [],
      selfLink: this.#resources.link('').replace(/\/$/, ''),
    };
  }

  #places(call: Call, collection: 'zones' | 'regions', name: string): { name: string; run(): object } {
    const make = (each: string): Resource =>
      collection === 'zones' ? this.#resources.zone(each) : this.#resources.region(each);
    const known = collection === 'zones' ? ZONES : REGIONS;
    if (name === '') return { name: `${collection}.list`, run: () => this.#page(call, collection, known.map(make)) };
    return {
      name: `${collection}.get`,
      run: () => {
        this.#requireScope(`${collection}/${name}`);
        return make(name);
      },
    };
  }

  #scoped(
    call: Call,
    scope: Scope,
    collection: string,
    name?: string,
    verb?: string,
  ): { name: string; run(): object } | undefined {
    if (!(collection in SCOPES) && collection !== 'instanceGroups') return undefined;
    const run = (method: string, action: () => object): { name: string; run(): object } => ({
      name: `${collection}.${method}`,
      run: () => {
        this.#requireScope(scope);
        return action();
      },
    });
    if (verb !== undefined) return run(verb, () => this.#action(call, scope, collection, name ?? '', verb));
    if (name === undefined) return run('list', () => this.#page(call, collection, this.#items(collection, scope)));
    if (call.method === 'DELETE') return run('delete', () => this.#delete(scope, collection, name));
    return run('get', () => this.#get(scope, collection, name));
  }

  #items(collection: string, scope: Scope): Resource[] {
    const place = scope.split('/')[1] ?? scope;
    const machines = (make: 'instance' | 'bootDisk'): Resource[] =>
      this.#groups(place).flatMap((group) =>
        group.machines
          .filter((machine) => machine.grantedMs !== null)
          .map((machine) => this.#resources[make](group, machine)),
      );
    switch (collection) {
      case 'instances':
        return machines('instance');
      case 'disks':
        return [...machines('bootDisk'), ...this.#leftoverItems('disks', place)];
      case 'addresses':
      case 'forwardingRules':
        return this.#leftoverItems(collection, place);
      case 'instanceTemplates':
      case 'firewalls':
        return [...this.#partsOfClusters(collection, place), ...this.#leftoverItems(collection, place)];
      case 'instanceGroupManagers':
        return [
          ...this.#groups(place).map((group) => this.#resources.group(group)),
          ...this.#leftoverItems('instanceGroupManagers', place),
        ];
      case 'machineTypes':
        return this.#resources.machineTypes(place);
      case 'operations':
        return this.#operations.list(scope);
      default:
        // Autoscalers: none, but gcloud looks before it lists groups.
        return [];
    }
  }

  /** Both are global. */
  #partsOfClusters(collection: 'instanceTemplates' | 'firewalls', place: string): Resource[] {
    if (place !== 'global') return [];
    const groups = [...this.#fleet.groups.values()];
    if (collection === 'instanceTemplates') return groups.map((group) => this.#resources.template(group));
    const first = new Map(groups.map((group) => [`${group.clusterLocation}/${group.cluster}`, group]));
    return [...first.values()].map((group) => this.#resources.firewall(group));
  }

  #groups(zone: string): GroupRecord[] {
    return [...this.#fleet.groups.values()].filter((group) => group.zone === zone);
  }

  #leftoverItems(kind: LeftoverKind, scope: string): Resource[] {
    return this.#leftovers
      .list(kind)
      .filter((each) => each.scope === scope)
      .map((each) => this.#resources.leftover(each));
  }

  #get(scope: Scope, collection: string, name: string): Resource {
    if (collection === 'operations') return this.#operations.get(name);
    if (collection === 'machineTypes') {
      const type = MACHINE_TYPES.get(name);
      if (type) return this.#resources.machineType(scope.split('/')[1] ?? '', type);
    }
    const found = this.#items(collection, scope).find((each) => each.name === name || each['id'] === name);
    if (!found) throw this.#notFound(`${scope}/${collection}/${name}`);
    return found;
  }

  #delete(scope: Scope, collection: string, name: string): Resource {
    const target = this.#get(scope, collection, name);
    const kind = leftoverKind.safeParse(collection).data;
    const leftover = kind && this.#leftovers.find(kind, scope.split('/')[1] ?? scope, name);
    if (!leftover) {
      const message =
        `The ${collection} resource '${this.#resources.link(`${scope}/${collection}/${name}`)}' is already ` +
        `being used by '${target.users?.[0] ?? 'its instance group'}'`;
      throw new GoogleError(400, message);
    }
    this.#leftovers.remove(leftover);
    return this.#operations.add(scope, 'delete', target.selfLink ?? '');
  }

  #action(call: Call, scope: Scope, collection: string, name: string, verb: string): object {
    if (collection === 'operations' && verb === 'wait') return this.#operations.get(name);
    const group = this.#fleet.groups.get(name);
    if (!group || `zones/${group.zone}` !== scope) throw this.#notFound(`${scope}/${collection}/${name}`);
    switch (verb) {
      case 'listManagedInstances':
        return this.#managed(call, group);
      case 'listInstances':
        return this.#page(
          call,
          'instanceGroupsListInstances',
          group.machines.map((machine) => ({
            ...this.#resources.managedInstance(group, machine),
            status: this.#resources.instance(group, machine)['status'],
          })),
        );
      case 'deleteInstances':
        return this.#deleteInstances(call, group);
      case 'resize':
        return this.#resize(call, group);
      default:
        throw new GoogleError(501, `${collection}.${verb} is not offered by the local cloud.`);
    }
  }

  #managed(call: Call, group: GroupRecord): object {
    const { items, nextPageToken } = this.#page(
      call,
      'instanceGroupManagersListManagedInstances',
      group.machines.map((machine) => this.#resources.managedInstance(group, machine)),
    );
    return { ...(items ? { managedInstances: items } : {}), ...(nextPageToken ? { nextPageToken } : {}) };
  }

  #deleteInstances(call: Call, group: GroupRecord): Resource {
    const { instances, skipInstancesOnValidationError } = isPlain(call.body) ? call.body : {};
    if (!Array.isArray(instances) || instances.some((each) => typeof each !== 'string')) {
      throw new GoogleError(400, "Required field 'instances' not specified");
    }
    const names = instances.map((url: string) => url.split('/').at(-1) ?? '');
    const unknown = names.find((name) => !group.machines.some((machine) => machine.name === name));
    if (unknown !== undefined && skipInstancesOnValidationError !== true) {
      const message = `The instance '${unknown}' is not a member of the managed instance group '${group.name}'.`;
      throw new GoogleError(400, `Invalid value for field 'instances': ${message}`);
    }
    this.#fleet.deleteMachines(group, names);
    return this.#operations.add(
      `zones/${group.zone}`,
      'compute.instanceGroupManagers.deleteInstances',
      this.#resources.group(group).selfLink,
    );
  }

  #resize(call: Call, group: GroupRecord): Resource {
    const size = Number(call.query.get('size') ?? Number.NaN);
    if (!Number.isInteger(size) || size < 0) throw new GoogleError(400, "Invalid value for field 'size'");
    this.#fleet.resize(group, size, call.shortage ?? null);
    return this.#operations.add(
      `zones/${group.zone}`,
      'compute.instanceGroupManagers.resize',
      this.#resources.group(group).selfLink,
    );
  }

  #page(call: Call, kind: string, all: Resource[]): Page {
    const holds = parseFilter(call.query.get('filter'));
    const matching = all.filter(holds);
    const from = Number(call.query.get('pageToken') ?? 0) || 0;
    const size = Number(call.query.get('maxResults') ?? DEFAULT_PAGE) || DEFAULT_PAGE;
    const items = matching.slice(from, from + size);
    return {
      kind: `compute#${kind}List`,
      ...(items.length > 0 ? { items } : {}),
      ...(from + size < matching.length ? { nextPageToken: String(from + size) } : {}),
    };
  }

  /** Every scope is named; an empty one carries a warning, as the API's do. */
  #aggregated(call: Call, collection: string): object {
    const kind = SCOPES[collection];
    if (kind === undefined) throw new GoogleError(404, `The collection ${collection} was not found`);
    const holds = parseFilter(call.query.get('filter'));
    const scopes = [
      ...(kind === 'regions' ? [] : ZONES.map((zone) => `zones/${zone}`)),
      ...(kind === 'zones' ? [] : ['global', ...REGIONS.map((region) => `regions/${region}`)]),
    ];
    const items = scopes.map((scope): [string, object] => {
      const found = this.#items(collection, scope).filter(holds);
      const warning = {
        code: 'NO_RESULTS_ON_PAGE',
        message: `There are no results for scope '${scope}' on this page.`,
      };
      return [scope, found.length > 0 ? { [collection]: found } : { warning }];
    });
    return { kind: `compute#${collection}AggregatedList`, items: Object.fromEntries(items) };
  }

  #requireScope(scope: Scope): void {
    const [collection, place = ''] = scope.split('/');
    if (scope === 'global' || (collection === 'zones' ? isZone(place) : isRegion(place))) return;
    throw new GoogleError(
      400,
      `Invalid value for field '${collection?.slice(0, -1)}': '${place}'. Unknown ${collection?.slice(0, -1)}.`,
    );
  }

  #notFound(rest: string): GoogleError {
    return new GoogleError(404, `The resource 'projects/${this.#fleet.context.projectId}/${rest}' was not found`);
  }
}
