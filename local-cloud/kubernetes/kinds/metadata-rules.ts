/** Names, labels, annotations: the rules every object obeys. Pure; the messages are the real ones. */
import type { KubeObject, OwnerReference } from '../object.ts';
import type { LabelSelector } from '../labels.ts';
import type { FieldError } from '../api-error.ts';
import type { Kind } from './kind.ts';
import { invalidValue } from './field-error.ts';

const LABEL_NAME = '[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?';

const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const dns1035Label = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

const qualifiedPart = new RegExp(`^${LABEL_NAME}$`);

const LABEL_MESSAGE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start " +
  "and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const SUBDOMAIN_MESSAGE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and " +
  "must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const DNS1035_MESSAGE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic " +
  "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for " +
  "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

const QUALIFIED_MESSAGE =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " +
  "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const LABEL_VALUE_MESSAGE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and " +
  "must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex " +
  "used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const MAX_ANNOTATION_BYTES = 256 * 1024;

const tooLong = (max: number): string => `must be no more than ${max} characters`;

/** What is wrong with a DNS label (63) or undefined. */
export function labelProblem(name: string): string | undefined {
  if (name.length > 63) return tooLong(63);
  return dnsLabel.test(name) ? undefined : LABEL_MESSAGE;
}

/** What is wrong with a DNS subdomain (253) or undefined. */
export function subdomainProblem(name: string): string | undefined {
  if (name.length > 253) return tooLong(253);
  return dnsSubdomain.test(name) ? undefined : SUBDOMAIN_MESSAGE;
}

export function serviceNameProblem(name: string): string | undefined {
  if (name.length > 63) return tooLong(63);
  return dns1035Label.test(name) ? undefined : DNS1035_MESSAGE;
}

/** Role names may hold anything that does not break a path. */
export function pathSegmentProblem(name: string): string | undefined {
  if (name === '.' || name === '..') return `may not be '${name}'`;
  const bad = ['/', '%'].find((each) => name.includes(each));
  return bad === undefined ? undefined : `may not contain '${bad}'`;
}

export function validateMetadata(kind: Kind, { metadata }: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const problem = (kind.nameProblem ?? subdomainProblem)(metadata.name);
  if (problem !== undefined) errors.push(invalidValue('metadata.name', metadata.name, problem));
  errors.push(...validateLabels(metadata.labels, 'metadata.labels'));
  return [...errors, ...validateAnnotations(metadata.annotations), ...validateOwners(metadata.ownerReferences)];
}

function validateAnnotations(annotations: Record<string, string> = {}): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of Object.keys(annotations)) {
    const bad = qualifiedProblem(key.toLowerCase());
    if (bad !== undefined) errors.push(invalidValue('metadata.annotations', key, bad));
  }
  const annotationBytes = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (annotationBytes > MAX_ANNOTATION_BYTES) {
    errors.push({
      reason: 'FieldValueTooLong',
      field: 'metadata.annotations',
      message: `Too long: may not be more than ${MAX_ANNOTATION_BYTES} bytes`,
    });
  }
  return errors;
}

function validateOwners(owners: readonly OwnerReference[] = []): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, owner] of owners.entries()) {
    for (const key of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (!owner[key])
        errors.push(invalidValue(`metadata.ownerReferences[${index}].${key}`, owner[key] ?? '', 'must not be empty'));
    }
  }
  return errors;
}

/** Keys and values of labels at a field path. */
export function validateLabels(labels: Record<string, string> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    const bad = qualifiedProblem(key);
    if (bad !== undefined) errors.push(invalidValue(field, key, bad));
    if (value.length > 63) errors.push(invalidValue(field, value, tooLong(63)));
    else if (value !== '' && !qualifiedPart.test(value)) errors.push(invalidValue(field, value, LABEL_VALUE_MESSAGE));
  }
  return errors;
}

/** `prefix/name` with an optional prefix. */
function qualifiedProblem(key: string): string | undefined {
  const parts = key.split('/');
  if (parts.length > 2) {
    return (
      "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end " +
      "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for " +
      "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and " +
      "'/' (e.g. 'example.com/MyName')"
    );
  }
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (prefix === '') return 'prefix part must be non-empty';
  if (prefix !== undefined && subdomainProblem(prefix) !== undefined) return `prefix part ${subdomainProblem(prefix)}`;
  if (name === '') return 'name part must be non-empty';
  if (name.length > 63) return `name part ${tooLong(63)}`;
  return qualifiedPart.test(name) ? undefined : QUALIFIED_MESSAGE;
}

export function validateSelectorLabels(selector: LabelSelector | undefined, field: string): FieldError[] {
  return validateLabels(selector?.matchLabels, `${field}.matchLabels`);
}
