/**
 * The metadata server of a Compute Engine machine or Cloud Run instance, as far as the client libraries and gcloud read
 * it. One service account, which is also `default`. Nothing here waits for changes (`wait_for_change` is not imitated).
 */
import type { Answer, Call } from './google-http.ts';

const ROOT = '/computeMetadata/v1';
const FLAVOR = { 'Metadata-Flavor': 'Google', server: 'Metadata Server for VM' };

export interface MetadataFacts {
  projectId: string;
  projectNumber: string;
  zone: string;
  email: string;
  scopes: string[];
  /** A fresh access token and its life. */
  token(): { access_token: string; expires_in: number; token_type: 'Bearer' };
  identityToken(audience: string): string;
}

/** Leaves are strings or functions of the query; objects are directories. */
type Tree = { [name: string]: Tree | string | ((query: URLSearchParams) => unknown) };

/** True for the paths that belong to the metadata server. */
export function isMetadataPath(path: string): boolean {
  return path === '/' || path === ROOT || path.startsWith(`${ROOT}/`);
}

/** Answers one request; 403 without the header that proves that no browser sent it. */
export function answerMetadata(facts: MetadataFacts, call: Call): Answer {
  if (call.path === '/') return { headers: FLAVOR, body: 'computeMetadata/\n' };
  if (call.headers['metadata-flavor'] !== 'Google' || call.headers['x-forwarded-for'] !== undefined) {
    return { status: 403, headers: FLAVOR, body: 'Missing Metadata-Flavor:Google header.' };
  }
  const parts = call.path.slice(ROOT.length).split('/').filter(Boolean);
  const node = find(tree(facts), parts);
  if (node === undefined) return { status: 404, headers: FLAVOR, body: 'Not Found' };
  if (typeof node === 'string') return { headers: FLAVOR, body: node };
  if (typeof node === 'function') return leaf(node(call.query));
  if (call.query.get('recursive')?.toLowerCase() === 'true') return { headers: FLAVOR, body: recursive(node) };
  const listing = Object.entries(node).map(([name, child]) => (typeof child === 'object' ? `${name}/` : name));
  return { headers: FLAVOR, body: `${listing.join('\n')}\n` };
}

function leaf(value: unknown): Answer {
  return value === undefined
    ? { status: 400, headers: FLAVOR, body: 'non-empty audience parameter required' }
    : { headers: FLAVOR, body: value };
}

function tree(facts: MetadataFacts): Tree {
  const account: Tree = {
    aliases: 'default\n',
    email: facts.email,
    identity: (query) => (query.get('audience') ? facts.identityToken(query.get('audience') ?? '') : undefined),
    scopes: facts.scopes.join('\n'),
    token: () => facts.token(),
  };
  return {
    instance: {
      id: '1000000000000000001',
      name: 'local-cloud',
      region: `projects/${facts.projectNumber}/regions/${facts.zone.replace(/-[a-z]$/, '')}`,
      'service-accounts': { default: account, [facts.email]: account },
      zone: `projects/${facts.projectNumber}/zones/${facts.zone}`,
    },
    project: { 'numeric-project-id': facts.projectNumber, 'project-id': facts.projectId },
    universe: { 'universe-domain': 'googleapis.com' },
  };
}

function find(start: Tree, parts: string[]): Tree[string] | undefined {
  let node: Tree[string] | undefined = start;
  for (const part of parts) {
    if (typeof node !== 'object' || !Object.hasOwn(node, part)) return undefined;
    node = node[part];
  }
  return node;
}

/** `?recursive=true`: keys in camel case, lists as lists, and no tokens. */
function recursive(node: Tree): object {
  const result: Record<string, unknown> = {};
  for (const [name, child] of Object.entries(node)) {
    if (typeof child === 'function') continue;
    const key = name.includes('@') ? name : name.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());
    if (typeof child === 'object') result[key] = recursive(child);
    else if (name === 'scopes' || name === 'aliases') result[key] = child.trim().split('\n');
    else if (name === 'id' || name === 'numeric-project-id') result[key] = Number(child);
    else result[key] = child;
  }
  return result;
}
