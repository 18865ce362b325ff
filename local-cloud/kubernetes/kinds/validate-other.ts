/** Rules of services, configuration, budgets and the other small kinds. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { FieldError } from '../api-error.ts';
import type { LabelSelector } from '../labels.ts';
import { duplicate, forbiddenField, invalidValue, required, unsupported, validateLabels } from './validate-names.ts';

type Plain = Record<string, any>;

const SERVICE_TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const DATA_KEY = /^[-._a-zA-Z0-9]+$/;
const DATA_KEY_MESSAGE =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const MAX_DATA_BYTES = 1024 * 1024;

export function validateService(service: Plain): FieldError[] {
  const spec = (service['spec'] ?? {}) as Plain;
  const { type, clusterIP, externalName, selector, ports = [] } = spec;
  const isHeadless = clusterIP === 'None' || type === 'ExternalName';
  const errors =
    (ports as Plain[]).length === 0 && !isHeadless ? [required('spec.ports')] : validateServicePorts(ports as Plain[]);
  if (!SERVICE_TYPES.includes(type as string)) errors.push(unsupported('spec.type', type, SERVICE_TYPES));
  if (type === 'ExternalName' && !externalName) errors.push(required('spec.externalName'));
  return [...errors, ...validateLabels(selector as Record<string, string> | undefined, 'spec.selector')];
}

function validateServicePorts(ports: Plain[]): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `spec.ports[${index}]`;
    const name = String(port['name'] ?? '');
    if (name === '' && ports.length > 1) errors.push(required(`${at}.name`));
    if (name !== '' && names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    for (const key of ['port', 'targetPort']) {
      const number = (port[key] ?? 0) as number | string;
      const isBad = typeof number === 'number' && !(number >= 1 && number <= 65_535);
      if (isBad) errors.push(invalidValue(`${at}.${key}`, number, 'must be between 1 and 65535, inclusive'));
    }
  }
  return errors;
}

export function validateServiceUpdate(next: Plain, stored: Plain): FieldError[] {
  const [address, old] = [
    next['spec']?.clusterIP as string | undefined,
    stored['spec']?.clusterIP as string | undefined,
  ];
  if (!old || address === old || next['spec']?.type === 'ExternalName' || stored['spec']?.type === 'ExternalName')
    return [];
  return [invalidValue('spec.clusterIPs[0]', next['spec']?.clusterIPs ?? address, 'may not change once set')];
}

/** ConfigMaps and Secrets. */
export function validateData(object: Plain): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const part of ['data', 'binaryData']) {
    for (const [key, value] of Object.entries((object[part] ?? {}) as Record<string, string>)) {
      if (!DATA_KEY.test(key)) errors.push(invalidValue(`${part}[${key}]`, key, DATA_KEY_MESSAGE));
      bytes += object['kind'] === 'Secret' || part === 'binaryData' ? (value.length * 3) / 4 : Buffer.byteLength(value);
    }
  }
  if (bytes > MAX_DATA_BYTES) {
    const field = object['kind'] === 'Secret' ? 'data' : '';
    errors.push({
      reason: 'FieldValueTooLong',
      field,
      message: `Too long: may not be more than ${MAX_DATA_BYTES} bytes`,
    });
  }
  return errors;
}

export function validateDataUpdate(next: Plain, stored: Plain): FieldError[] {
  const errors: FieldError[] = [];
  if (next['type'] !== stored['type']) errors.push(invalidValue('type', next['type'], 'field is immutable'));
  if (stored['immutable'] !== true) return errors;
  const why = 'field is immutable when `immutable` is set';
  if (next['immutable'] !== true) errors.push(forbiddenField('immutable', why));
  for (const part of ['data', 'binaryData'])
    if (!isDeepStrictEqual(next[part], stored[part])) errors.push(forbiddenField(part, why));
  return errors;
}

export function validateBudget({ spec }: Plain): FieldError[] {
  const errors: FieldError[] = [];
  if (spec?.minAvailable !== undefined && spec?.maxUnavailable !== undefined) {
    errors.push(invalidValue('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const name of ['minAvailable', 'maxUnavailable']) {
    const value = spec?.[name] as number | string | undefined;
    if (typeof value === 'number' && value < 0)
      errors.push(invalidValue(`spec.${name}`, value, 'must be greater than or equal to 0'));
    if (typeof value === 'string' && !/^\d+%$/.test(value)) {
      errors.push(
        invalidValue(
          `spec.${name}`,
          value,
          "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        ),
      );
    }
  }
  return [...errors, ...validateSelectorLabels(spec?.selector as LabelSelector | undefined, 'spec.selector')];
}

export function validateNetworkPolicy({ spec }: Plain): FieldError[] {
  const errors = validateSelectorLabels(spec?.podSelector as LabelSelector | undefined, 'spec.podSelector');
  for (const [index, type] of ((spec?.policyTypes ?? []) as string[]).entries()) {
    if (type !== 'Ingress' && type !== 'Egress')
      errors.push(unsupported(`spec.policyTypes[${index}]`, type, ['Egress', 'Ingress']));
  }
  return errors;
}

function validateSelectorLabels(selector: LabelSelector | undefined, field: string): FieldError[] {
  return validateLabels(selector?.matchLabels, `${field}.matchLabels`);
}

const MAX_USER_PRIORITY = 1_000_000_000;

export function validatePriorityClass(priority: Plain): FieldError[] {
  const name = String(priority['metadata'].name);
  if (name.startsWith('system-') || !(priority['value'] > MAX_USER_PRIORITY)) return [];
  return [forbiddenField('value', `maximum allowed value of a user defined priority is ${MAX_USER_PRIORITY}`)];
}

export function validatePriorityClassUpdate(next: Plain, stored: Plain): FieldError[] {
  return next['value'] === stored['value'] ? [] : [forbiddenField('value', 'may not be changed in an update.')];
}

/** Which role a binding grants never changes. */
export function validateBindingUpdate(next: Plain, stored: Plain): FieldError[] {
  return isDeepStrictEqual(next['roleRef'], stored['roleRef'])
    ? []
    : [invalidValue('roleRef', next['roleRef'], 'cannot change roleRef')];
}

export function validateEndpointSlice(slice: Plain): FieldError[] {
  const errors: FieldError[] = [];
  const types = ['FQDN', 'IPv4', 'IPv6'];
  if (!slice['addressType']) errors.push(required('addressType'));
  else if (!types.includes(slice['addressType'])) errors.push(unsupported('addressType', slice['addressType'], types));
  return errors;
}

/** Who holds a lease for how long must make sense. */
export function validateLease({ spec }: Plain): FieldError[] {
  if (spec?.leaseDurationSeconds === undefined || spec.leaseDurationSeconds > 0) return [];
  return [invalidValue('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0')];
}
