/**
 * Eventarc: triggers bring storage and Pub/Sub events to functions as CloudEvents. As in the cloud, a trigger stands
 * on a Pub/Sub subscription, which makes delivery durable, at least once, unordered, retried with back-off and
 * dropped after 24 h. It coalesces nothing. Not imitated: the identity token of a request, other event types,
 * several instances unless `concurrency` says so.
 */
import type { LocalContext } from '../context.ts';
import type { Message } from '../pubsub/model.ts';
import type { Consumption, RunningPubsub } from '../pubsub/pubsub.ts';
import { parseJson } from '../read-json.ts';
import {
  finalizedObject,
  messagePublished,
  pubsubEvent,
  storageEvent,
  storageFinalized,
  type FinalizedObject,
  type HttpEvent,
} from './cloud-events.ts';
import { deliver, type DeliveryOptions } from './deliver.ts';

export interface Trigger {
  name: string;
  function: string;
  source: { type: typeof storageFinalized; bucket: string } | { type: typeof messagePublished; topic: string };
}

export interface EventarcOptions {
  pubsub: RunningPubsub;
  triggers: Trigger[];
  /** Where a function is served; waits for one that is just starting. */
  functionUrl(name: string): Promise<string>;
  /** First back-off; the longest is 60 times as long. Default 10 s. */
  retryBaseMs?: number;
  /** Default 540 s, the most that the cloud grants to an event function. */
  requestTimeoutMs?: number;
  /** Events that one function handles at a time. Default 1. */
  concurrency?: number;
}

export interface RunningEventarc {
  /** To be called for every object that storage has finalized. */
  objectFinalized(object: FinalizedObject): void;
  /** Events not yet delivered, per trigger. */
  backlog(): Record<string, number>;
  stop(): Promise<void>;
}

const retentionMs = 24 * 3600 * 1000;
/** Must outlive the request, so that a slow function is not called again while it runs. */
const leaseMarginSeconds = 30;

export function startEventarc(context: LocalContext, options: EventarcOptions): RunningEventarc {
  const { pubsub, triggers } = options;
  const stopped = new AbortController();
  const delivery: DeliveryOptions = {
    functionUrl: (name) => options.functionUrl(name),
    requestTimeoutMs: options.requestTimeoutMs ?? 540_000,
    signal: stopped.signal,
  };
  const running = new Set<Promise<unknown>>();
  const consumptions = new Map<Trigger, Consumption>();
  const inFlight = new Map<string, number>();
  const count = (name: string, change: number): void => {
    inFlight.set(name, (inFlight.get(name) ?? 0) + change);
  };
  for (const trigger of triggers) {
    prepare(pubsub, trigger, options.retryBaseMs ?? 10_000);
    const handler = async (message: Message): Promise<boolean> => {
      count(trigger.function, 1);
      const delivered = deliver(context, trigger.function, toHttpEvent(context, trigger, message), delivery);
      running.add(delivered);
      try {
        return await delivered;
      } finally {
        running.delete(delivered);
        count(trigger.function, -1);
        // Another trigger of this function may have waited for the slot; this one asks again by itself when it settles.
        for (const [other, consumption] of consumptions) {
          if (other !== trigger && other.function === trigger.function) consumption.dispatch();
        }
      }
    };
    const limits = {
      free: () => (options.concurrency ?? 1) - (inFlight.get(trigger.function) ?? 0),
      ackDeadlineSeconds: delivery.requestTimeoutMs / 1000 + leaseMarginSeconds,
    };
    consumptions.set(trigger, pubsub.consume(subscriptionOf(trigger), limits, handler));
  }
  return {
    objectFinalized: (object) => {
      for (const trigger of triggers) {
        if (trigger.source.type !== storageFinalized || trigger.source.bucket !== object.bucket) continue;
        pubsub.publish(topicOf(trigger), { data: JSON.stringify(object) });
      }
    },
    backlog: () =>
      Object.fromEntries(triggers.map((trigger) => [trigger.name, pubsub.backlog(subscriptionOf(trigger))])),
    stop: async () => {
      for (const consumption of consumptions.values()) consumption.stop();
      stopped.abort();
      await Promise.allSettled(running);
    },
  };
}

function prepare(pubsub: RunningPubsub, trigger: Trigger, retryBaseMs: number): void {
  pubsub.createTopic(topicOf(trigger));
  pubsub.createSubscription(subscriptionOf(trigger), topicOf(trigger), {
    ackDeadlineSeconds: 600,
    messageRetentionMs: retentionMs,
    retry: { minimumMs: retryBaseMs, maximumMs: retryBaseMs * 60 },
  });
}

/** Storage events travel in a topic of the trigger's own, as Eventarc's do. */
function topicOf(trigger: Trigger): string {
  return trigger.source.type === messagePublished ? trigger.source.topic : `eventarc-local-${trigger.name}`;
}

function subscriptionOf(trigger: Trigger): string {
  return `eventarc-local-${trigger.name}-sub`;
}

function toHttpEvent(context: LocalContext, trigger: Trigger, message: Message): HttpEvent {
  if (trigger.source.type === storageFinalized) {
    return storageEvent(parseJson(message.data.toString('utf8'), finalizedObject), message);
  }
  const project = `projects/${context.projectId}`;
  return pubsubEvent(
    message,
    `${project}/topics/${trigger.source.topic}`,
    `${project}/subscriptions/${subscriptionOf(trigger)}`,
  );
}
