/**
 * What the kubelet must remember of a pod over a crash of its own process: address, runs of each container, process
 * ids. One JSON file per pod, replaced by rename at every change.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackOff } from '../back-off.ts';
import type { ContainerStatus, Pod } from '../types.ts';

export type ContainerKind = 'init' | 'sidecar' | 'main';

/** A run of a container that has ended. */
export interface EndedRun {
  exitCode: number;
  signal?: number | undefined;
  reason: string;
  message?: string | undefined;
  startedMs: number;
  finishedMs: number;
  containerId: string;
}

export interface ContainerRecord {
  name: string;
  kind: ContainerKind;
  /** 'waiting': never started. */
  state: 'waiting' | 'running' | 'ended';
  restartCount: number;
  containerId: string;
  imageId: string;
  pid?: number | undefined;
  startTicks?: number | undefined;
  startedMs: number;
  ended?: EndedRun | undefined;
  /** The run before the present one. */
  previous?: EndedRun | undefined;
  backOff?: BackOff | undefined;
}

/** The kubelet's own verdict on a pod, whatever its containers say. */
export interface PodVerdict {
  reason: string;
  message: string;
  /** Adds the DisruptionTarget condition. */
  disruption?: boolean | undefined;
}

export interface PodRecord {
  uid: string;
  namespace: string;
  name: string;
  address: string;
  startedMs: number;
  /** Boot of the machine in which the process ids are valid. */
  bootId: string;
  /** Volumes have been there once; the pod's address counts from then on. */
  prepared: boolean;
  containers: ContainerRecord[];
  verdict?: PodVerdict | undefined;
}

const FILE = 'record.json';

export function currentBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function newContainerRecord(name: string, kind: ContainerKind): ContainerRecord {
  return { name, kind, state: 'waiting', restartCount: 0, containerId: '', imageId: '', startedMs: 0 };
}

/** Records for all containers of the pod, in the order in which they start. */
function containersOf(pod: Pod): { name: string; kind: ContainerKind }[] {
  const init = (pod.spec?.initContainers ?? []).map((one) => ({
    name: one.name,
    kind: one.restartPolicy === 'Always' ? ('sidecar' as const) : ('init' as const),
  }));
  return [...init, ...(pod.spec?.containers ?? []).map((one) => ({ name: one.name, kind: 'main' as const }))];
}

/**
 * The record of a pod this machine knows nothing of. When the API server says that it has run here (the machine was
 * replaced under the same name), its containers count as lost.
 */
export function newPodRecord(pod: Pod, address: string, nowMs: number): PodRecord {
  const statuses = statusesOf(pod);
  const containers = containersOf(pod).map(({ name, kind }) =>
    recordFromStatus(
      newContainerRecord(name, kind),
      statuses.find((one) => one.name === name),
      nowMs,
    ),
  );
  return {
    uid: pod.metadata?.uid ?? '',
    namespace: pod.metadata?.namespace ?? 'default',
    name: pod.metadata?.name ?? '',
    address,
    startedMs: timeOf(pod.status?.startTime) || nowMs,
    bootId: currentBootId(),
    prepared: pod.status?.podIP !== undefined,
    containers,
  };
}

function statusesOf(pod: Pod): ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}

function recordFromStatus(fresh: ContainerRecord, status: ContainerStatus | undefined, nowMs: number): ContainerRecord {
  if (!status?.containerID) return fresh;
  const containerId = status.containerID.replace(/^process:\/\//, '');
  const done = status.state?.terminated;
  const ended: EndedRun = done
    ? {
        exitCode: done.exitCode,
        reason: done.reason ?? 'Error',
        message: done.message,
        startedMs: timeOf(done.startedAt),
        finishedMs: timeOf(done.finishedAt),
        containerId,
      }
    : lostRun(containerId, timeOf(status.state?.running?.startedAt), nowMs);
  return {
    ...fresh,
    state: 'ended',
    restartCount: status.restartCount,
    containerId,
    imageId: status.imageID,
    ended,
  };
}

function lostRun(containerId: string, startedMs: number, nowMs: number): EndedRun {
  return {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the machine came up',
    startedMs,
    finishedMs: nowMs,
    containerId,
  };
}

function timeOf(text: string | undefined): number {
  return text ? Date.parse(text) : 0;
}

export function saveRecord(podDir: string, record: PodRecord): void {
  mkdirSync(podDir, { recursive: true });
  const file = join(podDir, FILE);
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
}

/** All pods remembered below a directory. */
export function loadRecords(podsDir: string): PodRecord[] {
  if (!existsSync(podsDir)) return [];
  const records: PodRecord[] = [];
  for (const name of readdirSync(podsDir)) {
    try {
      records.push(JSON.parse(readFileSync(join(podsDir, name, FILE), 'utf8')) as PodRecord);
    } catch {
      // A directory without a record is one that was being made or removed.
    }
  }
  return records;
}
