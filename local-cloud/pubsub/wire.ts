/**
 * Between the protobuf messages of google.pubsub.v1 (as proto-loader gives them: camelCase, 64-bit numbers as strings,
 * absent messages null) and the broker's own types.
 */
import {
  defaultSubscription,
  type BackoffPolicy,
  type Message,
  type SubscriptionConfig,
  type TopicConfig,
} from './model.ts';
import { PubsubError } from './pubsub-error.ts';
import type { LeasedMessage } from './subscription-queue.ts';

interface WireDuration {
  seconds: string | number;
  nanos: number;
}

export interface WireMessage {
  data: Buffer;
  attributes: Record<string, string>;
  messageId: string;
  publishTime: WireDuration | null;
  orderingKey: string;
}

export interface WireTopic {
  name: string;
  labels: Record<string, string>;
  messageRetentionDuration: WireDuration | null;
  schemaSettings?: unknown;
}

export interface WireSubscription {
  name: string;
  topic: string;
  pushConfig: { pushEndpoint: string; attributes: Record<string, string> } | null;
  ackDeadlineSeconds: number;
  messageRetentionDuration: WireDuration | null;
  labels: Record<string, string>;
  enableMessageOrdering: boolean;
  filter: string;
  deadLetterPolicy: { deadLetterTopic: string; maxDeliveryAttempts: number } | null;
  retryPolicy: { minimumBackoff: WireDuration | null; maximumBackoff: WireDuration | null } | null;
  enableExactlyOnceDelivery: boolean;
}

function toDuration(milliseconds: number): WireDuration {
  return { seconds: String(Math.floor(milliseconds / 1000)), nanos: Math.round((milliseconds % 1000) * 1e6) };
}

export function fromDuration(duration: WireDuration | null): number | null {
  return duration === null ? null : Number(duration.seconds) * 1000 + duration.nanos / 1e6;
}

export function toTopic(wire: WireTopic): TopicConfig {
  if (wire.schemaSettings) throw new PubsubError('UNIMPLEMENTED', 'The local Pub/Sub knows no schemas.');
  return { name: wire.name, labels: wire.labels, messageRetentionMs: fromDuration(wire.messageRetentionDuration) };
}

export function fromTopic(topic: TopicConfig): object {
  return {
    name: topic.name,
    labels: topic.labels,
    messageRetentionDuration: topic.messageRetentionMs === null ? null : toDuration(topic.messageRetentionMs),
    state: 'ACTIVE',
  };
}

export function toSubscription(wire: WireSubscription): SubscriptionConfig {
  if (wire.filter) throw new PubsubError('UNIMPLEMENTED', 'The local Pub/Sub knows no filters.');
  if (wire.enableExactlyOnceDelivery)
    throw new PubsubError('UNIMPLEMENTED', 'The local Pub/Sub delivers at least once only.');
  const defaults = defaultSubscription(wire.name, wire.topic);
  return {
    ...defaults,
    labels: wire.labels,
    ackDeadlineSeconds: wire.ackDeadlineSeconds || defaults.ackDeadlineSeconds,
    messageRetentionMs: fromDuration(wire.messageRetentionDuration) ?? defaults.messageRetentionMs,
    enableMessageOrdering: wire.enableMessageOrdering,
    deadLetter: wire.deadLetterPolicy && {
      topic: wire.deadLetterPolicy.deadLetterTopic,
      maxDeliveryAttempts: wire.deadLetterPolicy.maxDeliveryAttempts || 5,
    },
    retry: wire.retryPolicy && toBackoff(wire.retryPolicy),
    push: toPush(wire.pushConfig),
  };
}

/** An empty push configuration is how the API says "pull". */
export function toPush(wire: WireSubscription['pushConfig']): SubscriptionConfig['push'] {
  return wire?.pushEndpoint ? { endpoint: wire.pushEndpoint, attributes: wire.attributes } : null;
}

function toBackoff(policy: NonNullable<WireSubscription['retryPolicy']>): BackoffPolicy {
  const minimumMs = fromDuration(policy.minimumBackoff) ?? 10_000;
  return { minimumMs, maximumMs: fromDuration(policy.maximumBackoff) ?? Math.max(600_000, minimumMs) };
}

export function fromSubscription(config: SubscriptionConfig): object {
  return {
    name: config.name,
    topic: config.topic,
    pushConfig: { pushEndpoint: config.push?.endpoint ?? '', attributes: config.push?.attributes ?? {} },
    ackDeadlineSeconds: config.ackDeadlineSeconds,
    messageRetentionDuration: toDuration(config.messageRetentionMs),
    labels: config.labels,
    enableMessageOrdering: config.enableMessageOrdering,
    deadLetterPolicy: config.deadLetter && {
      deadLetterTopic: config.deadLetter.topic,
      maxDeliveryAttempts: config.deadLetter.maxDeliveryAttempts,
    },
    retryPolicy: config.retry && {
      minimumBackoff: toDuration(config.retry.minimumMs),
      maximumBackoff: toDuration(config.retry.maximumMs),
    },
    state: 'ACTIVE',
  };
}

/** Applies what the field mask names (proto field names) and keeps the rest. */
export function mergeMasked<T extends object>(
  stored: T,
  given: T,
  paths: string[],
  fields: Record<string, keyof T>,
): T {
  const merged = { ...stored };
  for (const path of paths) {
    const field = fields[path.split('.')[0] ?? ''];
    if (field === undefined)
      throw new PubsubError('INVALID_ARGUMENT', `Invalid update_mask provided: ${path} cannot be changed.`);
    merged[field] = given[field];
  }
  return merged;
}

/** The delivery count is reported only where a dead-letter policy exists, as in the service. */
export function fromLeased(leased: LeasedMessage, config: SubscriptionConfig): object {
  return {
    ackId: leased.ackId,
    message: fromMessage(leased.message),
    deliveryAttempt: config.deadLetter ? leased.deliveryAttempt : 0,
  };
}

function fromMessage(message: Message): WireMessage {
  return {
    data: message.data,
    attributes: message.attributes,
    messageId: message.id,
    publishTime: toDuration(message.publishTimeMs),
    orderingKey: message.orderingKey,
  };
}
