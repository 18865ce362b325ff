/**
 * The shape of status.json, for whoever reads it. It lies beside the upload, where users may write: nothing is taken
 * for a status that has not passed here. What a newer version has added stays.
 */
import * as z from 'zod';
import type { JobStatus } from './job-status.ts';
import { PHASES, TERMINAL } from './phase.ts';
import { decisionFields, errorFields, outputFields, problemFields } from './shown-parts.ts';
import { WAIT_CODES } from './waiting.ts';

const text = z.string();
const number = z.number();
const time = z.string();

const loop = z.object({
  loop: number,
  label: text,
  total: number.nullable(),
  done: number,
  failed: number,
  running: number,
  waiting: number,
  reused: number,
  meanSeconds: number.nullable(),
  ended: z.boolean(),
  reuse: z.exactOptional(text),
  strays: z.exactOptional(text),
});

export const statusSchema = z.looseObject({
  schema: z.literal(1),
  job: text,
  attempt: number,
  phase: z.enum(PHASES),
  ended: z.boolean(),
  outcome: z.enum(TERMINAL).nullable(),
  reason: z.object({ code: text, message: text, remedy: text.nullable() }).nullable(),
  waitingFor: text.nullable(),
  // Earlier versions did not write it.
  waiting: z
    .object({ code: z.enum(WAIT_CODES), said: text, since: time, until: time.nullable(), then: text })
    .nullable()
    .default(null),
  problems: z.array(z.object(problemFields)),
  submittedAt: time,
  attemptStartedAt: time,
  phaseSince: time,
  endedAt: time.nullable(),
  updatedAt: time,
  revision: text,
  cluster: z.object({ name: text, location: text, gone: z.boolean() }).nullable(),
  machines: z.object({ wanted: number, reason: text }),
  workers: z.object({ wanted: number, busy: number, idle: number }),
  tasks: z.object({
    total: number.nullable(),
    done: number,
    running: number,
    waiting: number,
    failed: number,
    reused: number,
    inBucket: number,
  }),
  loops: z.array(loop),
  secondsLeft: number.nullable(),
  cost: z.object({
    usd: number,
    forecastUsd: number.nullable(),
    limitUsd: number.nullable(),
    machineSeconds: number,
    pricesAsOf: text,
  }),
  errors: z.object({
    count: number,
    recent: z.array(z.object(errorFields)),
  }),
  // one that an earlier version has written has none
  warnings: number.default(0),
  mostUsed: z
    .object({ peakBytes: number.nullable(), cpuSeconds: number.nullable() })
    .default({ peakBytes: null, cpuSeconds: null }),
  results: z.object({
    prefix: text,
    outputs: z.array(z.object(outputFields)),
    outputsLeftOut: number,
    bytes: number,
  }),
  decisions: z.array(z.object(decisionFields)),
}) satisfies z.ZodType<JobStatus>;
