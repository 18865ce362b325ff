/** Field selectors (`--field-selector`): which fields each kind offers, and whether an object matches. Pure. */
import { badRequest } from '../api-error.ts';
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';

type Getter = (object: KubeObject) => unknown;

const common: Record<string, Getter> = {
  'metadata.name': (object) => object.metadata.name,
  'metadata.namespace': (object) => object.metadata.namespace,
};

/**
 * A predicate for `a=b,c!=d`; undefined when there is nothing to select. Throws 400
 * for a field that the kind does not offer.
 */
export function fieldMatcher(type: Kind, text: string | null): ((object: KubeObject) => boolean) | undefined {
  if (text === null || text.trim() === '') return undefined;
  const terms = text
    .split(',')
    .filter((term) => term.trim() !== '')
    .map((term) => parseTerm(type, term.trim()));
  return (object) => terms.every(({ get, value, negated }) => (String(get(object) ?? '') === value) !== negated);
}

function parseTerm(type: Kind, term: string): { get: Getter; value: string; negated: boolean } {
  const match = /^([^!=]+)(!=|==|=)(.*)$/.exec(term);
  if (!match) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
  const field = match[1] ?? '';
  const get = common[field] ?? type.selectable[field];
  if (!get) {
    const known = Object.keys({ ...common, ...type.selectable }).map((name) => JSON.stringify(name));
    throw badRequest(`${JSON.stringify(field)} is not a known field selector: only ${known.join(', ')}`);
  }
  return { get, value: match[3] ?? '', negated: match[2] === '!=' };
}
