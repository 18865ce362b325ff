/**
 * The machine's processes as /proc shows them, and which of them belong to a container. They are those of its session,
 * and those that carry its mark in their environment (a daemon that left the session). Shared by all kubelets of this
 * process.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Environment variable that marks every process of a container. */
export const CONTAINER_MARK = 'FOREACH_FLEET_CONTAINER';

const PAGE_BYTES = 4096;

export interface ProcessEntry {
  pid: number;
  parent: number;
  session: number;
  /** Clock ticks since boot; with the pid it names one process for ever. */
  startTicks: number;
  rssBytes: number;
  zombie: boolean;
}

/** One process, or undefined when it does not exist. */
export function readProcess(pid: number): ProcessEntry | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Parses /proc/<pid>/stat; the command name in it may hold spaces and brackets. */
export function parseStat(text: string): ProcessEntry {
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const field = (index: number) => Number(fields[index]);
  return {
    pid: Number.parseInt(text, 10),
    parent: field(1),
    session: field(3),
    startTicks: field(19),
    rssBytes: field(21) * PAGE_BYTES,
    zombie: fields[0] === 'Z' || fields[0] === 'X',
  };
}

function listProcesses(): ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const entry = readProcess(Number(name));
    if (entry && !entry.zombie) entries.push(entry);
  }
  return entries;
}

let cached: { atMs: number; entries: ProcessEntry[] } = { atMs: 0, entries: [] };

/** A list not older than the given age, so that many nodes share one scan. */
export function recentProcesses(maxAgeMs: number): ProcessEntry[] {
  const now = performance.now();
  if (now - cached.atMs > maxAgeMs) cached = { atMs: now, entries: listProcesses() };
  return cached.entries;
}

/** Kills everything that belongs to the container; answers how many processes were hit. */
export function killContainerProcesses(
  containerId: string,
  session: number | undefined,
  signal: NodeJS.Signals = 'SIGKILL',
): number {
  let count = 0;
  for (const entry of listProcesses()) {
    if (entry.pid === process.pid) continue;
    if (entry.session !== session && !carriesMark(entry.pid, containerId)) continue;
    count += sendSignal(entry.pid, signal) ? 1 : 0;
  }
  return count;
}

/** Resident memory of the container's session. Shared pages count once per process, see `proportionalBytes`. */
export function residentBytes(entries: ProcessEntry[], session: number): number {
  let total = 0;
  for (const entry of entries) if (entry.session === session) total += entry.rssBytes;
  return total;
}

/**
 * Memory of the session with shared pages divided among those who share them: exact
 * for forked children, dearer to read.
 */
export function proportionalBytes(entries: ProcessEntry[], session: number): number {
  let total = 0;
  for (const entry of entries) if (entry.session === session) total += proportionalOf(entry);
  return total;
}

function proportionalOf(entry: ProcessEntry): number {
  try {
    const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${entry.pid}/smaps_rollup`, 'utf8'));
    return match ? Number(match[1]) * 1024 : entry.rssBytes;
  } catch {
    return 0;
  }
}

/** Signals a process; false when it is gone. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

function carriesMark(pid: number, containerId: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${CONTAINER_MARK}=${containerId}`);
  } catch {
    return false;
  }
}
