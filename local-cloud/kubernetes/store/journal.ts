/**
 * The disk side of the store: one append-only log of changes plus a snapshot that replaces the log when it has grown.
 * Survives the end of the process at any moment; it does not call fsync, so it promises
 * nothing about a machine that loses power.
 */
import { existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { appendText, replaceText } from '../../disk.ts';
import { parseJson } from '../../read-json.ts';
import type { KubeObject } from '../object.ts';

/** One committed change. `object` is the JSON text of the object after it (for a deletion: the last state). */
export interface JournalEntry {
  version: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  resource: string;
  object: KubeObject;
}

export interface Journal {
  append(version: number, type: JournalEntry['type'], resource: string, objectJson: string): void;
  /** True when the log has outgrown the snapshot: the owner should then call `snapshot`. */
  isLong(): boolean;
  /** Replaces snapshot and log by the given state. */
  snapshot(version: number, objects: Iterable<{ resource: string; json: string }>): void;
}

export interface Recovered {
  version: number;
  objects: { resource: string; object: KubeObject }[];
  /** Changes after the snapshot, in order. */
  entries: JournalEntry[];
}

// Of an object only what every kind has: a server that wrote it has checked the rest.
const identified = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({ name: z.string(), uid: z.string(), resourceVersion: z.string(), creationTimestamp: z.string() }),
});
const kubeObject = z.custom<KubeObject>((value) => identified.safeParse(value).success);
const keptObject = z.object({ resource: z.string(), object: kubeObject });
const snapshotHeader = z.object({ version: z.number() });
const journalEntry = keptObject.extend({ version: z.number(), type: z.enum(['ADDED', 'MODIFIED', 'DELETED']) });

const LOG_BYTES_BEFORE_SNAPSHOT = 32 * 1024 * 1024;

/** Opens (or starts) the journal in `dir`; hands back what was there. */
export function openJournal(dir: string): { journal: Journal; recovered: Recovered } {
  mkdirSync(dir, { recursive: true });
  const snapshotFile = join(dir, 'snapshot.jsonl');
  const logFile = join(dir, 'log.jsonl');
  const recovered = readSnapshot(snapshotFile);
  recovered.entries = readLog(logFile, recovered.version);
  return { journal: createJournal(snapshotFile, logFile), recovered };
}

function createJournal(snapshotFile: string, logFile: string): Journal {
  let logBytes = 0;
  let snapshotBytes = 0;
  return {
    append(version, type, resource, objectJson) {
      const line = `{"version":${version},"type":"${type}","resource":"${resource}","object":${objectJson}}\n`;
      logBytes += line.length;
      appendText(logFile, line, 0o600);
    },
    isLong: () => logBytes > LOG_BYTES_BEFORE_SNAPSHOT && logBytes > 2 * snapshotBytes,
    snapshot(version, objects) {
      const lines = [`{"version":${version}}`];
      for (const { resource, json } of objects) lines.push(`{"resource":"${resource}","object":${json}}`);
      const text = `${lines.join('\n')}\n`;
      replaceText(snapshotFile, text, 0o600);
      // Ending here leaves log lines that the snapshot already holds; readLog skips them by version.
      replaceText(logFile, '', 0o600);
      logBytes = 0;
      snapshotBytes = text.length;
    },
  };
}

function readSnapshot(file: string): Recovered {
  if (!existsSync(file)) return { version: 0, objects: [], entries: [] };
  const [header, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  const objects = lines.map((line) => parseJson(line, keptObject));
  const { version } = parseJson(header ?? '{"version":0}', snapshotHeader);
  return { version, objects, entries: [] };
}

/**
 * Entries newer than `after`. A last line that was cut short is removed from the
 * file, so that appending goes on cleanly.
 */
function readLog(file: string, after: number): JournalEntry[] {
  if (!existsSync(file)) return [];
  const bytes = readFileSync(file);
  const whole = bytes.lastIndexOf(0x0a) + 1;
  if (whole < bytes.length) truncateSync(file, whole);
  const entries: JournalEntry[] = [];
  for (const line of bytes.toString('utf8', 0, whole).split('\n')) {
    if (line === '') continue;
    const entry = parseJson(line, journalEntry);
    if (entry.version > after) entries.push(entry);
  }
  return entries;
}
