/**
 * What a kubelet finds on the machine's disk when it starts: pods whose processes may still run because
 * the local cloud was killed. Kills those processes (never another one that has got the same id since)
 * and notes that their containers have ended.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, type Clock } from '../../clock.ts';
import { currentBootId, loadRecords, saveRecord, type ContainerRecord, type PodRecord } from '../pod/pod-record.ts';
import { killContainerProcesses, readProcess } from '../container/process-table.ts';

const WAIT_MS = 5000;

export async function recoverLeftovers(podsDir: string, clock: Clock): Promise<Map<string, PodRecord>> {
  const records = new Map<string, PodRecord>();
  const bootId = currentBootId();
  for (const record of loadRecords(podsDir)) {
    const sameBoot = record.bootId === bootId;
    for (const container of record.containers) {
      if (sameBoot && container.state === 'running') await killLeftover(container, clock);
      noteLost(container, clock.nowMs());
    }
    record.bootId = bootId;
    saveRecord(join(podsDir, record.uid), record);
    records.set(record.uid, record);
  }
  return records;
}

/** Removes the directory of a pod whose object is gone. */
export function removeLeftover(podsDir: string, uid: string): void {
  rmSync(join(podsDir, uid), { recursive: true, force: true });
}

function noteLost(container: ContainerRecord, nowMs: number): void {
  container.backOff = undefined;
  if (container.state !== 'running') return;
  container.state = 'ended';
  container.ended = {
    exitCode: 137,
    reason: 'Error',
    message: 'The machine was switched off without notice',
    startedMs: container.startedMs,
    finishedMs: nowMs,
    containerId: container.containerId,
  };
  container.pid = undefined;
  container.startTicks = undefined;
}

/**
 * Kills the session and everything with the container's mark, and waits until it is
 * gone: ports and files are free afterwards.
 */
async function killLeftover(container: ContainerRecord, clock: Clock): Promise<void> {
  const session = ownedSession(container);
  const endMs = clock.nowMs() + WAIT_MS;
  while (killContainerProcesses(container.containerId, session) > 0 && clock.nowMs() < endMs) await sleep(clock, 20);
}

/**
 * The session recorded, unless its leader's id belongs to a later process: then no member of the old session is left.
 */
function ownedSession(container: ContainerRecord): number | undefined {
  const { pid, startTicks } = container;
  if (pid === undefined) return undefined;
  const present = readProcess(pid);
  return present === undefined || present.startTicks === startTicks ? pid : undefined;
}
