/**
 * Times and sizes of docs/redis-protocol.md. Its table has the values of the constants, each of which stands in one
 * place, and the rest of the page has no other number with a unit.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const [before = '', section = '', after = ''] = read('docs/redis-protocol.md').split(
  /^## (?:Times and sizes|What the pods are given)$/m,
);

const UNITS: Record<string, number> = { '': 1, s: 1, KiB: 1024, MiB: 1024 ** 2 };
const NUMBER_WITH_UNIT = /(\d[\d,]*) (s|KiB|MiB)\b/g;
const valueOf = (digits: string, unit: string): number => Number(digits.replaceAll(',', '')) * (UNITS[unit] ?? NaN);

const rows = [...section.matchAll(/^\| `(\w+)` +\| ([\d,]+) ?(\w*) +\| `?([^|`]+?)`? +\|/gm)].map(
  ([, name = '', digits = '', unit = '', file = '']) => ({ name, value: valueOf(digits, unit), file }),
);

/** The values of a constant of this name, in TypeScript, R, C or shell: a product of powers, or a part of another. */
function definitionsOf(name: string, file: string): number[] {
  const form = new RegExp(`^(?:const |#define )?${name} ?(?:<-|=)? ?([A-Z_]+ / \\d+|[\\d_.]+[L\\d_.*^ ]*)`, 'gm');
  return [...read(file).matchAll(form)].map(([, text = '']) => {
    const [, other, divisor] = /^([A-Z_]+) \/ (\d+)/.exec(text) ?? [];
    if (other !== undefined) return (definitionsOf(other, file)[0] ?? NaN) / Number(divisor);
    return text.split(/ ?(?<!\*)\*(?!\*) ?/).reduce((product, factor) => {
      const [base = NaN, power = 1] = factor.split(/\^|\*\*/).map((part) => Number(part.replaceAll(/[_L ]/g, '')));
      return product * base ** power;
    }, 1);
  });
}

test('the table has the value that each constant has', () => {
  assert.ok(rows.length >= 15);
  for (const { name, value, file } of rows) {
    if (file !== 'doRedis') assert.deepEqual(definitionsOf(name, file), [value], `${name} in ${file}`);
  }
});

test('each of these constants stands where the table says, and nowhere else', () => {
  const files = globSync(
    ['functions/**/*.ts', 'worker-image/R/*.R', 'worker-image/src/**/*.{c,h}', 'worker-image/bin/*'],
    {
      cwd: root,
    },
  );
  for (const name of new Set(rows.map((row) => row.name))) {
    const expected = rows.filter((row) => row.name === name && row.file !== 'doRedis').map(({ file }) => file);
    assert.deepEqual(files.filter((file) => definitionsOf(name, file).length > 0).sort(), expected.sort(), name);
  }
});

test('no other number of seconds or bytes is on the page', () => {
  const known = new Set(rows.map(({ value }) => value));
  const numbers = [...(before + after).matchAll(NUMBER_WITH_UNIT)];
  const unknown = numbers.filter(([, digits = '', unit = '']) => !known.has(valueOf(digits, unit)));
  assert.ok(numbers.length >= 8);
  assert.deepEqual(
    unknown.map(([text]) => text),
    [],
  );
  assert.doesNotMatch(before + after, /\b(two|three|ten|an|a) (seconds?|minutes?|hours?|days?)\b/);
});
