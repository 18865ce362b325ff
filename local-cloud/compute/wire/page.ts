/** One page of a list, filtered as the call asks. */
import type { Call } from '../../identity/google-http.ts';
import { parseFilter } from './filter.ts';
import type { Resource } from './resources.ts';

const DEFAULT_PAGE = 500;

interface Page {
  kind: string;
  items?: Resource[];
  nextPageToken?: string;
}

export function pageOf(call: Call, kind: string, all: Resource[]): Page {
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
