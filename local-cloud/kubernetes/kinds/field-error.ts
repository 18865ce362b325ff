/** What is wrong with one field, in the words of the real server. Pure. */
import type { FieldError } from '../api-error.ts';

export const invalidValue = (field: string, value: unknown, why: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
});

export const required = (field: string, why = ''): FieldError => ({
  reason: 'FieldValueRequired',
  field,
  message: why === '' ? 'Required value' : `Required value: ${why}`,
});

export const forbiddenField = (field: string, why: string): FieldError => ({
  reason: 'FieldValueForbidden',
  field,
  message: `Forbidden: ${why}`,
});

export const unsupported = (field: string, value: unknown, supported: string[]): FieldError => ({
  reason: 'FieldValueNotSupported',
  field,
  message:
    `Unsupported value: ${JSON.stringify(value)}: supported values: ` +
    `${supported.map((each) => JSON.stringify(each)).join(', ')}`,
});

export const duplicate = (field: string, value: unknown): FieldError => ({
  reason: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${JSON.stringify(value)}`,
});

const NEGATIVE = 'must be greater than or equal to 0';

export const IMMUTABLE = 'field is immutable';

export function nonNegative<T extends object>(
  spec: T,
  names: readonly (keyof T & string)[],
  path: string,
): FieldError[] {
  return names
    .filter((name) => Number(spec[name]) < 0)
    .map((name) => invalidValue(`${path}.${name}`, spec[name], NEGATIVE));
}
