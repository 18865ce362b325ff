/** The ledger as it lies in the bucket: every line that can be understood counts, whatever stands beside it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatLedger, type LedgerLine, parseLedger } from '../../../functions/job/ledger.ts';
import { readLedger } from '../../../functions/reconcile/read-ledger.ts';
import { VirtualWorld } from '../../../testing/virtual-ports.ts';

const line = (iteration: number, part: Partial<LedgerLine> = {}): LedgerLine => ({
  loop: 1,
  iteration,
  key: `k${iteration}`,
  attempt: 1,
  worker: 'w',
  node: 'n',
  seconds: 1.5,
  bytes: 30,
  sha256: 'a'.repeat(64),
  startedAt: 1764163456.789,
  warnings: 0,
  object: `demo/attempt-1/loop-1/iteration-00000${iteration}.rds`,
  part: null,
  ...part,
});

async function read(segments: Record<string, string>): Promise<{ lines: LedgerLine[]; damaged: [string, number][] }> {
  const { buckets } = new VirtualWorld();
  for (const [name, text] of Object.entries(segments)) await buckets.results.write(`demo/${name}`, text, {});
  const damaged: [string, number][] = [];
  const lines = await readLedger(buckets, 'demo', (object, count) => damaged.push([object, count]));
  return { lines, damaged };
}

describe('the ledger', () => {
  it('is read as it was written', () => {
    const lines = [line(1), line(2, { object: 'demo/attempt-1/loop-1/part-000001.rds', part: '2' })];
    assert.deepEqual(parseLedger(formatLedger(lines)), { lines, damaged: 0 });
    assert.deepEqual(parseLedger(''), { lines: [], damaged: 0 });
  });

  it('has of each iteration and key the first line, the oldest attempt first', async () => {
    const again = line(1, { attempt: 10, worker: 'late' });
    const changed = line(1, { key: 'other', attempt: 2 });
    const { lines } = await read({
      'attempt-10/ledger/000001.jsonl': formatLedger([again]),
      'attempt-2/ledger/000001.jsonl': formatLedger([line(2), changed]),
      'attempt-1/ledger/000001.jsonl': formatLedger([line(1)]),
    });
    assert.deepEqual(lines, [line(1), line(2), changed]);
  });

  const damages: [what: string, text: string][] = [
    ['no JSON', '{"loop":1,'],
    ['no object', '[1]'],
    ['a line without an iteration', JSON.stringify({ ...line(3), iteration: null })],
    ['an iteration that Redis cannot count', JSON.stringify(line(2 ** 32))],
    ['no SHA-256', JSON.stringify(line(3, { sha256: 'none' }))],
    ['no object name', JSON.stringify(line(3, { object: '' }))],
    ['a key without end', JSON.stringify(line(3, { key: 'k'.repeat(1001) }))],
  ];
  for (const [what, text] of damages)
    it(`tells of ${what}, and has the lines beside it`, async () => {
      const name = 'attempt-1/ledger/000001.jsonl';
      const { lines, damaged } = await read({
        [name]: `${formatLedger([line(1)])}${text}\n${formatLedger([line(2)])}`,
      });
      assert.deepEqual(lines, [line(1), line(2)]);
      assert.deepEqual(damaged, [[`demo/${name}`, 1]]);
    });
});
