/** CPU time of one pass over large jobs, and how it grows with what is finished. Measured in a process of its own (one-pass-child.ts). */
import { fileURLToPath } from 'node:url';
import type { Benchmark } from './benchmark.ts';
import { askChild } from './child.ts';
import { summarize } from './measure.ts';
import type { ObserveAnswer, ObserveQuestion } from './observe-child.ts';
import type { Measured, PassQuestion } from './one-pass-child.ts';
import { row, type Row } from './table.ts';

const child = fileURLToPath(new URL('one-pass-child.ts', import.meta.url));
const observeChild = fileURLToPath(new URL('observe-child.ts', import.meta.url));
const LARGE_CLUSTER: ObserveQuestion = { workers: 1000, repetitions: 20 };

export const onePass: Benchmark = {
  name: 'one-pass',
  title: 'CPU time of one pass over a job of 1,000 workers, queue in a real Redis, buckets and cluster in memory',
  async run({ quick }) {
    const question: PassQuestion = quick ? { passes: 5, scale: 0.01 } : { passes: 25, scale: 1 };
    const measured = await askChild<Measured[]>(child, question);
    const notes = measured.map(
      (one) =>
        `${one.what}: the first pass took ${one.firstMs.toFixed(0)} ms; record of ${kb(one.recordBytes)}; ${one.decision}`,
    );
    const observed = await askChild<ObserveAnswer>(
      observeChild,
      quick ? { workers: 10, repetitions: 2 } : LARGE_CLUSTER,
    );
    const plain = { name: 'HTTP and JSON.parse', summary: summarize(observed.peerMs) };
    const what = `reading the pods and machines of 1,000 workers (${(observed.bytes / 1e6).toFixed(1)} MB)`;
    return { rows: [...toRows(measured), row(what, 'ms CPU', summarize(observed.oursMs), plain)], notes };
  },
};

function toRows(measured: Measured[]): Row[] {
  const smallest = measured.find((one) => one.kind === 'growth');
  return measured.flatMap((one) => {
    const ours = summarize(one.oursMs);
    const reading = { name: 'only reading Redis', summary: summarize(one.peerMs) };
    const rows = [row(one.what, 'ms CPU', ours, reading, one.kind === 'growth' ? '' : 'median <= 50')];
    if (one.kind === 'growth' && smallest && one !== smallest)
      rows.push(
        row(
          `  the same`,
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
