/**
 * Log entries on disk: <cluster>/<namespace>_<pod>_<container>.jsonl, and
 * <cluster>/operations.jsonl. Nothing deletes them.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { appendText } from '../disk.ts';
import { parseJsonIfWhole } from '../read-json.ts';
import { readLines } from '../read-lines.ts';
import { logEntry, type LogEntry } from './log-entry.ts';

export interface LogQuery {
  cluster: string;
  pod?: string | undefined;
  container?: string | undefined;
  /** The newest so many entries. Default 1000. */
  tail?: number | undefined;
}

/** How many bytes of each file have been read. */
export type LogPosition = Record<string, number>;

export interface LogPage {
  entries: LogEntry[];
  /** Where the next page begins: what is appended from now on, whatever its time. */
  position: LogPosition;
}

export class LogStore {
  readonly #dir: string;
  readonly #knownDirs = new Set<string>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  append(entry: LogEntry): void {
    const { labels, type } = entry.resource;
    const dir = join(this.#dir, fileName(labels['cluster_name'] ?? ''));
    if (!this.#knownDirs.has(dir)) mkdirSync(dir, { recursive: true });
    this.#knownDirs.add(dir);
    const parts = [labels['namespace_name'], labels['pod_name'], labels['container_name']];
    const name = type === 'k8s_container' ? parts.map((part) => fileName(part ?? '')).join('_') : 'operations';
    appendText(join(dir, `${name}.jsonl`), `${JSON.stringify(entry)}\n`);
  }

  /** What follows `from`, in order of time. */
  read(query: LogQuery, from: LogPosition = {}): LogPage {
    const dir = join(this.#dir, fileName(query.cluster));
    const position = { ...from };
    const entries = listFiles(dir)
      .filter((file) => matches(file, query))
      .flatMap((file) => {
        const { text, end } = readLines(join(dir, file), from[file] ?? 0);
        position[file] = end;
        return parseEntries(text);
      });
    entries.sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0));
    return { entries: entries.slice(-(query.tail ?? 1000)), position };
  }
}

function matches(file: string, query: LogQuery): boolean {
  const [, pod, container] = file.replace(/\.jsonl$/, '').split('_');
  return (
    (query.pod === undefined || pod === query.pod) && (query.container === undefined || container === query.container)
  );
}

function listFiles(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

/** A line cut short by a crash is skipped. */
function parseEntries(text: string): LogEntry[] {
  return text.split('\n').flatMap((line) => parseJsonIfWhole(line, logEntry) ?? []);
}

/** Kubernetes names hold neither '_' nor '/': anything else cannot leave the folder. */
function fileName(name: string): string {
  return name.replace(/[^a-z0-9.-]/gi, '-').replace(/^\.+/, '-');
}
