/**
 * The shape of a record as it lies in the state bucket. Nothing is taken for a record that has not passed here,
 * and nothing is written that would not. How long a text or a list may be is said in bound-record.ts; what older
 * records lack is added by record-migrations.ts.
 */
import * as z from 'zod';
import type { JobSpec } from '../job-file/job-spec.ts';
import type { JobRecord } from './job-record.ts';
import { ACTIONS } from './action.ts';
import { PHASES, TERMINAL } from './phase.ts';
import type { Progress } from './progress.ts';
import { decisionFields, errorFields, outputFields, problemFields } from './shown-parts.ts';
import { WAIT_CODES } from './waiting.ts';

/** Raised with every change of the shape; the migration from the number before belongs to the same change. */
export const RECORD_SCHEMA = 6;

const text = z.string();
const number = z.number();
const time = z.string();

const specSchema = z.strictObject({
  script: text,
  arguments: z.array(text),
  data: z.array(z.strictObject({ object: text, as: z.enum(['load', 'file']) })),
  image: text.nullable(),
  packages: z.strictObject({
    cran: z.array(text),
    bioc: z.array(text),
    github: z.array(text),
    lockfile: text.nullable(),
  }),
  env: z.record(text, text),
  worker: z.strictObject({ cpu: number, memoryBytes: number, max: number }),
  machines: z.strictObject({
    types: z.array(text),
    zones: z.array(text),
    spot: z.enum(['never', 'prefer', 'only']),
    diskGb: number,
    externalIps: z.boolean(),
  }),
  canary: z.strictObject({ machines: number, tasks: number, approval: z.enum(['automatic', 'manual']) }),
  tasks: z.strictObject({
    maxTimeSeconds: number,
    tries: number,
    size: z.union([z.literal('auto'), number]),
    onError: z.enum(['default', 'stop']),
    isolate: z.enum(['worker', 'iteration']).default('worker'), // absent in records of before there was such a key
    moreMemory: z.boolean().default(false), // absent in records of before there was such a key
    errors: z.strictObject({ count: number, rate: number, sample: number }).nullable(),
  }),
  limits: z.strictObject({ usd: number, timeSeconds: number }),
  speed: z.enum(['cheapest', 'balanced', 'fastest']),
  seed: number.nullable(),
  stages: number.nullable(),
  notify: z.array(text),
  debugHoldSeconds: number,
  cluster: z.enum(['gke', 'existing']),
}) satisfies z.ZodType<JobSpec>;

const loopSchema = z.strictObject({
  loop: number,
  label: text,
  total: number.nullable(),
  done: number,
  failed: number,
  reused: number,
  seconds: number,
  maxSeconds: number,
  waiting: number,
  ended: z.boolean(),
  reuse: z.exactOptional(text),
  strays: z.exactOptional(text),
});

const progressSchema = z.strictObject({
  driver: z.strictObject({
    state: z.enum(['starting', 'running', 'saving', 'finished', 'failed', 'stopped']).nullable(),
    message: text,
    reason: z.exactOptional(text.nullable()),
    startedSeconds: number.nullable(),
    beatSeconds: number.nullable(),
  }),
  loops: z.array(loopSchema),
  waiting: number,
  running: number,
  done: number,
  failed: number,
  reused: number,
  total: number.nullable(),
  workersBusy: number,
  workersIdle: number,
  notBackedUp: number,
  meanSeconds: number.nullable(),
}) satisfies z.ZodType<Progress>;

const clusterSchema = z.strictObject({
  name: text,
  location: text,
  exhausted: z.array(text),
  createRequestedAt: time,
  runningAt: time.nullable(),
  deleteRequestedAt: time.nullable(),
  goneAt: time.nullable(),
});

export const recordSchema = z.strictObject({
  schema: z.literal(RECORD_SCHEMA),
  job: text,
  attempt: number,
  phase: z.enum(PHASES),
  phaseSince: time,
  nonce: text,
  createdAt: time,
  attemptStartedAt: time,
  endedAt: time.nullable(),
  jobFile: z.strictObject({ name: text, generation: text, md5: text }).nullable(),
  files: z.array(z.strictObject({ name: text, generation: text, bytes: number, md5: text })),
  filesDigest: text,
  spec: specSchema.nullable(),
  problems: z.array(z.strictObject(problemFields)),
  waitingFor: text.nullable(),
  waiting: z.strictObject({ code: z.enum(WAIT_CODES), since: time }).nullable(),
  cluster: clusterSchema.nullable(),
  fleet: z.strictObject({ workers: number, nodes: number, code: text, text }),
  progress: progressSchema.nullable(),
  stalledSince: time.nullable(),
  approved: z.boolean(),
  ending: z
    .strictObject({ outcome: z.enum(TERMINAL), code: text, message: text, remedy: text.nullable(), since: time })
    .nullable(),
  ledger: z.strictObject({
    ...{ segments: number, results: number, bytes: number, errorSegments: number, errors: number },
    warnings: z.exactOptional(number),
    peakBytes: z.exactOptional(number),
    cpuSeconds: z.exactOptional(number),
  }),
  recentErrors: z.array(z.strictObject(errorFields)),
  outputs: z.array(z.strictObject(outputFields)),
  outputsLeftOut: number,
  clustersMade: number,
  refusals: z.array(
    z.strictObject({ machineType: text, spot: z.boolean(), zone: text, count: number, until: time, text }),
  ),
  spending: z.strictObject({
    usd: number,
    machineSeconds: number,
    clusterSeconds: z.exactOptional(number),
    usdPerHour: number,
    asOf: time,
  }),
  acting: z.boolean(),
  observedMs: number,
  decisions: z.array(z.strictObject(decisionFields)),
  trouble: z
    .strictObject({ action: z.enum(ACTIONS), code: text, text, count: number, firstAt: time, nextTryAt: time })
    .nullable(),
  notices: z.array(z.strictObject({ id: text, event: text, at: time, text })),
}) satisfies z.ZodType<JobRecord>;
