// The job file as users write it: keys, types, defaults and bounds. Published as JSON Schema for editors
// (job-schema.json). Does not know the installation: allowed buckets and registries are checked in parse-job-file.ts.
import * as z from 'zod';
import { findImageFault, findWebhookFault } from './address-rules.ts';
import { findEnvNameFault } from './env-rules.ts';
import { shorten } from './problem.ts';
import { findNameFault, findObjectFault } from './text-rules.ts';
import type { TextFault } from './text-rules.ts';
import { bytesOf, durationPattern, memoryPattern, secondsOf } from './units.ts';

const day = 86_400;
/** R's integers: set.seed() takes no larger number. */
const largestSeed = 2_147_483_647;

/** A string that one of the rule files judges. */
function judgedBy(findFault: (text: string) => TextFault | undefined): z.ZodString {
  return z.string().check((context) => {
    const fault = findFault(context.value);
    if (fault !== undefined) context.issues.push(issueOf(fault, context.value));
  });
}

function issueOf(fault: TextFault, input: unknown, path: PropertyKey[] = []): z.core.$ZodRawIssue {
  return { code: 'custom', input, path, message: fault.message, params: { code: fault.code, remedy: fault.remedy } };
}

/** A string with a unit, between two bounds that are written in the same way. */
function quantity(pattern: RegExp, amountOf: (text: string) => number, least: string, most: string): z.ZodString {
  return z
    .string()
    .regex(pattern, { abort: true })
    .check((context) => {
      const amount = amountOf(context.value);
      if (amount >= amountOf(least) && amount <= amountOf(most)) return;
      const message = `must be between ${least} and ${most}, and is ${shorten(context.value)}`;
      context.issues.push(
        issueOf(
          { code: 'FF-SPEC-RANGE', message, remedy: `Write a value between ${least} and ${most}.` },
          context.value,
        ),
      );
    });
}

const duration = (least: string, most: string): z.ZodString => quantity(durationPattern, secondsOf, least, most);
const memory = (least: string, most: string): z.ZodString => quantity(memoryPattern, bytesOf, least, most);
const integer = (least: number, most: number): z.ZodNumber => z.number().int().min(least).max(most);

/** Text for R's side; numbers and booleans are taken as they are written. */
const plainText = z.union([z.string().max(4096), z.number(), z.boolean()]);

const environment = z
  .record(z.string(), plainText)
  .check((context) => {
    const names = Object.keys(context.value);
    for (const name of names) {
      const fault = findEnvNameFault(name);
      if (fault !== undefined) context.issues.push(issueOf(fault, context.value[name], [name]));
    }
    if (names.length > 200) {
      const fault = { message: `has ${names.length} variables`, remedy: 'Set at most 200; put the rest into a file.' };
      context.issues.push(issueOf({ code: 'FF-SPEC-RANGE', ...fault }, context.value));
    }
  })
  .default({});

const packageList = (pattern: RegExp): z.ZodDefault<z.ZodArray<z.ZodString>> =>
  z.array(z.string().max(200).regex(pattern)).max(200).default([]);

/** When a loop that goes on after errors is given up. All three must be reached. */
const errorLimits = z
  .strictObject({
    count: integer(1, 1_000_000).default(30).describe('At least so many failed iterations'),
    rate: z.number().gt(0).max(1).default(0.9).describe('At least this share of the finished iterations'),
    sample: integer(1, 1_000_000).default(30).describe('Not before so many iterations are finished'),
  })
  .nullable()
  .prefault({})
  .describe('The job ends as failed when a loop reaches all three; null: never');

const cranPackage = /^[A-Za-z][A-Za-z0-9.]*[A-Za-z0-9](?:@[0-9][0-9A-Za-z.-]*)?$/;
const githubPackage = /^[A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9][A-Za-z0-9._-]*(?:@[A-Za-z0-9][A-Za-z0-9._/-]*)?$/;
const machineType = /^[a-z][a-z0-9]{0,14}(?:-[a-z0-9]{1,20}){1,4}$/;
const zoneName = /^[a-z]{2,20}-[a-z]{2,20}[0-9]{1,2}-[a-z]$/;

/** The whole job file; every key but `script` has a default. */
export const jobFileSchema = z.strictObject({
  script: judgedBy(findNameFault).describe('R script of the job folder; runs unchanged'),
  arguments: z.array(plainText).max(1000).default([]).describe('Reach commandArgs(trailingOnly = TRUE)'),
  data: z
    .array(
      z.strictObject({
        object: judgedBy(findObjectFault).describe('Object of the job folder, or gs:// in an allowed bucket'),
        as: z.enum(['load', 'file']).optional().describe('load: default for .RData and .rda; file: default otherwise'),
      }),
    )
    .max(1000)
    .default([]),
  image: judgedBy(findImageFault).nullable().default(null).describe("Digest-pinned; default: the installation's image"),
  packages: z
    .strictObject({
      cran: packageList(cranPackage),
      bioc: packageList(cranPackage),
      github: packageList(githubPackage),
      lockfile: judgedBy(findNameFault).nullable().default(null),
    })
    .prefault({}),
  env: environment,
  worker: z
    .strictObject({
      cpu: z.number().min(0.1).max(192).default(1),
      memory: memory('64Mi', '4Ti').default('2Gi'),
      max: integer(1, 10_000).default(32),
    })
    .prefault({}),
  machines: z
    .strictObject({
      types: z.array(z.string().regex(machineType)).max(20).default([]).describe('Empty: the planner chooses'),
      zones: z.array(z.string().regex(zoneName)).max(20).default([]),
      spot: z.enum(['never', 'prefer', 'only']).default('prefer'),
      diskGb: integer(10, 65_536).default(50),
      externalIps: z.boolean().default(false),
    })
    .prefault({}),
  canary: z
    .strictObject({
      machines: integer(1, 2).default(2).describe('2: one more where a worker has no room beside Redis and driver'),
      tasks: integer(1, 10_000).default(4),
      approval: z.enum(['automatic', 'manual']).default('automatic'),
    })
    .prefault({}),
  tasks: z
    .strictObject({
      maxTime: duration('1s', '14d').default('1h'),
      tries: integer(1, 20).default(3),
      size: z.union([z.literal('auto'), integer(1, 1_000_000)]).default('auto'),
      onError: z.enum(['default', 'stop']).default('default').describe('default: what .errorhandling says'),
      isolate: z
        .enum(['worker', 'iteration'])
        .default('worker')
        .describe('iteration: a process of its own for each iteration'),
      moreMemory: z.boolean().default(true).describe('Once more, with a machine to itself, where memory ran out'),
      errors: errorLimits,
    })
    .prefault({}),
  limits: z
    .strictObject({
      usd: z.number().positive().max(1_000_000).default(5),
      time: duration('1m', '31d').default('12h'),
    })
    .prefault({}),
  speed: z.enum(['cheapest', 'balanced', 'fastest']).default('balanced'),
  seed: integer(-largestSeed, largestSeed).nullable().default(null),
  stages: integer(1, 1000).nullable().default(null).describe('Loops to expect, if known'),
  notify: z.array(judgedBy(findWebhookFault)).max(10).default([]).describe('https addresses told of every change'),
  debugHold: duration('0s', `${day}s`).default('0m').describe('Keep a small cluster this long after a failure'),
  cluster: z.enum(['gke', 'existing']).default('gke'),
});

export type JobFile = z.output<typeof jobFileSchema>;

/**
 * The schema as JSON Schema, for editors; rules that only code can state (names,
 * addresses) are described, not contained.
 */
export function toEditorSchema(): object {
  return {
    ...z.toJSONSchema(jobFileSchema, { io: 'input' }),
    title: 'foreach-fleet job file',
    description: 'jobs/<id>/job.yaml: what to run, on what, and how much it may cost',
  };
}
