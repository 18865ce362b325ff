/**
 * Texts that lie in a job's Redis, as our values; pure. The engine writes them (docs/redis-protocol.md), but the
 * script can reach Redis as well. A value that is not what it must be is left out and told of by its place, and the
 * others count.
 */
import * as z from 'zod';
import type { ContainerDeath, DEATH_CAUSES } from '../job/death.ts';
import { resultFields, usageFields } from '../job/ledger.ts';
import type { Gate, LoopProgress, WorkerProgress } from '../job/progress.ts';
import { parseJson } from '../job/json-lines.ts';
import type { JournalEntry, OutputEntry, QueueView } from '../ports/task-queue.ts';
import { redisWords, type DriverHash, type LoopHash, type OutboxHash, type redisFields } from './redis-fields.ts';
import { redisKeys } from './redis-keys.ts';

/** Hears of the place of a value that is left out, never of the value. */
export type Refuse = (place: string) => void;

/** A schema for members of an object, all of them in the list. */
type SchemaOf<Kind extends 'workers' | 'outbox' | 'outputs'> = Partial<
  Record<(typeof redisFields)[Kind][number], z.ZodType>
>;

/** `tasks.size` of the job file has the same bound. */
const MOST_OF_A_TASK = 1_000_000;

/** A number as Redis has it. */
const numberText = z.string().max(40).transform(Number);
const anyNumber = numberText.pipe(z.number());
const whole = numberText.pipe(z.int());
const count = numberText.pipe(z.int().min(0));

const driverState = z.enum(redisWords['driver.state']);
/** As Kubernetes demands of a pod's name: it becomes part of a URL. */
const podName = z.string().regex(/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/);
const workerEntry = z.object({
  state: z.enum(redisWords['workers.state']).default('starting'),
  loop: resultFields.loop.nullish(),
  /** The first hundred of its task: only how many there are is asked. */
  iterations: z.array(z.unknown()).max(1000).default([]),
  /** Of all of them. */
  count: z.int().min(0).max(MOST_OF_A_TASK).optional(),
  since: z.number().default(0),
  beat: z.number().default(0),
} satisfies SchemaOf<'workers'>);

const outputEntry = z.object({
  name: z.string().min(1).max(1024),
  bytes: z.int().min(0),
  sha256: resultFields.sha256,
} satisfies SchemaOf<'outputs'>);

/** What identifies a result and its value must be right; what is only shown may be missing. */
const outboxEntry = z.object({
  loop: numberText.pipe(resultFields.loop),
  iteration: numberText.pipe(resultFields.iteration),
  key: resultFields.key.default(''),
  attempt: numberText.pipe(resultFields.attempt).catch(0),
  worker: resultFields.worker.catch(''),
  node: resultFields.node.catch(''),
  seconds: anyNumber.catch(0),
  bytes: numberText.pipe(resultFields.bytes),
  sha256: resultFields.sha256,
  startedAt: anyNumber.catch(0),
  warnings: numberText.pipe(resultFields.warnings).catch(0),
  cpuSeconds: numberText.pipe(usageFields.cpuSeconds).optional().catch(undefined),
  peakBytes: numberText.pipe(usageFields.peakBytes).optional().catch(undefined),
  peakOf: usageFields.peakOf.optional().catch(undefined),
  object: z.string().max(1024).default(''),
  md5: z.string().max(64).default(''),
} satisfies SchemaOf<'outbox'>);

/** What the driver says of itself. Fields that are not of their form are told to `refuse` and count as absent. */
export function toDriver(hash: DriverHash, refuse: Refuse): QueueView['progress']['driver'] {
  const field = fieldsOf(hash, redisKeys.driver, refuse);
  return {
    state: field('state', driverState),
    message: hash.message ?? '',
    reason: hash.reason || null,
    startedSeconds: field('startedAt', anyNumber),
    beatSeconds: field('beatAt', anyNumber),
  };
}

/** A loop's counts and times (in seconds), with how many iterations wait. Bad fields as in toDriver(). */
export function toLoop(loop: number, hash: LoopHash, waiting: string | undefined, refuse: Refuse): LoopProgress {
  const field = fieldsOf(hash, redisKeys.loop(loop), refuse);
  return {
    loop,
    label: hash.label ?? '',
    total: field('total', count),
    done: field('done', count) ?? 0,
    failed: field('failed', count) ?? 0,
    reused: field('reused', count) ?? 0,
    // Differences, of times and of counts, can be below zero for a moment.
    seconds: Math.max(0, field('seconds', anyNumber) ?? 0),
    maxSeconds: Math.max(0, field('max', anyNumber) ?? 0),
    waiting: Math.max(0, read(waiting, whole, `${redisKeys.waiting} ${loop}`, refuse) ?? 0),
    ended: (hash.endedAt ?? '') !== '',
    ...(hash.reuse ? { reuse: hash.reuse } : {}),
    ...(hash.strays ? { strays: hash.strays } : {}),
  };
}

/** Numbers of loops, in their order. */
export function toLoopNumbers(texts: readonly string[], refuse: Refuse): number[] {
  const number = numberText.pipe(resultFields.loop);
  return [...new Set(texts.flatMap((text) => read(text, number, redisKeys.loops, refuse) ?? []))];
}

/** What a worker says of itself; undefined, and told to `refuse`, when it is not of that form. */
export function toWorker(pod: string, json: string, refuse: Refuse): WorkerProgress | undefined {
  const entry = podName.safeParse(pod).success ? parseJson(json, workerEntry) : undefined;
  if (entry === undefined) {
    refuse(`${redisKeys.workers} ${pod}`);
    return undefined;
  }
  return {
    pod,
    state: entry.state,
    loop: entry.loop ?? null,
    iterations: entry.count ?? entry.iterations.length,
    sinceSeconds: entry.since,
    beatSeconds: entry.beat,
  };
}

/** `<loop>:<iteration>` */
const iterationId = z.string().regex(/^[1-9]\d{0,8}:[1-9]\d{0,9}$/);
const CONTAINER = 'container' satisfies (typeof DEATH_CAUSES)[number];
const containerCause = z.tuple([z.literal(CONTAINER), podName, anyNumber, anyNumber]);

/** Of a container's end that nobody has explained; undefined: of another death. */
export function toDeath(id: string, cause: string, refuse: Refuse): ContainerDeath | undefined {
  if (!cause.startsWith(`${CONTAINER} `)) return undefined;
  const words = containerCause.safeParse(cause.split(' ')).data;
  if (words === undefined || !iterationId.safeParse(id).success) {
    refuse(`${redisKeys.causes} ${id}`);
    return undefined;
  }
  const [, pod, beganSeconds, countedSeconds] = words;
  return { id, cause, pod, beganSeconds, countedSeconds };
}

/** Undefined: this is no result. */
export function toEntry(id: string, fields: string[]): JournalEntry | undefined {
  const parsed = outboxEntry.safeParse(toFields(fields) satisfies OutboxHash);
  return parsed.data && { ...parsed.data, id, object: parsed.data.object || null, md5: parsed.data.md5 || null };
}

/** Undefined: this is no output. */
export function toOutput(json: string): OutputEntry | undefined {
  return parseJson(json, outputEntry);
}

/** Redis' flat answer to HGETALL (name, value, name, value …) as an object. */
export function toFields(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  flat.forEach((name, index) => {
    const value = flat[index + 1];
    if (index % 2 === 0 && value !== undefined) fields[name] = value;
  });
  return fields;
}

/** An empty gate is an open one; what is no number is taken for open by workers too. */
export function toGate(gate: string | null, gated: string | null, refuse: Refuse): Gate {
  const tasks = gate === null ? null : (read(gate, whole, redisKeys.gate, refuse) ?? 'open');
  return { tasks, begun: Math.max(0, read(gated, whole, redisKeys.gated, refuse) ?? 0) };
}

/** Reads fields of one hash. */
function fieldsOf<Name extends string>(
  hash: Partial<Record<Name, string>>,
  key: string,
  refuse: Refuse,
): <T>(name: Name, schema: z.ZodType<T>) => T | null {
  return (name, schema) => read(hash[name], schema, `${key} ${name}`, refuse);
}

/** Null: there is nothing, or not what there must be. */
function read<T>(value: string | null | undefined, schema: z.ZodType<T>, place: string, refuse: Refuse): T | null {
  if (value === undefined || value === null || value === '') return null;
  const parsed = schema.safeParse(value);
  if (!parsed.success) refuse(place);
  return parsed.data ?? null;
}
