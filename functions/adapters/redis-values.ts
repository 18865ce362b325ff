/** Texts that the engine writes to Redis, as our values; pure. Formats: docs/redis-protocol.md. */
import type { DriverState, Gate, LoopProgress, WorkerProgress } from '../job/progress.ts';
import type { JournalEntry, QueueView } from '../ports/task-queue.ts';
import type { DriverHash, LoopHash, OutboxHash } from './redis-keys.ts';

const DRIVER_STATES: readonly string[] = [
  'starting',
  'running',
  'saving',
  'finished',
  'failed',
  'stopped',
] satisfies DriverState[];

export function toDriver(hash: DriverHash): QueueView['progress']['driver'] {
  const state = hash.state;
  return {
    state: state !== undefined && DRIVER_STATES.includes(state) ? (state as DriverState) : null,
    message: hash.message ?? '',
    reason: hash.reason || null,
    startedSeconds: numberOrNull(hash.startedAt),
    beatSeconds: numberOrNull(hash.beatAt),
  };
}

export function toLoop(loop: number, hash: LoopHash, waiting: string | undefined): LoopProgress {
  const count = (field: keyof LoopHash): number => Number(hash[field] ?? 0) || 0;
  return {
    loop,
    label: hash.label ?? '',
    total: numberOrNull(hash.total),
    done: count('done'),
    failed: count('failed'),
    reused: count('reused'),
    seconds: count('seconds'),
    maxSeconds: count('max'),
    waiting: Math.max(0, Number(waiting ?? 0) || 0),
    ended: (hash.endedAt ?? '') !== '',
    ...(hash.reuse ? { reuse: hash.reuse } : {}),
    ...(hash.strays ? { strays: hash.strays } : {}),
  };
}

export function toWorker(pod: string, json: string): WorkerProgress | undefined {
  try {
    const value = JSON.parse(json) as {
      state?: WorkerProgress['state'];
      loop?: number;
      iterations?: number | number[];
      since?: number;
      beat?: number;
    };
    return {
      pod,
      state: value.state ?? 'starting',
      loop: value.loop ?? null,
      iterations: [value.iterations ?? []].flat(),
      sinceSeconds: value.since ?? 0,
      beatSeconds: value.beat ?? 0,
    };
  } catch {
    return undefined;
  }
}

export function toEntry(id: string, fields: string[]): JournalEntry {
  const value: OutboxHash = toFields(fields);
  return {
    id,
    loop: Number(value.loop),
    iteration: Number(value.iteration),
    key: value.key ?? '',
    attempt: Number(value.attempt ?? 0),
    worker: value.worker ?? '',
    node: value.node ?? '',
    seconds: Number(value.seconds ?? 0),
    bytes: Number(value.bytes ?? 0),
    sha256: value.sha256 ?? '',
    startedAt: Number(value.startedAt ?? 0),
    warnings: Number(value.warnings ?? 0),
    object: value.object || null,
    md5: value.md5 || null,
  };
}

export function toFields(flat: string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let index = 0; index + 1 < flat.length; index += 2) fields[flat[index]!] = flat[index + 1]!;
  return fields;
}

/** An empty gate is an open one; what is no number is taken for open by workers too. */
export function toGate(gate: string | null, gated: string | null): Gate {
  const tasks = gate === null ? null : (numberOrNull(gate) ?? 'open');
  return { tasks, begun: Math.max(0, numberOrNull(gated ?? undefined) ?? 0) };
}

function numberOrNull(text: string | undefined): number | null {
  return text === undefined || text === '' || Number.isNaN(Number(text)) ? null : Number(text);
}
