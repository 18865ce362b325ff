/**
 * Paths of the Compute Engine API v1 -> what the fleet knows. Only what this system,
 * its users' gcloud and Terraform look at.
 */
import { GoogleError, type Call, type Route } from '../../identity/google-http.ts';
import { isPlain } from '../../is-plain.ts';
import { Collections, notFound, type Scope, SCOPES } from './collections.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { GroupRecord } from '../fleet/fleet-records.ts';
import { leftoverKind, type Leftovers } from '../leftovers.ts';
import type { ComputeOperations } from './operations.ts';
import { pageOf } from './page.ts';
import { Resources, type Resource } from './resources.ts';
import { isRegion, isZone, REGIONS, ZONES } from '../zones.ts';

export class ComputeRoutes {
  readonly #fleet: Fleet;
  readonly #leftovers: Leftovers;
  readonly #operations: ComputeOperations;
  readonly #resources: Resources;
  readonly #collections: Collections;

  constructor(fleet: Fleet, leftovers: Leftovers, operations: ComputeOperations) {
    this.#fleet = fleet;
    this.#leftovers = leftovers;
    this.#operations = operations;
    this.#resources = new Resources(fleet);
    this.#collections = new Collections(fleet, leftovers, operations, this.#resources);
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
    if (first === 'aggregated')
      return { name: `${second}.aggregatedList`, run: () => this.#collections.aggregated(call, second) };
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
    if (name === '') return { name: `${collection}.list`, run: () => pageOf(call, collection, known.map(make)) };
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
    if (name === undefined)
      return run('list', () => pageOf(call, collection, this.#collections.items(collection, scope)));
    if (call.method === 'DELETE') return run('delete', () => this.#delete(scope, collection, name));
    return run('get', () => this.#collections.get(scope, collection, name));
  }

  #delete(scope: Scope, collection: string, name: string): Resource {
    const target = this.#collections.get(scope, collection, name);
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
    if (!group || `zones/${group.zone}` !== scope) throw notFound(this.#fleet, `${scope}/${collection}/${name}`);
    switch (verb) {
      case 'listManagedInstances':
        return this.#managed(call, group);
      case 'listInstances':
        return pageOf(
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
    const { items, nextPageToken } = pageOf(
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

  #requireScope(scope: Scope): void {
    const [collection, place = ''] = scope.split('/');
    if (scope === 'global' || (collection === 'zones' ? isZone(place) : isRegion(place))) return;
    throw new GoogleError(
      400,
      `Invalid value for field '${collection?.slice(0, -1)}': '${place}'. Unknown ${collection?.slice(0, -1)}.`,
    );
  }
}
