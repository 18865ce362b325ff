/** Decodes what Pub/Sub delivers through Eventarc. Undefined for anything that is not a message with JSON data. */
import { z } from 'zod';
import type { Event } from './context.ts';

const messagePublished = z.object({ message: z.object({ data: z.string(), publishTime: z.string().optional() }) });

export interface Decoded {
  data: unknown;
  publishedMs: number | undefined;
}

/** The JSON in a Pub/Sub message, and when it was published (ms since 1970). Undefined: it is none. */
export function decodeMessage(event: Event): Decoded | undefined {
  const parsed = messagePublished.safeParse(event.data);
  if (!parsed.success) return undefined;
  try {
    const data: unknown = JSON.parse(Buffer.from(parsed.data.message.data, 'base64').toString('utf8'));
    return { data, publishedMs: publishedMs(event) };
  } catch {
    return undefined;
  }
}

/** When the message was published, in ms; undefined when it does not say. Its data may be anything. */
export function publishedMs(event: Event): number | undefined {
  const parsed = messagePublished.safeParse(event.data);
  const ms = Date.parse((parsed.success ? parsed.data.message.publishTime : undefined) ?? event.time ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

const logEntry = z.object({ resource: z.object({ labels: z.object({ cluster_name: z.string() }) }) });

/**
 * The cluster that a Cloud Logging entry comes from. Its labels are the cloud's own; what a
 * pod prints is not trusted to name a job.
 */
export function clusterOfLogEntry(data: unknown): string | undefined {
  const parsed = logEntry.safeParse(data);
  return parsed.success ? parsed.data.resource.labels.cluster_name : undefined;
}
