/**
 * Collections of the Compute Engine API: what each has in a zone, a region or globally, of the fleet and of what
 * deleted clusters have left behind.
 */
import { type Call, GoogleError } from '../../identity/google-http.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { GroupRecord } from '../fleet/fleet-records.ts';
import type { LeftoverKind, Leftovers } from '../leftovers.ts';
import { MACHINE_TYPES } from '../machine-types.ts';
import { REGIONS, ZONES } from '../zones.ts';
import { parseFilter } from './filter.ts';
import type { ComputeOperations } from './operations.ts';
import type { Resource, Resources } from './resources.ts';

/** 'zones/us-central1-a', 'regions/us-central1' or 'global'. */
export type Scope = string;

/** Collections that can be listed, and in which kind of scope they live. */
export const SCOPES: Record<string, 'zones' | 'regions' | 'both'> = {
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

export class Collections {
  readonly #fleet: Fleet;
  readonly #leftovers: Leftovers;
  readonly #operations: ComputeOperations;
  readonly #resources: Resources;

  constructor(fleet: Fleet, leftovers: Leftovers, operations: ComputeOperations, resources: Resources) {
    this.#fleet = fleet;
    this.#leftovers = leftovers;
    this.#operations = operations;
    this.#resources = resources;
  }

  items(collection: string, scope: Scope): Resource[] {
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

  get(scope: Scope, collection: string, name: string): Resource {
    if (collection === 'operations') return this.#operations.get(name);
    if (collection === 'machineTypes') {
      const type = MACHINE_TYPES.get(name);
      if (type) return this.#resources.machineType(scope.split('/')[1] ?? '', type);
    }
    const found = this.items(collection, scope).find((each) => each.name === name || each['id'] === name);
    if (!found) throw notFound(this.#fleet, `${scope}/${collection}/${name}`);
    return found;
  }

  /** Every scope is named; an empty one carries a warning, as the API's do. */
  aggregated(call: Call, collection: string): object {
    const kind = SCOPES[collection];
    if (kind === undefined) throw new GoogleError(404, `The collection ${collection} was not found`);
    const holds = parseFilter(call.query.get('filter'));
    const scopes = [
      ...(kind === 'regions' ? [] : ZONES.map((zone) => `zones/${zone}`)),
      ...(kind === 'zones' ? [] : ['global', ...REGIONS.map((region) => `regions/${region}`)]),
    ];
    const items = scopes.map((scope): [string, object] => {
      const found = this.items(collection, scope).filter(holds);
      const warning = {
        code: 'NO_RESULTS_ON_PAGE',
        message: `There are no results for scope '${scope}' on this page.`,
      };
      return [scope, found.length > 0 ? { [collection]: found } : { warning }];
    });
    return { kind: `compute#${collection}AggregatedList`, items: Object.fromEntries(items) };
  }
}

export function notFound({ context }: Fleet, rest: string): GoogleError {
  return new GoogleError(404, `The resource 'projects/${context.projectId}/${rest}' was not found`);
}
