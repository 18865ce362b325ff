/** google.pubsub.v1.Subscriber on the broker, without the stream (streaming-pull.ts). */
import type { Broker } from './broker.ts';
import { unary, type UnaryMethod } from './grpc-server.ts';
import type { SubscriptionConfig } from './model.ts';
import { page } from './paging.ts';
import { notFound, PubsubError } from './pubsub-error.ts';
import type { LeasedMessage, SubscriptionQueue } from './subscription-queue.ts';
import {
  fromDuration,
  fromLeased,
  fromSubscription,
  mergeMasked,
  toPush,
  toSubscription,
  type WireSubscription,
} from './wire.ts';

const changeable: Record<string, keyof SubscriptionConfig> = {
  ack_deadline_seconds: 'ackDeadlineSeconds',
  dead_letter_policy: 'deadLetter',
  labels: 'labels',
  message_retention_duration: 'messageRetentionMs',
  push_config: 'push',
  retry_policy: 'retry',
};

export function subscriberMethods(broker: Broker): Record<string, UnaryMethod> {
  return { ...administrationMethods(broker), ...deliveryMethods(broker) };
}

function administrationMethods(broker: Broker): Record<string, UnaryMethod> {
  return {
    CreateSubscription: unary((wire: WireSubscription) =>
      fromSubscription(broker.createSubscription(toSubscription(wire)).config),
    ),
    GetSubscription: unary(({ subscription }: { subscription: string }) =>
      fromSubscription(broker.queue(subscription).config),
    ),
    UpdateSubscription: unary((request: { subscription: WireSubscription; updateMask: { paths: string[] } | null }) => {
      const stored = broker.queue(request.subscription.name).config;
      const paths = request.updateMask?.paths ?? [];
      const merged = mergeMasked(stored, toSubscription(request.subscription), paths, changeable);
      return fromSubscription(broker.updateSubscription(merged).config);
    }),
    ListSubscriptions: unary((request: { project: string; pageSize: number; pageToken: string }) => {
      const names = broker.queues.map((queue) => queue.config.name);
      const { items, nextPageToken } = page(
        names.filter((name) => name.startsWith(`${request.project}/subscriptions/`)),
        request,
      );
      return { subscriptions: items.map((name) => fromSubscription(broker.queue(name).config)), nextPageToken };
    }),
    DeleteSubscription: unary(({ subscription }: { subscription: string }) => {
      broker.deleteSubscription(subscription);
      return {};
    }),
    ModifyPushConfig: unary((request: { subscription: string; pushConfig: WireSubscription['pushConfig'] }) => {
      const stored = broker.queue(request.subscription).config;
      broker.updateSubscription({ ...stored, push: toPush(request.pushConfig) });
      return {};
    }),
  };
}

function deliveryMethods(broker: Broker): Record<string, UnaryMethod> {
  return {
    Pull: unary((request: PullRequest, signal) => pull(broker, request, signal)),
    Acknowledge: unary(({ subscription, ackIds }: { subscription: string; ackIds: string[] }) => {
      broker.queue(subscription).acknowledge(ackIds);
      return {};
    }),
    ModifyAckDeadline: unary((request: { subscription: string; ackIds: string[]; ackDeadlineSeconds: number }) => {
      const queue = broker.queue(request.subscription);
      for (const ackId of request.ackIds) queue.modifyDeadline(ackId, request.ackDeadlineSeconds);
      return {};
    }),
    Seek: unary((request: { subscription: string; time?: { seconds: string; nanos: number } | null }) => {
      const queue = broker.queue(request.subscription);
      if (!request.time) throw new PubsubError('UNIMPLEMENTED', 'The local Pub/Sub knows no snapshots.');
      queue.forget(fromDuration(request.time) ?? 0);
      return {};
    }),
  };
}

interface PullRequest {
  subscription: string;
  maxMessages: number;
  returnImmediately: boolean;
}

/** Waits for a message unless one is there or the client does not want to; `signal` says that the client has gone. */
export async function pull(
  broker: Broker,
  request: PullRequest,
  signal: AbortSignal,
): Promise<{ receivedMessages: object[] }> {
  if (request.maxMessages < 1) throw new PubsubError('INVALID_ARGUMENT', 'max_messages must be at least 1.');
  const queue = broker.queue(request.subscription);
  // A client that has gone meanwhile must not get a lease: the message would be lost until its deadline.
  if (signal.aborted) return { receivedMessages: [] };
  const ready = queue.take(request.maxMessages, queue.config.ackDeadlineSeconds);
  const wait = ready.length === 0 && !request.returnImmediately;
  const leased = wait ? await waitForMessages(queue, request.maxMessages, signal) : ready;
  return { receivedMessages: leased.map((one) => fromLeased(one, queue.config)) };
}

/** The service answers an idle pull after a while with nothing; the client asks again. */
const idlePullMs = 20_000;

function waitForMessages(queue: SubscriptionQueue, maxMessages: number, signal: AbortSignal): Promise<LeasedMessage[]> {
  return new Promise((resolve, reject) => {
    let isDone = false;
    const end = (): void => {
      isDone = true;
      clearTimeout(timer);
      // Attaching may deliver at once, before `detach` exists.
      queueMicrotask(() => detach());
    };
    const finish = (leased: LeasedMessage[]): void => {
      end();
      resolve(leased);
    };
    const timer = setTimeout(() => finish([]), idlePullMs);
    timer.unref();
    signal.addEventListener('abort', () => finish([]), { once: true });
    const detach = queue.attach({
      capacity: () => (isDone ? 0 : maxMessages),
      ackDeadlineSeconds: () => queue.config.ackDeadlineSeconds,
      deliver: finish,
      deleted: () => {
        end();
        reject(notFound(queue.config.name));
      },
    });
  });
}
