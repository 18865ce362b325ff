/**
 * The `filter` parameter of list calls: comparisons of fields joined by AND or standing side by side in
 * parentheses. Offered are `=` `!=` `eq` `ne` (the last two take a whole-value regular expression, as the API does)
 * and `:*` for presence; OR and numbers are not.
 */
import { GoogleError } from '../../identity/google-http.ts';

type Predicate = (item: object) => boolean;

const COMPARISON = /^\s*\(*\s*([A-Za-z_][\w.-]*)\s*(!=|=|:|\beq\b|\bne\b)\s*("[^"]*"|'[^']*'|[^\s()]+)\s*\)*\s*/;
const AND = /^AND\s+/;

export function parseFilter(text: string | null): Predicate {
  const predicates: Predicate[] = [];
  let rest = (text ?? '').trim();
  while (rest !== '') {
    rest = rest.replace(AND, '');
    const found = COMPARISON.exec(rest);
    if (!found)
      throw new GoogleError(400, `Invalid value for field 'filter': '${text}'. Invalid list filter expression.`);
    predicates.push(comparison(found[1] ?? '', found[2] ?? '', (found[3] ?? '').replace(/^["']|["']$/g, '')));
    rest = rest.slice(found[0].length);
  }
  return (item) => predicates.every((holds) => holds(item));
}

function comparison(field: string, operator: string, wanted: string): Predicate {
  const value = (item: object): unknown => readField(item, field);
  switch (operator) {
    case ':':
      return (item) => value(item) !== undefined && (wanted === '*' || asText(value(item)).includes(wanted));
    case '=':
      return (item) => asText(value(item)) === wanted;
    case '!=':
      return (item) => asText(value(item)) !== wanted;
    case 'eq':
      return (item) => new RegExp(`^(?:${wanted})$`).test(asText(value(item)));
    default:
      return (item) => !new RegExp(`^(?:${wanted})$`).test(asText(value(item)));
  }
}

/** `labels.key` and deeper; a label's key may itself hold no dot. */
function readField(item: object, field: string): unknown {
  let value: unknown = item;
  for (const part of field.split('.')) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined;
  }
  return value;
}

function asText(value: unknown): string {
  return value === undefined || value === null ? '' : String(value);
}
