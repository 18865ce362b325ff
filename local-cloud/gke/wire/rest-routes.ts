/**
 * HTTP method and path -> RPC method and request message, taken from the google.api.http rules of the
 * protobuf definitions: both the projects/P/locations/L paths and the older projects/P/zones/Z ones.
 * Query parameters are fields too, and checked.
 */
import { GoogleError, type Call } from '../../identity/google-http.ts';
import { isList, isPlain } from '../../is-plain.ts';
import type { Json, ProtoSchema } from './proto-schema.ts';

interface Binding {
  rpc: string;
  requestType: string;
  responseType: string;
  verb: string;
  pattern: RegExp;
  variables: string[];
  hasBody: boolean;
}

export interface MatchedCall {
  rpc: string;
  responseType: string;
  /** Path, query and body together, checked. */
  request(): Json;
}

const VERBS = ['get', 'post', 'put', 'delete', 'patch'];
/** Parameters of every Google API, not fields. */
const SYSTEM_PARAMETERS = new Set([
  ...['alt', '$alt', 'prettyPrint', '$prettyPrint', 'fields', '$fields', 'key', 'access_token', 'oauth_token'],
  ...['callback', 'quotaUser', 'upload_protocol', 'uploadType', '$.xgafv'],
]);

export class RestRoutes {
  readonly #schema: ProtoSchema;
  readonly #bindings: Binding[];

  constructor(schema: ProtoSchema) {
    this.#schema = schema;
    this.#bindings = Object.entries(schema.methods()).flatMap(([rpc, method]) => {
      const rules = (method.parsedOptions ?? []).map((option) => option['(google.api.http)']).filter(isPlain);
      return rules
        .flatMap((rule) => [rule, ...additional(rule)])
        .map((rule) => toBinding(rpc, method.requestType, method.responseType, rule))
        .filter((binding) => binding !== undefined);
    });
  }

  match(call: Call): MatchedCall | undefined {
    for (const binding of this.#bindings) {
      if (binding.verb !== call.method) continue;
      const found = binding.pattern.exec(call.path);
      if (!found) continue;
      return {
        rpc: binding.rpc,
        responseType: binding.responseType,
        request: () => this.#request(binding, found, call),
      };
    }
    return undefined;
  }

  #request(binding: Binding, found: RegExpExecArray, call: Call): Json {
    const body = binding.hasBody ? (call.body ?? {}) : {};
    if (!isPlain(body)) {
      throw new GoogleError(400, 'Invalid JSON payload received. Root element must be a message.');
    }
    const request: Json = { ...body };
    for (const [name, value] of call.query) {
      if (!SYSTEM_PARAMETERS.has(name)) request[name] = value;
    }
    binding.variables.forEach((name, index) => {
      request[name] = found[index + 1];
    });
    return this.#schema.check(binding.requestType, request);
  }
}

/** True when the caller wants enums as numbers, as the client library does. */
export function wantsEnumNumbers(call: Call): boolean {
  return (call.query.get('$alt') ?? call.query.get('alt') ?? '').includes('enum-encoding=int');
}

/** Further rules of one method; one by itself is no list. */
function additional({ additional_bindings: more }: Json): Json[] {
  return (isList(more) ? more : [more]).filter(isPlain);
}

function toBinding(rpc: string, requestType: string, responseType: string, rule: Json): Binding | undefined {
  const verb = VERBS.find((each) => typeof rule[each] === 'string');
  if (verb === undefined) return undefined;
  const variables: string[] = [];
  const source = String(rule[verb]).replace(/\{([a-z_]+)(?:=([^}]+))?\}/g, (_all, name: string, shape?: string) => {
    variables.push(name);
    return `(${(shape ?? '*').replaceAll('*', '[^/:]+')})`;
  });
  return {
    rpc,
    requestType,
    responseType,
    verb: verb.toUpperCase(),
    pattern: new RegExp(`^${source}$`),
    variables,
    hasBody: rule['body'] !== undefined,
  };
}
