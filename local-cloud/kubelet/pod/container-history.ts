/**
 * What the record of a container says when a run of it begins and ends. Changes the
 * record in memory; who calls it saves it.
 */
import { nextBackOff, type BackOffLimits } from '../back-off.ts';
import type { ContainerRecord, EndedRun } from './pod-record.ts';

export interface RunStart {
  containerId: string;
  imageId: string;
  nowMs: number;
}

/** 0 for the first run; each later one counts as a restart. */
export function runNumber(record: ContainerRecord): number {
  return record.ended === undefined ? record.restartCount : record.restartCount + 1;
}

export function noteStart(record: ContainerRecord, start: RunStart, limits: BackOffLimits): void {
  const { ended } = record;
  record.restartCount = runNumber(record);
  if (ended !== undefined) {
    record.backOff = nextBackOff(record.backOff, ended.finishedMs, start.nowMs, limits);
    record.previous = ended;
  }
  record.state = 'running';
  record.containerId = start.containerId;
  record.imageId = start.imageId;
  record.startedMs = start.nowMs;
  delete record.pid;
  delete record.startTicks;
  delete record.ended;
}

/**
 * On a machine that goes off, an end without an error is the machine's doing all the same:
 * the container has not finished its work.
 */
export function noteEnd(record: ContainerRecord, run: EndedRun, isMachineOff: boolean): void {
  record.state = 'ended';
  record.ended =
    isMachineOff && run.exitCode === 0
      ? { ...run, exitCode: 143, reason: 'Error', message: 'The machine was switched off' }
      : run;
}
