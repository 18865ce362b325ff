/** Rules that ConfigMaps and Secrets share. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { WithData } from '../objects.ts';
import type { FieldError } from '../api-error.ts';
import { invalidValue, forbiddenField } from './field-error.ts';

const DATA_KEY = /^[-._a-zA-Z0-9]+$/;
const DATA_KEY_MESSAGE =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or " +
  "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const MAX_DATA_BYTES = 1024 * 1024;

/** ConfigMaps and Secrets. */
export function validateData(object: WithData): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const part of ['data', 'binaryData'] as const) {
    for (const [key, value] of Object.entries(object[part] ?? {})) {
      if (!DATA_KEY.test(key)) errors.push(invalidValue(`${part}[${key}]`, key, DATA_KEY_MESSAGE));
      bytes += object.kind === 'Secret' || part === 'binaryData' ? (value.length * 3) / 4 : Buffer.byteLength(value);
    }
  }
  if (bytes > MAX_DATA_BYTES) {
    const field = object.kind === 'Secret' ? 'data' : '';
    errors.push({
      reason: 'FieldValueTooLong',
      field,
      message: `Too long: may not be more than ${MAX_DATA_BYTES} bytes`,
    });
  }
  return errors;
}

export function validateDataUpdate(next: WithData, stored: WithData): FieldError[] {
  const errors: FieldError[] = [];
  if (next.type !== stored.type) errors.push(invalidValue('type', next.type, 'field is immutable'));
  if (stored.immutable !== true) return errors;
  const why = 'field is immutable when `immutable` is set';
  if (next.immutable !== true) errors.push(forbiddenField('immutable', why));
  for (const part of ['data', 'binaryData'] as const)
    if (!isDeepStrictEqual(next[part], stored[part])) errors.push(forbiddenField(part, why));
  return errors;
}
