/**
 * Pure: lists in the form that the API server prints for kubectl. A pod is 150 bytes in it and 7 kB as an
 * object. Columns are found by their names; where one is missing the answer is undefined, and the caller has to
 * read whole objects: nothing is ever guessed.
 */
import type { NodeView, PodView } from '../ports/workloads.ts';

/** A worker as far as its line tells, with the word that kubectl shows as its status. */
export interface WorkerLine {
  pod: PodView;
  status: string;
}

interface Row {
  cells: string[];
  /** `Succeeded` or `Failed`, for pods that have ended. */
  completed: string | undefined;
}

export function workerLines(answer: unknown): WorkerLine[] | undefined {
  return rowsOf(answer, ['Name', 'Ready', 'Status', 'Node'])?.map(({ cells, completed }) => {
    const [name, readiness, status, node] = cells as [string, string, string, string];
    const [ready, all] = readiness.split('/');
    const isReady = ready === all && Number(all) > 0;
    const pod = { name, ready: isReady, ended: completed !== undefined, node: node === '<none>' ? null : node };
    return { pod: { ...pod, role: 'worker', trouble: null }, status };
  });
}

export function nodeLines(answer: unknown): NodeView[] | undefined {
  return rowsOf(answer, ['Name', 'Status'])?.map(({ cells }) => {
    const [name, status] = cells as [string, string];
    return { name, ready: status.split(',')[0] === 'Ready' };
  });
}

/** The cells of these columns. */
function rowsOf(answer: unknown, columns: readonly string[]): Row[] | undefined {
  const table = answer as { kind?: unknown; columnDefinitions?: { name: string }[]; rows?: unknown } | null;
  const { kind, columnDefinitions, rows: found } = table ?? {};
  if (kind !== 'Table' || !Array.isArray(columnDefinitions)) return undefined;
  const at = columns.map((name) => columnDefinitions.findIndex((column) => column.name === name));
  const rows = found ?? [];
  if (at.includes(-1) || !Array.isArray(rows)) return undefined;
  const read = rows.map((row: TableRow) => ({ cells: at.map((index) => row.cells?.[index]), completed: endOf(row) }));
  return read.every(isText) ? read : undefined;
}

interface TableRow {
  cells?: unknown[];
  conditions?: { type?: string; status?: string; reason?: string }[] | null;
}

function endOf({ conditions }: TableRow): string | undefined {
  const completed = conditions?.find((condition) => condition.type === 'Completed' && condition.status === 'True');
  return completed && (completed.reason ?? '');
}

function isText(row: { cells: unknown[]; completed: string | undefined }): row is Row {
  return row.cells.every((cell) => typeof cell === 'string' && cell !== '');
}
