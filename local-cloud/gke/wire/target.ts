/** What a request is about: from its resource name (projects/P/locations/L/...) or from the older separate fields. */
import type { LocalContext } from '../../context.ts';
import { GoogleError } from '../../identity/google-http.ts';
import { textAt } from '../../is-plain.ts';
import type { Json } from './proto-schema.ts';

export interface Target {
  location: string;
  cluster: string;
  pool: string;
  operation: string;
}

export function targetOf(request: Json, context: LocalContext): Target {
  const parts = String(request['name'] ?? request['parent'] ?? '').split('/');
  const named = (collection: string): string => parts[parts.indexOf(collection) + 1] ?? '';
  const hasName = parts[0] === 'projects';
  const project = hasName ? named('projects') : textIn(request, 'projectId');
  if (project !== context.projectId && project !== context.projectNumber) {
    throw new GoogleError(403, `Permission denied on resource project ${project}.`);
  }
  const pick = (collection: string, field: string): string =>
    hasName && parts.includes(collection) ? named(collection) : textIn(request, field);
  return {
    location: hasName ? named('locations') : textIn(request, 'zone'),
    cluster: pick('clusters', 'clusterId'),
    pool: pick('nodePools', 'nodePoolId'),
    operation: pick('operations', 'operationId'),
  };
}

function textIn(request: Json, field: string): string {
  return textAt(request, field) ?? '';
}
