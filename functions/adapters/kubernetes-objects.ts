/**
 * What is read of Kubernetes' objects, as JSON (times are text, whatever the client's types say). All else of them is
 * dropped; an object that lacks what makes it one is not read as half of one.
 */
import * as z from 'zod';

const text = z.string().nullish();

const condition = z.object({ type: z.string(), status: z.string(), reason: text, message: text });
const conditions = z.array(condition).nullish();

const metadata = z.object({
  name: z.string(),
  labels: z.record(z.string(), z.string()).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
  deletionTimestamp: text,
});

const terminated = z.object({ reason: text, message: text, exitCode: z.int().nullish(), finishedAt: text }).nullish();

const containerStatus = z.object({
  state: z.object({ waiting: z.object({ reason: text, message: text }).nullish(), terminated }).nullish(),
  lastState: z.object({ terminated }).nullish(),
});

const container = z.object({ resources: z.object({ limits: z.object({ memory: text }).nullish() }).nullish() });

export const podObject = z.object({
  metadata,
  spec: z.object({ nodeName: text, containers: z.array(container).nullish() }).nullish(),
  status: z
    .object({
      phase: text,
      podIP: text,
      reason: text,
      message: text,
      conditions,
      containerStatuses: z.array(containerStatus).nullish(),
    })
    .nullish(),
});

/** A machine, a Job: whoever has nothing but conditions to say. */
export const nodeObject = z.object({ metadata, status: z.object({ conditions }).nullish() });
export const jobObject = nodeObject;
export const deploymentObject = z.object({ metadata, spec: z.object({ replicas: z.int().nullish() }).nullish() });
export const secretObject = z.object({ metadata, data: z.record(z.string(), z.string()).nullish() });

export type PodObject = z.output<typeof podObject>;
export type NodeObject = z.output<typeof nodeObject>;
export type JobObject = z.output<typeof jobObject>;
export type SecretObject = z.output<typeof secretObject>;
export type Condition = z.output<typeof condition>;
