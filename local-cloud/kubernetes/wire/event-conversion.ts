/** Events are kept in the core form and served in two: the core group's and that of events.k8s.io. Pure. */
import type { ResourceType } from '../kinds/resources.ts';

type Plain = Record<string, any>;

const RENAMED: readonly [core: string, served: string][] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['source', 'deprecatedSource'],
];

const isNewEvent = (type: ResourceType): boolean => type.group === 'events.k8s.io';

/** The object as the requested group shows it. */
export function toServed<T extends Plain>(type: ResourceType, object: T): T {
  return isNewEvent(type) ? { ...rename(object, RENAMED), apiVersion: 'events.k8s.io/v1' } : object;
}

/** The object as it is stored. */
export function fromServed<T extends Plain>(type: ResourceType, object: T): T {
  return isNewEvent(type)
    ? {
        ...rename(
          object,
          RENAMED.map(([core, served]) => [served, core]),
        ),
        apiVersion: 'v1',
      }
    : object;
}

function rename<T extends Plain>(object: T, names: readonly (readonly [from: string, to: string])[]): T {
  const map = new Map(names);
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [map.get(key) ?? key, value])) as T;
}
