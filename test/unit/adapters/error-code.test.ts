/** When a service that has refused a request wants the next one, by its header Retry-After (RFC 9110, 10.2.3). */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { retryAfterSecondsOf } from '../../../functions/adapters/error-code.ts';

const rows: [name: string, headers: unknown, seconds: number | null][] = [
  ['as fetch has it', new Headers({ 'Retry-After': '120' }), 120],
  ['as node:http has it', { 'retry-after': '1' }, 1],
  ['none', new Headers(), null],
  ['a date', { 'retry-after': 'Fri, 31 Dec 2027 23:59:59 GMT' }, null],
  ['less than nothing', { 'retry-after': '-1' }, null],
  ['no headers', undefined, null],
];

for (const [name, headers, seconds] of rows)
  it(`${name}: ${seconds}`, () => {
    assert.equal(retryAfterSecondsOf(Object.assign(new Error('429'), { response: { headers } })), seconds);
  });
