/**
 * StreamingPull: messages flow while the client has room; acknowledgements and deadlines come
 * back on the same stream or by unary calls.
 */
import { status, type ServerDuplexStream, type UntypedHandleCall } from '@grpc/grpc-js';
import type { LocalContext } from '../context.ts';
import type { Broker } from './broker.ts';
import { toServiceError } from './grpc-server.ts';
import { notFound, type PubsubError } from './pubsub-error.ts';
import type { SubscriptionQueue } from './subscription-queue.ts';
import { fromLeased } from './wire.ts';

interface StreamingPullRequest {
  subscription: string;
  ackIds: string[];
  modifyDeadlineSeconds: number[];
  modifyDeadlineAckIds: string[];
  streamAckDeadlineSeconds: number;
  maxOutstandingMessages: string;
}

export type PullStream = ServerDuplexStream<StreamingPullRequest, object>;

/** 0 means no limit of the client's; this one only keeps a single answer below the transport's limit. */
const unlimited = 1000;

export function streamingPull(context: LocalContext, broker: Broker, open: Set<PullStream>): UntypedHandleCall {
  return (stream: PullStream) => {
    open.add(stream);
    let pull: OpenPull | undefined;
    const end = (error?: unknown): void => {
      if (!open.delete(stream)) return;
      pull?.close();
      context.books.call('pubsub', 'streamingPull', error === undefined ? status.OK : toServiceError(error).code);
      if (error === undefined) stream.end();
      else stream.emit('error', toServiceError(error));
    };
    stream.on('data', (request: StreamingPullRequest) => {
      // What was on its way when the client left must not lease messages to nobody.
      if (!open.has(stream)) return;
      try {
        pull ??= new OpenPull(broker.queue(request.subscription), request, stream, end);
        pull.accept(request);
      } catch (error) {
        end(error);
      }
    });
    stream.on('end', () => end());
    stream.on('cancelled', () => end());
    if (stream.cancelled) return end();
    context.faults.check('pubsub', 'streamingPull', 'before').catch(end);
  };
}

/** Ends every stream the way a server that goes away does, so that clients connect anew. */
export function endStreams(open: Set<PullStream>): void {
  for (const stream of open) {
    stream.emit('error', { code: status.UNAVAILABLE, details: 'The server is stopping.' });
  }
  open.clear();
}

class OpenPull {
  readonly #queue: SubscriptionQueue;
  readonly #outstanding = new Set<string>();
  readonly #detach: () => void;
  readonly #stream: PullStream;
  readonly #limit: number;
  #deadlineSeconds: number;

  constructor(
    queue: SubscriptionQueue,
    first: StreamingPullRequest,
    stream: PullStream,
    end: (error: PubsubError) => void,
  ) {
    this.#queue = queue;
    this.#stream = stream;
    this.#limit = Number(first.maxOutstandingMessages) || unlimited;
    this.#deadlineSeconds = first.streamAckDeadlineSeconds || queue.config.ackDeadlineSeconds;
    stream.write({
      subscriptionProperties: {
        exactlyOnceDeliveryEnabled: false,
        messageOrderingEnabled: queue.config.enableMessageOrdering,
      },
    });
    this.#detach = queue.attach({
      capacity: () => this.#limit - this.#countOutstanding(),
      ackDeadlineSeconds: () => this.#deadlineSeconds,
      deliver: (leased) => {
        for (const one of leased) this.#outstanding.add(one.ackId);
        this.#stream.write({ receivedMessages: leased.map((one) => fromLeased(one, queue.config)) });
      },
      deleted: () => end(notFound(queue.config.name)),
    });
  }

  accept(request: StreamingPullRequest): void {
    if (request.streamAckDeadlineSeconds > 0) this.#deadlineSeconds = request.streamAckDeadlineSeconds;
    request.modifyDeadlineAckIds.forEach((ackId, index) => {
      this.#queue.modifyDeadline(ackId, request.modifyDeadlineSeconds[index] ?? 0);
    });
    if (request.ackIds.length > 0) this.#queue.acknowledge(request.ackIds);
  }

  close(): void {
    this.#detach();
  }

  /** Leases end by acknowledgement (on whatever call) or by their deadline: the queue knows which still stand. */
  #countOutstanding(): number {
    for (const ackId of this.#outstanding) if (!this.#queue.isLeased(ackId)) this.#outstanding.delete(ackId);
    return this.#outstanding.size;
  }
}
