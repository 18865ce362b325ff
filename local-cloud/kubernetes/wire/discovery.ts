/** What the server says about itself: groups, versions, resources, in the plain and in the aggregated form. Pure. */
import { kinds } from '../kinds/registry.ts';
import { apiVersionOf, type Kind } from '../kinds/kind.ts';

/** Follows the version of Kubernetes whose fields, defaults and messages are imitated. */
export const serverVersion = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.4-local',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2026-11-22T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: `${process.platform}/${process.arch}`,
};

const STORED_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

interface Subresource {
  name: string;
  kind: string;
  group: string;
  version: string;
  verbs: string[];
}

function verbsOf(type: Kind): string[] {
  if (!type.stored) return ['create'];
  return type.resource === 'namespaces' ? STORED_VERBS.filter((verb) => verb !== 'deletecollection') : STORED_VERBS;
}

function subresourcesOf(type: Kind): Subresource[] {
  return type.subresources.map((name) => {
    const own = { name, kind: type.kind, group: type.group, version: type.version };
    switch (name) {
      case 'scale':
        return { name, kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get', 'patch', 'update'] };
      case 'eviction':
        return { name, kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] };
      case 'log':
        return { ...own, verbs: ['get'] };
      default:
        return { ...own, verbs: ['get', 'patch', 'update'] };
    }
  });
}

const optional = (type: Kind): Record<string, unknown> => ({
  ...(type.shortNames.length > 0 ? { shortNames: type.shortNames } : {}),
  ...(type.categories.length > 0 ? { categories: type.categories } : {}),
});

function groupVersions(): Map<string, Map<string, Kind[]>> {
  const groups = new Map<string, Map<string, Kind[]>>();
  for (const type of kinds) {
    const versions = groups.get(type.group) ?? new Map<string, Kind[]>();
    versions.set(type.version, [...(versions.get(type.version) ?? []), type]);
    groups.set(type.group, versions);
  }
  return groups;
}

/** Every group and version that is served, core first. */
export function servedGroupVersions(): { group: string; version: string; types: Kind[] }[] {
  return [...groupVersions()].flatMap(([group, versions]) =>
    [...versions].map(([version, types]) => ({ group, version, types })),
  );
}

/** `/api` */
export function coreVersions(address: string): unknown {
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: address }];
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs };
}

/** `/apis` */
export function groupList(): unknown {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [...groupVersions().keys()].filter((group) => group !== '').map(groupEntry),
  };
}

function groupEntry(group: string): Record<string, unknown> {
  const versions = [...(groupVersions().get(group)?.keys() ?? [])].map((version) => ({
    groupVersion: `${group}/${version}`,
    version,
  }));
  return { name: group, versions, preferredVersion: versions[0] };
}

/** `/apis/<group>`, undefined for a group that is not served. */
export function oneGroup(group: string): unknown {
  return groupVersions().has(group) && group !== ''
    ? { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) }
    : undefined;
}

/** `/api/v1` and `/apis/<group>/<version>`, undefined where nothing is served. */
export function resourceList(group: string, version: string): unknown {
  const types = groupVersions().get(group)?.get(version);
  if (!types) return undefined;
  const resources = types.flatMap((type) => [
    {
      name: type.resource,
      singularName: type.singular,
      namespaced: type.namespaced,
      kind: type.kind,
      verbs: verbsOf(type),
      ...optional(type),
    },
    ...subresourcesOf(type).map((sub) => plainSubresource(type, sub)),
  ]);
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources,
  };
}

function plainSubresource(type: Kind, sub: Subresource): Record<string, unknown> {
  const foreign = sub.group !== type.group || sub.version !== type.version;
  return {
    name: `${type.resource}/${sub.name}`,
    singularName: '',
    namespaced: type.namespaced,
    ...(foreign ? { group: sub.group, version: sub.version } : {}),
    kind: sub.kind,
    verbs: sub.verbs,
  };
}

/** The aggregated form of `/api` (core) and `/apis` (all others), in version `v2` or `v2beta1`. */
export function aggregated(core: boolean, version: string): unknown {
  const groups = [...groupVersions()].filter(([group]) => (group === '') === core);
  const items = groups.map(([group, versions]) => ({
    metadata: group === '' ? {} : { name: group },
    versions: [...versions].map(([each, types]) => ({
      version: each,
      resources: types.map(aggregatedResource),
      freshness: 'Current',
    })),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items };
}

function aggregatedResource(type: Kind): Record<string, unknown> {
  const subresources = subresourcesOf(type).map(({ name, kind, group, version, verbs }) => ({
    subresource: name,
    // Empty stands for the group and version that the resource is listed under.
    responseKind:
      group === type.group && version === type.version ? { group: '', version: '', kind } : { group, version, kind },
    verbs,
  }));
  return {
    resource: type.resource,
    responseKind: { group: '', version: '', kind: type.kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: verbsOf(type),
    ...optional(type),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}

/** `/`: the paths that answer. */
export function rootPaths(): unknown {
  const groups = servedGroupVersions().map((each) => apiVersionOf(each));
  const paths = groups.map((each) => (each === 'v1' ? '/api/v1' : `/apis/${each}`));
  return {
    paths: ['/api', '/apis', ...paths, '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'],
  };
}
