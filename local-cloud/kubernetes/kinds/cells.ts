/** How tables print ages, lists, selectors and images. Pure. */
import type { KubeObject } from '../object.ts';
import type { Condition, PodSpec } from '../objects.ts';
import type { LabelSelector } from '../labels.ts';

const MINUTE = 60;

const HOUR = 3600;

const DAY = 86_400;

const YEAR = 365 * DAY;

/** `5s`, `3m20s`, `47m`, `5h12m`, `2d3h`, `41d`, `2y33d`. */
export function humanDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < -1) return '<invalid>';
  if (whole < 0) return '0s';
  if (whole < 2 * MINUTE) return `${whole}s`;
  if (whole < 10 * MINUTE) return pair(whole, MINUTE, 'm', 1, 's');
  if (whole < 3 * HOUR) return `${Math.floor(whole / MINUTE)}m`;
  if (whole < 8 * HOUR) return pair(whole, HOUR, 'h', MINUTE, 'm');
  if (whole < 2 * DAY) return `${Math.floor(whole / HOUR)}h`;
  if (whole < 8 * DAY) return pair(whole, DAY, 'd', HOUR, 'h');
  if (whole < 2 * YEAR) return `${Math.floor(whole / DAY)}d`;
  return whole < 8 * YEAR ? pair(whole, YEAR, 'y', DAY, 'd') : `${Math.floor(whole / YEAR)}y`;
}

function pair(seconds: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % big) / small);
  return `${Math.floor(seconds / big)}${bigName}${rest === 0 ? '' : `${rest}${smallName}`}`;
}

/** Time since a timestamp. */
export function age(timestamp: string | null | undefined, nowMs: number): string {
  if (!timestamp) return '<unknown>';
  return humanDuration((nowMs - Date.parse(timestamp)) / 1000);
}

/** `a=b,c in (d,e),!f`, or `<none>`. */
export function printSelector(selector: LabelSelector | undefined): string {
  if (!selector) return '<none>';
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const others = (selector.matchExpressions ?? []).map(({ key = '', operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${[...values].sort().join(',')})`;
  });
  return [...equal, ...others].sort().join(',') || '<none>';
}

export function printLabels(labels: Record<string, string> | undefined): string {
  return printSelector({ matchLabels: labels ?? {} });
}

/** Names and images of a template's containers, each joined by commas. */
export function containerCells(spec: PodSpec | undefined): [names: string, images: string] {
  const containers = spec?.containers ?? [];
  const list = (key: 'name' | 'image'): string => containers.map((container) => String(container[key] ?? '')).join(',');
  return [list('name'), list('image')];
}

/** The first few, and how many more. */
export function limited(items: string[], max = 3): string {
  if (items.length === 0) return '<none>';
  return items.length <= max ? items.join(',') : `${items.slice(0, max).join(',')} + ${items.length - max} more...`;
}

/** The age of an object. */
export const created = ({ metadata }: KubeObject, nowMs: number): string => age(metadata.creationTimestamp, nowMs);

/** How many entries an object has. */
export const size = (value: object | undefined): number => Object.keys(value ?? {}).length;

/** Columns that every owner of pods ends with. */
export const WORKLOAD_COLUMNS = 'Containers+|Images+|Selector+';

export const conditionStatus = (
  object: { status?: { conditions?: Condition[] | undefined } | undefined },
  type: string,
): string | undefined => object.status?.conditions?.find((each) => each.type === type)?.status;
