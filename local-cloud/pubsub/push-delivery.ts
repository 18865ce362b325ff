/**
 * Push subscriptions: each message as one HTTP POST of wrapped JSON. The answers 102, 200, 201, 202 and 204
 * acknowledge. Everything else (and no answer within the ack deadline) is a failed delivery. Not imitated: the signed
 * token, and the service's slow start per endpoint.
 */
import { messageOf } from '../error-text.ts';
import type { LocalContext } from '../context.ts';
import type { Broker } from './broker.ts';
import { post } from './http-post.ts';
import type { Message } from './model.ts';
import type { LeasedMessage, SubscriptionQueue } from './subscription-queue.ts';

const maxInFlight = 16;
const acknowledging = new Set([102, 200, 201, 202, 204]);

/** The JSON body that push subscriptions and Eventarc send. */
export function wrapMessage(message: Message, subscription: string): object {
  const publishTime = new Date(message.publishTimeMs).toISOString();
  return {
    message: {
      ...(Object.keys(message.attributes).length > 0 ? { attributes: message.attributes } : {}),
      ...(message.data.length > 0 ? { data: message.data.toString('base64') } : {}),
      messageId: message.id,
      message_id: message.id,
      ...(message.orderingKey === '' ? {} : { orderingKey: message.orderingKey }),
      publishTime,
      publish_time: publishTime,
    },
    subscription,
  };
}

/** Starts a loop for every subscription that has an endpoint, now and later. The answer stops them all. */
export function startPushDelivery(context: LocalContext, broker: Broker): () => void {
  const loops = new Map<SubscriptionQueue, () => void>();
  const restart = (queue: SubscriptionQueue, isDeleted: boolean): void => {
    loops.get(queue)?.();
    loops.delete(queue);
    if (queue.config.push && !isDeleted) loops.set(queue, startLoop(context, queue));
  };
  broker.onSubscriptionChange((change, queue) => restart(queue, change === 'deleted'));
  for (const queue of broker.queues) restart(queue, false);
  return () => {
    for (const stop of loops.values()) stop();
  };
}

function startLoop(context: LocalContext, queue: SubscriptionQueue): () => void {
  const stopped = new AbortController();
  let inFlight = 0;
  const detach = queue.attach({
    capacity: () => maxInFlight - inFlight,
    // The request itself is cut at the ack deadline: the lease only has to outlive it.
    ackDeadlineSeconds: () => queue.config.ackDeadlineSeconds + 5,
    deliver: (leased) => {
      inFlight += leased.length;
      for (const one of leased) {
        void pushOne(context, queue, one, stopped.signal).then((isAcknowledged) => {
          inFlight -= 1;
          if (stopped.signal.aborted) return;
          if (isAcknowledged) queue.acknowledge([one.ackId]);
          else queue.modifyDeadline(one.ackId, 0);
        });
      }
    },
    // The broker ends the loop.
    deleted: () => {},
  });
  return () => {
    detach();
    stopped.abort();
  };
}

async function pushOne(
  context: LocalContext,
  queue: SubscriptionQueue,
  leased: LeasedMessage,
  signal: AbortSignal,
): Promise<boolean> {
  const push = queue.config.push;
  if (!push) return false;
  const body = JSON.stringify(wrapMessage(leased.message, queue.config.name));
  const timeoutMs = queue.config.ackDeadlineSeconds * 1000;
  try {
    await context.faults.check('pubsub', 'push', 'before');
    const { status } = await post(push.endpoint, { 'content-type': 'application/json' }, body, { timeoutMs, signal });
    context.books.call('pubsub', 'push', status);
    await context.faults.check('pubsub', 'push', 'after');
    return acknowledging.has(status);
  } catch (error) {
    context.log('pubsub', `push to ${push.endpoint} failed: ${messageOf(error)}`);
    return false;
  }
}
