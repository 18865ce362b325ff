/**
 * Results as rows, and rows as a table of text. Numbers are shown with three digits; nothing is judged here
 * beyond printing a target beside a figure.
 */
import type { Summary } from './measure.ts';

export interface Row {
  what: string;
  unit: string;
  ours: Summary;
  /** What it is compared with, measured in the same run; null where a figure stands for itself. */
  peer: { name: string; summary: Summary } | null;
  /** Ours / peer of the medians; null without a peer. */
  ratio: number | null;
  /** What it should be, in words. */
  target: string;
}

export interface Result {
  name: string;
  title: string;
  /** Load averages over one minute when it began and when it ended, and the number of processors. */
  load: { before: number; after: number; processors: number };
  seconds: number;
  rows: Row[];
  /** Findings beside the figures, one line each. */
  notes: string[];
}

export function row(
  what: string,
  unit: string,
  ours: Summary,
  peer: { name: string; summary: Summary } | null = null,
  target = '',
): Row {
  return { what, unit, ours, peer, ratio: peer === null ? null : ours.median / peer.summary.median, target };
}

export function renderTable(result: Result): string {
  const header = ['what', 'unit', 'ours', 'peer', 'ratio', 'target'];
  const lines = result.rows.map((entry) => [
    entry.what,
    entry.unit,
    spread(entry.ours),
    entry.peer === null ? '' : `${entry.peer.name}: ${spread(entry.peer.summary)}`,
    entry.ratio === null ? '' : digits(entry.ratio),
    entry.target,
  ]);
  const widths = header.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]!.length)));
  const render = (cells: string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  const { before, after, processors } = result.load;
  return [
    `${result.name}: ${result.title}`,
    `(median [min - max, n]; ${result.seconds.toFixed(0)} s; load ${before.toFixed(1)} to ` +
      `${after.toFixed(1)} on ${processors} processors)`,
    render(header),
    render(widths.map((width) => '-'.repeat(width))),
    ...lines.map(render),
    ...result.notes.map((note) => `  ${note}`),
    '',
  ].join('\n');
}

function spread(summary: Summary): string {
  if (summary.count === 1) return digits(summary.median);
  return `${digits(summary.median)} [${digits(summary.min)} - ${digits(summary.max)}, ${summary.count}]`;
}

/** Three significant digits, but all of the whole part. */
function digits(value: number): string {
  if (value === 0) return '0';
  const whole = Math.floor(Math.log10(Math.abs(value))) + 1;
  return value.toFixed(Math.min(6, Math.max(0, 3 - whole)));
}
