/**
 * Pub/Sub of the local cloud: the gRPC API on one port (what PUBSUB_EMULATOR_HOST names), push delivery, and the same
 * broker for the other services in this process. README.md beside local-cloud.ts says what is not imitated.
 */
import { join } from 'node:path';
import type { LocalContext } from '../context.ts';
import { Broker } from './broker.ts';
import { createGrpcServer, listen, unaryMethods } from './grpc-server.ts';
import { defaultSubscription, type Message, type MessageInput, type SubscriptionConfig } from './model.ts';
import { publisherMethods } from './publisher.ts';
import { startPushDelivery } from './push-delivery.ts';
import { endStreams, streamingPull, type PullStream } from './streaming-pull.ts';
import { subscriberMethods } from './subscriber.ts';

/** Answers true to acknowledge, false to have the message again after the subscription's back-off. */
export type MessageHandler = (message: Message, deliveryAttempt: number) => Promise<boolean>;

export interface ConsumeOptions {
  /** How many more messages may be handed out now; asked anew each time. */
  free(): number;
  ackDeadlineSeconds: number;
}

export interface Consumption {
  /** To be called when `free()` has grown for a reason of the consumer's own. */
  dispatch(): void;
  stop(): void;
}

export interface RunningPubsub {
  /** Value of PUBSUB_EMULATOR_HOST. */
  host: string;
  port: number;
  /** Short or full names; the answer is the message id. */
  publish(topic: string, message: MessageInput): string;
  /** Creates it unless it is there. */
  createTopic(topic: string): void;
  /** Creates it, or brings it to these settings. */
  createSubscription(name: string, topic: string, settings?: Partial<Omit<SubscriptionConfig, 'name' | 'topic'>>): void;
  /** Hears what is published from now on; nothing is kept for it. The answer ends it. */
  subscribe(topic: string, listener: (message: Message) => void): () => void;
  /** Takes messages of a durable subscription as long as `options.free()` is positive. */
  consume(subscription: string, options: ConsumeOptions, handler: MessageHandler): Consumption;
  /** How many messages a subscription holds that nobody has acknowledged. */
  backlog(subscription: string): number;
  stop(): Promise<void>;
}

const retentionSweepMs = 60_000;

export async function startPubsub(context: LocalContext, options: { port: number }): Promise<RunningPubsub> {
  const broker = new Broker(join(context.stateDir, 'pubsub'), context.clock);
  const streams = new Set<PullStream>();
  const server = createGrpcServer({
    Publisher: unaryMethods(context, publisherMethods(broker)),
    Subscriber: {
      ...unaryMethods(context, subscriberMethods(broker)),
      StreamingPull: streamingPull(context, broker, streams),
    },
  });
  const port = await listen(server, options.port).catch((error: unknown) => {
    broker.close();
    throw error;
  });
  const stopPush = startPushDelivery(context, broker);
  let cancelSweep = (): void => {};
  const sweep = (): void => {
    broker.dropOld();
    cancelSweep = context.clock.after(retentionSweepMs, sweep);
  };
  sweep();
  return {
    ...localApi(context, broker),
    host: `127.0.0.1:${port}`,
    port,
    stop: () => {
      cancelSweep();
      stopPush();
      endStreams(streams);
      server.forceShutdown();
      broker.close();
      return Promise.resolve();
    },
  };
}

function localApi(
  context: LocalContext,
  broker: Broker,
): Pick<RunningPubsub, 'publish' | 'createTopic' | 'createSubscription' | 'subscribe' | 'consume' | 'backlog'> {
  const fullName = (kind: 'topics' | 'subscriptions', name: string): string =>
    name.startsWith('projects/') ? name : `projects/${context.projectId}/${kind}/${name}`;
  return {
    publish: (topic, message) => broker.publish(fullName('topics', topic), [message])[0] ?? '',
    createTopic: (topic) => {
      const name = fullName('topics', topic);
      if (!broker.topics.has(name)) broker.createTopic({ name, labels: {}, messageRetentionMs: null });
    },
    createSubscription: (name, topic, settings = {}) => {
      const config = {
        ...defaultSubscription(fullName('subscriptions', name), fullName('topics', topic)),
        ...settings,
      };
      if (broker.queues.some((queue) => queue.config.name === config.name)) broker.updateSubscription(config);
      else broker.createSubscription(config);
    },
    backlog: (subscription) => broker.queue(fullName('subscriptions', subscription)).size,
    subscribe: (topic, listener) => broker.listen(fullName('topics', topic), listener),
    consume: (subscription, limits, handler) =>
      consume(context, broker, fullName('subscriptions', subscription), limits, handler),
  };
}

function consume(
  context: LocalContext,
  broker: Broker,
  subscription: string,
  options: ConsumeOptions,
  handler: MessageHandler,
): Consumption {
  const queue = broker.queue(subscription);
  let isStopped = false;
  const settle = (ackId: string, isAcknowledged: boolean): void => {
    if (isStopped) return;
    if (isAcknowledged) queue.acknowledge([ackId]);
    else queue.modifyDeadline(ackId, 0);
  };
  const detach = queue.attach({
    capacity: () => options.free(),
    ackDeadlineSeconds: () => options.ackDeadlineSeconds,
    deliver: (leased) => {
      for (const { ackId, message, deliveryAttempt } of leased) {
        handler(message, deliveryAttempt).then(
          (isAcknowledged) => settle(ackId, isAcknowledged),
          (error: unknown) => {
            if (!isStopped) context.log('pubsub', `handler of ${subscription}: ${String(error)}`);
            settle(ackId, false);
          },
        );
      }
    },
    deleted: () => {
      isStopped = true;
    },
  });
  return {
    dispatch: () => queue.dispatch(),
    stop: () => {
      isStopped = true;
      detach();
    },
  };
}
