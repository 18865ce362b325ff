/**
 * The `filter` parameter of list calls: one comparison, or several, each in parentheses, joined by AND or standing
 * side by side. Comparisons that are joined without parentheses are refused, as by the API ("provide each separate
 * expression within parentheses", reference of disks.aggregatedList; googleapis/nodejs-compute#48). Offered are `=`
 * `!=` `eq` `ne` (the last two take a whole-value regular expression) and `:*` for presence; OR and numbers are not.
 */
import { GoogleError } from '../../identity/google-http.ts';
import { isPlain } from '../../is-plain.ts';

type Predicate = (item: object) => boolean;

const BODY = String.raw`\s*([A-Za-z_][\w.-]*)\s*(!=|=|:|\beq\b|\bne\b)\s*("[^"]*"|'[^']*'|[^\s()]+)\s*`;
const ALONE = new RegExp(`^${BODY}$`);
const IN_PARENTHESES = new RegExp(String.raw`^(?:AND\b)?\s*\(${BODY}\)\s*`);

export function parseFilter(text: string | null): Predicate {
  let rest = (text ?? '').trim();
  if (rest === '') return () => true;
  const alone = ALONE.exec(rest);
  if (alone) return comparison(alone);
  const predicates: Predicate[] = [];
  while (rest !== '') {
    const found = IN_PARENTHESES.exec(rest);
    if (!found)
      throw new GoogleError(400, `Invalid value for field 'filter': '${text}'. Invalid list filter expression.`);
    predicates.push(comparison(found));
    rest = rest.slice(found[0].length);
  }
  return (item) => predicates.every((holds) => holds(item));
}

function comparison([, field = '', operator = '', quoted = '']: RegExpExecArray): Predicate {
  const wanted = quoted.replace(/^["']|["']$/g, '');
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
    value = isPlain(value) ? value[part] : undefined;
  }
  return value;
}

function asText(value: unknown): string {
  return value === undefined || value === null ? '' : String(value);
}
