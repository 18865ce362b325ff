/** Processes of a pod as the kernel sees them: its supervisor leads a group, R is its child. */
import { readFileSync } from 'node:fs';
import type { Running } from './lab.ts';

export function hasEnded(running: Running): boolean {
  return running.process.exitCode !== null || running.process.signalCode !== null;
}

/** The R process of a pod, if it has one just now. */
export function rProcess(running: Running): number | undefined {
  return children(running.process.pid!).find((pid) => /^(R|Rscript|setpriv)$/.test(processName(pid)));
}

/** Supervisor and R, as on a machine that is gone; the copies of a driver's output are in the same group. */
export async function killPod(running: Running): Promise<void> {
  if (!hasEnded(running)) signal(-running.process.pid!, 'SIGKILL');
  await running.exited;
}

/** To a process that may have ended in between. */
export function signal(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, name);
  } catch {
    // it has
  }
}

function children(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function processName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
