/**
 * Pure: lists in the form that the API server prints for kubectl. A pod is 150 bytes in it and 7 kB as an
 * object. Columns are found by their names; where one is missing the answer is undefined, and the caller has to
 * read whole objects: nothing is ever guessed.
 */
import * as z from 'zod';
import type { NodeView, PodView } from '../ports/workloads.ts';

/** A worker as far as its line tells, with the word that kubectl shows as its status. */
export interface WorkerLine {
  pod: PodView;
  status: string;
}

const tableObject = z.object({
  kind: z.literal('Table'),
  columnDefinitions: z.array(z.object({ name: z.string() })),
  rows: z
    .array(
      z.object({
        cells: z.array(z.unknown()),
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
      }),
    )
    .nullish(),
});

/** The texts of a line by the names of their columns. */
interface Line<Column extends string> {
  cells: Record<Column, string>;
  /** Of pods. */
  hasEnded: boolean;
}

/** Pods of workers out of a table of pods; undefined when the server answered anything else. */
export function workerLines(answer: unknown): WorkerLine[] | undefined {
  return linesOf(answer, ['Name', 'Ready', 'Status', 'Node'])?.map(({ cells, hasEnded }) => {
    const [ready, all] = cells.Ready.split('/');
    const pod: PodView = {
      name: cells.Name,
      role: 'worker',
      ready: ready === all && Number(all) > 0,
      ended: hasEnded,
      node: cells.Node === '<none>' ? null : cells.Node,
      trouble: null,
    };
    return { pod, status: cells.Status };
  });
}

/** Nodes out of a table of nodes; undefined when the server answered anything else. */
export function nodeLines(answer: unknown): NodeView[] | undefined {
  return linesOf(answer, ['Name', 'Status'])?.map(({ cells }) => {
    return { name: cells.Name, ready: cells.Status.split(',')[0] === 'Ready' };
  });
}

function linesOf<const Column extends string>(answer: unknown, columns: readonly Column[]): Line<Column>[] | undefined {
  const table = tableObject.safeParse(answer).data;
  if (table === undefined) return undefined;
  const positions = columns.map((name) => table.columnDefinitions.findIndex((column) => column.name === name));
  const cellsOf = z.record(z.enum(columns), z.string().min(1));
  const lines: Line<Column>[] = [];
  for (const { cells, conditions } of table.rows ?? []) {
    const named = cellsOf.safeParse(Object.fromEntries(columns.map((name, at) => [name, cells[positions[at] ?? -1]])));
    if (!named.success) return undefined;
    const hasEnded = conditions?.some(({ type, status }) => type === 'Completed' && status === 'True') === true;
    lines.push({ cells: named.data, hasEnded });
  }
  return lines;
}
