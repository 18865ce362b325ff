/** Whether the values stay the same to the bit while workers, driver and Redis are killed: one run for each seed, against a run left in peace. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark } from './benchmark.ts';
import { calmRun, chaosRun, type ChaosOutcome, type ChaosSize } from './engine-chaos-run.ts';
import { summarize } from './measure.ts';
import { outputFolder } from './plot.ts';
import { row, type Row } from './table.ts';

const full: ChaosSize = { iterations: 500, seconds: 0.2, workers: 4, meanSeconds: 2, moments: 20 };
const small: ChaosSize = { iterations: 60, seconds: 0.2, workers: 3, meanSeconds: 2, moments: 3 };

export const engineChaos: Benchmark = {
  name: 'engine-chaos',
  title: 'values of a disturbed job against those of an undisturbed one',
  async run({ quick, seeds, say }) {
    const size = quick ? small : full;
    const [first, last] = seeds ?? [1, quick ? 2 : 50];
    const expected = await calmRun(size);
    mkdirSync(outputFolder, { recursive: true });
    const outcomes: ChaosOutcome[] = [];
    for (let seed = first; seed <= last; seed += 1) {
      const outcome = await chaosRun(seed, size, expected, join(outputFolder, `chaos-${seed}`));
      say(`engine-chaos: ${JSON.stringify(outcome)}`);
      outcomes.push(outcome);
    }
    return { rows: toRows(outcomes, size), notes: toNotes(outcomes, size) };
  },
};

function toRows(outcomes: ChaosOutcome[], size: ChaosSize): Row[] {
  const share = (of: (outcome: ChaosOutcome) => number): number[] =>
    outcomes.map((outcome) => (100 * of(outcome)) / size.iterations);
  const right = outcomes.filter((outcome) => outcome.verdict === 'identical').length;
  return [
    row('seeds with identical() values', `of ${outcomes.length}`, summarize([right]), null, 'all'),
    row('iterations begun more than once', '%', summarize(share((outcome) => outcome.startedAgain))),
    row('- finished more than once', '%', summarize(share((outcome) => outcome.endedAgain))),
    row('time', 's', summarize(outcomes.map((outcome) => outcome.seconds))),
    row('workers killed or frozen', 'times', summarize(outcomes.map((outcome) => outcome.workerKills))),
  ];
}

function toNotes(outcomes: ChaosOutcome[], size: ChaosSize): string[] {
  const wrong = outcomes.filter((outcome) => outcome.verdict !== 'identical');
  const kinds: Record<string, number> = {};
  for (const { coreKills } of outcomes)
    for (const [kind, count] of Object.entries(coreKills)) kinds[kind] = (kinds[kind] ?? 0) + count;
  const { iterations, seconds, workers, meanSeconds, moments } = size;
  return [
    `${iterations} iterations of ${seconds} s in four loops on ${workers} workers; a worker every ${meanSeconds} s, driver or Redis at ${moments} moments`,
    `what was killed besides workers: ${Object.entries(kinds)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', ')}`,
    ...wrong.map(
      (outcome) =>
        `SEED ${outcome.seed}: ${outcome.verdict}; evidence in ${join(outputFolder, `chaos-${outcome.seed}`)}`,
    ),
  ];
}
