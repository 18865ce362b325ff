/** Which names the service accepts. */
import { invalid, required } from './api-error.ts';

const MAX_NAME_BYTES = 1024;

export function checkBucketName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(name) || hasLongLabel(name)) {
    throw invalid(`Invalid bucket name: '${String(name)}'`);
  }
}

/** A name without dots has at most 63 characters; so has each part of a dotted one. */
function hasLongLabel(name: string): boolean {
  return name.split('.').some((label) => label.length === 0 || label.length > 63);
}

export function checkObjectName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '') throw required('Required parameter: name');
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw invalid('The specified object name is too long. It must be at most 1024 bytes when encoded as UTF-8.');
  }
  if (/[\r\n]/.test(name)) throw invalid('Disallowed unicode characters present in object name.');
  if (name === '.' || name === '..') throw invalid(`Invalid object name: '${name}'.`);
  if (name.startsWith('.well-known/acme-challenge/')) throw invalid(`Invalid object name: '${name}'.`);
  if (!name.isWellFormed()) throw invalid('Disallowed unicode characters present in object name.');
}
