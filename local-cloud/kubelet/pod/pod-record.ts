/**
 * What the kubelet must remember of a pod over a crash of its own process: address, runs of each container, process
 * ids. One JSON file per pod, replaced by rename at every change.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { replaceText } from '../../disk.ts';
import { readJsonIfWhole } from '../../read-json.ts';
import { backOffSchema } from '../back-off.ts';
import type { ContainerStatus, Pod } from '../types.ts';

const containerKind = z.enum(['init', 'sidecar', 'main']);
export type ContainerKind = z.infer<typeof containerKind>;

/** A run of a container that has ended. */
const endedRun = z.object({
  exitCode: z.number(),
  signal: z.number().optional(),
  reason: z.string(),
  message: z.string().optional(),
  startedMs: z.number(),
  finishedMs: z.number(),
  containerId: z.string(),
});
export type EndedRun = z.infer<typeof endedRun>;

const containerRecord = z.object({
  name: z.string(),
  kind: containerKind,
  /** 'waiting': never started. */
  state: z.enum(['waiting', 'running', 'ended']),
  restartCount: z.number(),
  containerId: z.string(),
  imageId: z.string(),
  pid: z.number().optional(),
  startTicks: z.number().optional(),
  startedMs: z.number(),
  ended: endedRun.optional(),
  /** The run before the present one. */
  previous: endedRun.optional(),
  backOff: backOffSchema.optional(),
});
export type ContainerRecord = z.infer<typeof containerRecord>;

/** The kubelet's own verdict on a pod, whatever its containers say. */
const podVerdict = z.object({
  reason: z.string(),
  message: z.string(),
  /** Adds the DisruptionTarget condition. */
  disruption: z.boolean().optional(),
});
export type PodVerdict = z.infer<typeof podVerdict>;

const podRecord = z.object({
  uid: z.string(),
  namespace: z.string(),
  name: z.string(),
  address: z.string(),
  startedMs: z.number(),
  /** Boot of the machine in which the process ids are valid. */
  bootId: z.string(),
  /** Volumes have been there once; the pod's address counts from then on. */
  prepared: z.boolean(),
  containers: z.array(containerRecord),
  verdict: podVerdict.optional(),
});
export type PodRecord = z.infer<typeof podRecord>;

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
  replaceText(join(podDir, FILE), JSON.stringify(record));
}

/** All pods remembered below a directory. */
export function loadRecords(podsDir: string): PodRecord[] {
  if (!existsSync(podsDir)) return [];
  // A directory without a record is one that was being made or removed.
  return readdirSync(podsDir).flatMap((name) => readJsonIfWhole(join(podsDir, name, FILE), podRecord) ?? []);
}
