/**
 * CPU time of one pass over large jobs, and how it grows with what is finished. Measured in
 * a process of its own (one-pass-child.ts).
 */
import { fileURLToPath } from 'node:url';
import type { Benchmark } from './benchmark.ts';
import { askChild } from './child.ts';
import { summarize } from './measure.ts';
import type { ObserveAnswer, ObserveQuestion } from './observe-child.ts';
import type { Measured, PassQuestion } from './one-pass-child.ts';
import { row, type Row } from './table.ts';

const child = fileURLToPath(new URL('one-pass-child.ts', import.meta.url));
const observeChild = fileURLToPath(new URL('observe-child.ts', import.meta.url));
const LARGE_CLUSTER: ObserveQuestion = { workers: 1000, repetitions: 20, releasing: 500 };
const SMALL_CLUSTER: ObserveQuestion = { workers: 10, repetitions: 2, releasing: 5 };

export const onePass: Benchmark = {
  name: 'one-pass',
  title:
    'CPU time of one pass over a job of 1,000 workers: queue in a real Redis, pods behind HTTPS, buckets in memory',
  async run({ quick }) {
    const question: PassQuestion = quick ? { passes: 5, scale: 0.01 } : { passes: 25, scale: 1 };
    const measured = await askChild<Measured[]>(child, question);
    const notes = measured.map(
      (one) =>
        `${one.what}: the first pass took ${one.firstMs.toFixed(0)} ms; record of ` +
        `${kb(one.recordBytes)}; ${one.decision}`,
    );
    const large = quick ? SMALL_CLUSTER : LARGE_CLUSTER;
    const { reading, releasing } = await askChild<ObserveAnswer>(observeChild, large);
    const client = (samples: number[]): Row['peer'] => ({ name: 'official client', summary: summarize(samples) });
    return {
      rows: [
        ...toRows(measured),
        row('of these, reading pods and machines', 'ms CPU', summarize(reading.oursMs), client(reading.peerMs)),
        row(
          `of these, marking ${large.releasing} workers that go`,
          'ms CPU',
          summarize(releasing.oursMs),
          client(releasing.peerMs),
        ),
      ],
      notes,
    };
  },
};

function toRows(measured: Measured[]): Row[] {
  const smallest = measured.find((one) => one.kind === 'growth');
  return measured.flatMap((one) => {
    const ours = summarize(one.oursMs);
    const without = summarize(one.withoutListsMs);
    const lists = { name: 'pods in memory', summary: without };
    const reading = { name: 'only reading Redis', summary: summarize(one.peerMs) };
    const rows = [
      row(one.what, 'ms CPU', ours, lists, 'median <= 50'),
      row('  the same, pods in memory', 'ms CPU', without, reading),
    ];
    if (one.kind === 'growth' && smallest && one !== smallest)
      rows.push(
        row(
          '  the same, whole',
          'ms CPU',
          ours,
          { name: smallest.what, summary: summarize(smallest.oursMs) },
          'ratio about 1',
        ),
      );
    return rows;
  });
}

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
