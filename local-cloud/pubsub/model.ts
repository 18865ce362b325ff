/**
 * What Pub/Sub keeps: topics, subscriptions, messages; and the rules a name or a
 * setting must obey. No behaviour over time.
 */
import * as z from 'zod';
import { PubsubError } from './pubsub-error.ts';

const strings = z.record(z.string(), z.string());

export const topicConfig = z.object({
  name: z.string(),
  labels: strings,
  messageRetentionMs: z.number().nullable(),
});
export type TopicConfig = z.infer<typeof topicConfig>;

const backoffPolicy = z.object({ minimumMs: z.number(), maximumMs: z.number() });
export type BackoffPolicy = z.infer<typeof backoffPolicy>;

export const subscriptionConfig = z.object({
  name: z.string(),
  topic: z.string(),
  ackDeadlineSeconds: z.number(),
  messageRetentionMs: z.number(),
  labels: strings,
  enableMessageOrdering: z.boolean(),
  deadLetter: z.object({ topic: z.string(), maxDeliveryAttempts: z.number() }).nullable(),
  /** null: redelivered at once (a push subscription has a back-off of its own). */
  retry: backoffPolicy.nullable(),
  push: z.object({ endpoint: z.string(), attributes: strings }).nullable(),
});
export type SubscriptionConfig = z.infer<typeof subscriptionConfig>;

export interface Message {
  id: string;
  data: Buffer;
  attributes: Record<string, string>;
  orderingKey: string;
  publishTimeMs: number;
}

export interface MessageInput {
  data?: Buffer | string;
  attributes?: Record<string, string>;
  orderingKey?: string;
}

export const deletedTopic = '_deleted-topic_';
const dayMs = 24 * 3600 * 1000;
/** Limits from the Pub/Sub quotas page. */
const maxMessageBytes = 10_000_000;
const maxMessagesPerPublish = 1000;

export function defaultSubscription(name: string, topic: string): SubscriptionConfig {
  return {
    name,
    topic,
    ackDeadlineSeconds: 10,
    messageRetentionMs: 7 * dayMs,
    labels: {},
    enableMessageOrdering: false,
    deadLetter: null,
    retry: null,
    push: null,
  };
}

/** The message as stored, or the service's complaint about it. */
export function toMessage(input: MessageInput, id: string, publishTimeMs: number): Message {
  const data = typeof input.data === 'string' ? Buffer.from(input.data) : (input.data ?? Buffer.alloc(0));
  const attributes = input.attributes ?? {};
  if (data.length === 0 && Object.keys(attributes).length === 0) {
    throw invalid('Some messages are empty: a message needs data or at least one attribute.');
  }
  return { id, data, attributes, orderingKey: input.orderingKey ?? '', publishTimeMs };
}

export function checkPublish(messages: MessageInput[]): void {
  if (messages.length === 0) throw invalid('The request contains no messages.');
  if (messages.length > maxMessagesPerPublish)
    throw invalid(`A publish request holds at most ${maxMessagesPerPublish} messages.`);
  const bytes = messages.reduce((sum, message) => sum + (message.data?.length ?? 0), 0);
  if (bytes > maxMessageBytes) throw invalid(`A publish request holds at most ${maxMessageBytes} bytes.`);
}

/** Refuses what the service refuses in a subscription; what it fills in is filled in by the wire layer. */
export function checkSubscription(config: SubscriptionConfig): void {
  checkName('subscriptions', config.name);
  if (config.ackDeadlineSeconds < 10 || config.ackDeadlineSeconds > 600) {
    throw invalid(`Invalid ack deadline given: ${config.ackDeadlineSeconds}; it must be between 10 and 600 seconds.`);
  }
  if (config.messageRetentionMs < 600_000 || config.messageRetentionMs > 31 * dayMs) {
    throw invalid('Invalid message retention duration: it must be between 10 minutes and 31 days.');
  }
  if (config.push && !/^https?:\/\//.test(config.push.endpoint)) throw invalid('Invalid push endpoint given.');
  checkFailurePolicies(config);
}

function checkFailurePolicies({ deadLetter, retry }: SubscriptionConfig): void {
  if (deadLetter && (deadLetter.maxDeliveryAttempts < 5 || deadLetter.maxDeliveryAttempts > 100)) {
    throw invalid('max_delivery_attempts must be between 5 and 100.');
  }
  if (retry && (retry.minimumMs > retry.maximumMs || retry.maximumMs > 600_000)) {
    throw invalid('Invalid retry policy: 0 s <= minimum_backoff <= maximum_backoff <= 600 s.');
  }
}

export function checkName(kind: 'topics' | 'subscriptions', name: string): void {
  const match = /^projects\/[^/]+\/(topics|subscriptions)\/([A-Za-z][\w.~+%-]{2,254})$/.exec(name);
  if (match?.[1] !== kind || match[2]?.startsWith('goog')) {
    throw invalid(`Invalid resource name given (name=${name}). Expected projects/PROJECT/${kind}/NAME.`);
  }
}

function invalid(message: string): PubsubError {
  return new PubsubError('INVALID_ARGUMENT', message);
}
