/** The columns and rows of a kind in the form that `kubectl get` prints. */
import type { Kind, Row } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';

export interface Column {
  name: string;
  type: string;
  format: string;
  description: string;
  priority: number;
}

export function tableColumns({ columns }: Kind): Column[] {
  return columns.split('|').map((text) => {
    const name = text.replace(/^[#?]/, '').replace(/\+$/, '');
    const format = name === 'Name' ? 'name' : '';
    return { name, type: columnType(text), format, description: name, priority: text.endsWith('+') ? 1 : 0 };
  });
}

function columnType(text: string): string {
  if (text.startsWith('#')) return 'integer';
  if (text.startsWith('?')) return 'boolean';
  return text === 'Created At' ? 'date' : 'string';
}

export function tableRow(kind: Kind, object: KubeObject, nowMs: number): Row {
  const row = kind.row(object, nowMs);
  return Array.isArray(row) ? { cells: row } : row;
}
