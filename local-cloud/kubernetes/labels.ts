/** Label selectors, in both notations: the structured one of specs and the text of `-l` and `?labelSelector=`. */
import type { V1LabelSelector } from '@kubernetes/client-node';
import type { Sent } from '../wire-types.ts';
import { badRequest } from './api-error.ts';

export type LabelSelector = Sent<V1LabelSelector>;
export type LabelSelectorRequirement = NonNullable<LabelSelector['matchExpressions']>[number];

type Labels = Record<string, string> | undefined;

/** Whether `labels` satisfy every requirement. An empty selector matches everything. */
export function matchesSelector(selector: LabelSelector, labels: Labels): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels?.[key] !== value) return false;
  return (selector.matchExpressions ?? []).every((requirement) => matchesRequirement(requirement, labels));
}

function matchesRequirement({ key = '', operator, values }: LabelSelectorRequirement, labels: Labels): boolean {
  const value = labels?.[key];
  switch (operator) {
    case 'In':
      return value !== undefined && (values ?? []).includes(value);
    case 'NotIn':
      return value === undefined || !(values ?? []).includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

/** A label may itself be called matchLabels: then its value is a text. */
function isStructured(selector: Record<string, string> | LabelSelector): selector is LabelSelector {
  return typeof selector['matchLabels'] === 'object' || Array.isArray(selector['matchExpressions']);
}

/** A plain map of labels, as Services have it, or a structured selector: both become the latter. */
export function toSelector(selector: Record<string, string> | LabelSelector): LabelSelector {
  return isStructured(selector) ? selector : { matchLabels: selector };
}

const KEY = String.raw`[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?`;
const setBased = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const equality = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*([-A-Za-z0-9_.]*)$`);
const existence = new RegExp(`^(!?)\\s*(${KEY})$`);

/** Parses `a=b,c!=d,e in (f,g),h,!i`. Throws 400 for anything else. */
export function parseSelector(text: string): LabelSelector {
  const matchExpressions = splitTopLevel(text).map((part) => parseRequirement(part, text));
  return { matchExpressions };
}

function parseRequirement(part: string, whole: string): LabelSelectorRequirement {
  const set = setBased.exec(part);
  if (set) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return { key: set[1] ?? '', operator: set[2] === 'in' ? 'In' : 'NotIn', values };
  }
  const equal = equality.exec(part);
  if (equal) return { key: equal[1] ?? '', operator: equal[2] === '!=' ? 'NotIn' : 'In', values: [equal[3] ?? ''] };
  const exists = existence.exec(part);
  if (exists) return { key: exists[2] ?? '', operator: exists[1] === '!' ? 'DoesNotExist' : 'Exists' };
  throw badRequest(`unable to parse requirement: found '${part}' in selector '${whole}'`);
}

/** Splits at commas that are not inside parentheses. */
function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const char of text) {
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (char === ',' && depth === 0) {
      parts.push(part.trim());
      part = '';
    } else part += char;
  }
  parts.push(part.trim());
  return parts.filter((each) => each !== '');
}
