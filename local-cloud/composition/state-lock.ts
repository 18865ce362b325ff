/**
 * One local cloud per state directory: a lock file that names its process. The lock of a process that is gone
 * (kill -9, power cut) is taken over. A process id that has meanwhile been given to another program is
 * recognised by that program's start time.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { codeOf } from '../error-text.ts';
import { parseJsonIfWhole } from '../read-json.ts';

const holderSchema = z.object({ pid: z.number(), startedTicks: z.string() });

export class StateInUse extends Error {
  readonly pid: number;
  constructor(stateDir: string, pid: number) {
    super(
      `a local cloud runs on ${stateDir} already (process ${pid}): stop that one first, or give another ` +
        '--state directory',
    );
    this.name = 'StateInUse';
    this.pid = pid;
  }
}

/** @throws StateInUse. The answer gives the lock up. */
export function lockState(stateDir: string): () => void {
  mkdirSync(stateDir, { recursive: true });
  const file = join(stateDir, 'local-cloud.lock');
  const own = join(stateDir, `local-cloud.lock.${process.pid}`);
  const text = JSON.stringify({ pid: process.pid, startedTicks: startTicks(process.pid) });
  writeFileSync(own, text);
  try {
    while (!tryLink(own, file)) removeStale(stateDir, file);
  } finally {
    rmSync(own, { force: true });
  }
  return () => {
    if (read(file) === text) rmSync(file, { force: true });
  };
}

/** A link appears with its whole content or not at all, and fails where one is. */
function tryLink(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function removeStale(stateDir: string, file: string): void {
  const text = read(file);
  if (text === undefined) return;
  const holder = parseJsonIfWhole(text, holderSchema);
  if (holder && startTicks(holder.pid) === holder.startedTicks) throw new StateInUse(stateDir, holder.pid);
  // Moved aside before it is removed: of two that find the same stale lock, only the text tells whose turn it was.
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (read(aside) !== text) tryLink(aside, file);
  rmSync(aside, { force: true });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Field 22 of /proc/PID/stat; the name in field 2 may hold spaces and brackets. Undefined for a process that is gone.
 */
function startTicks(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined || fields[0] === 'Z' ? undefined : fields[19];
}
