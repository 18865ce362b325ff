/** Whatever lies in Redis becomes values that a record can hold, and nothing throws. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  toDriver,
  toEntry,
  toGate,
  toLoop,
  toLoopNumbers,
  toOutput,
  toWorker,
} from '../../../functions/adapters/redis-values.ts';
import { redisFields } from '../../../functions/adapters/redis-fields.ts';
import { newRecord } from '../../../functions/job/job-record.ts';
import { formatLedger, parseLedger } from '../../../functions/job/ledger.ts';
import { summarize } from '../../../functions/job/progress.ts';
import { formatRecord, parseRecord } from '../../../functions/job/record-text.ts';

/** As the engine writes, and as a script could. */
const texts = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    '1.5',
    '-1',
    '1e999',
    'NaN',
    'null',
    '[]',
    '{}',
    '__proto__',
    '9007199254740993',
    'idle',
  ),
  fc.nat({ max: 1e6 }).map(String),
  fc.constant('a'.repeat(64)),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.json({ maxDepth: 2 }),
);
const hashOf = (names: readonly string[]): fc.Arbitrary<Record<string, string>> =>
  fc.dictionary(fc.constantFrom(...names), texts, { noNullPrototype: true });
const workers = fc.record(
  {
    state: fc.oneof(fc.constantFrom('idle', 'busy'), fc.jsonValue()),
    loop: fc.jsonValue(),
    iterations: fc.oneof(fc.array(fc.nat()), fc.jsonValue()),
    since: fc.jsonValue(),
    beat: fc.oneof(fc.double(), fc.jsonValue()),
  },
  { requiredKeys: [] },
);

describe('what lies in Redis', () => {
  const refuse = (): void => undefined;

  it('becomes progress that a record can hold', () => {
    const forged = fc.record({
      driver: hashOf(redisFields.driver),
      loops: fc.array(texts),
      loop: hashOf(redisFields.loop),
      waiting: texts,
      workers: fc.dictionary(
        texts,
        fc.oneof(
          texts,
          workers.map((worker) => JSON.stringify(worker)),
        ),
      ),
    });
    fc.assert(
      fc.property(forged, (redis) => {
        const loops = toLoopNumbers(redis.loops, refuse).map((loop) => toLoop(loop, redis.loop, redis.waiting, refuse));
        const views = Object.entries(redis.workers).flatMap(([pod, json]) => toWorker(pod, json, refuse) ?? []);
        const progress = summarize(toDriver(redis.driver, refuse), loops, views, 0);
        const record = { ...newRecord('demo', 't'), progress };
        assert.deepEqual(parseRecord(formatRecord(record), 'demo').progress?.done, progress.done);
        for (const view of views) assert.match(view.pod, /^[a-z0-9.-]{1,253}$/);
      }),
      { numRuns: 500 },
    );
  });

  it('becomes a line of the ledger that can be read again, or is refused', () => {
    const entries = hashOf(redisFields.outbox).chain((part) =>
      fc.constantFrom(part, {
        ...part,
        ...{ loop: '1', iteration: '7', key: 'k', bytes: '3', sha256: 'a'.repeat(64) },
      }),
    );
    fc.assert(
      fc.property(entries, (fields) => {
        const entry = toEntry('1-0', Object.entries(fields).flat());
        if (entry === undefined) return;
        const line = { ...entry, object: 'demo/attempt-1/loop-1/iteration-000007.rds', part: null };
        assert.equal(parseLedger(formatLedger([line])).lines.length, 1);
      }),
      { numRuns: 500 },
    );
  });

  it('becomes a gate, an output or nothing', () => {
    fc.assert(
      fc.property(texts, texts, (gate, json) => {
        const { tasks, begun } = toGate(gate, json, refuse);
        assert.ok((tasks === 'open' || Number.isSafeInteger(tasks)) && begun >= 0);
        assert.ok((toOutput(json)?.bytes ?? 0) >= 0);
      }),
    );
  });
});
