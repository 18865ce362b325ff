/**
 * Log entries on disk: <cluster>/<namespace>_<pod>_<container>.jsonl, and
 * <cluster>/operations.jsonl. Nothing deletes them.
 */
import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogEntry } from './log-entry.ts';

export interface LogQuery {
  cluster: string;
  pod?: string | undefined;
  container?: string | undefined;
  /** The newest so many entries. Default 1000. */
  tail?: number | undefined;
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
    appendFileSync(join(dir, `${name}.jsonl`), `${JSON.stringify(entry)}\n`);
  }

  /** In order of time. */
  read(query: LogQuery): LogEntry[] {
    const dir = join(this.#dir, fileName(query.cluster));
    const entries = listFiles(dir)
      .filter((file) => matches(file, query))
      .flatMap((file) => readEntries(join(dir, file)));
    entries.sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0));
    return entries.slice(-(query.tail ?? 1000));
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
function readEntries(file: string): LogEntry[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as LogEntry];
      } catch {
        return [];
      }
    });
}

/** Kubernetes names hold neither '_' nor '/': anything else cannot leave the folder. */
function fileName(name: string): string {
  return name.replace(/[^a-z0-9.-]/gi, '-').replace(/^\.+/, '-');
}
