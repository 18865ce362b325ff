/**
 * Topics and subscriptions: what publishing, subscribing and deleting mean, kept on disk by
 * broker-log.ts. Knows nothing of gRPC or HTTP. Not imitated: schemas, filters, snapshots, exactly-once
 * delivery, replay of acknowledged messages.
 */
import type { Clock } from '../clock.ts';
import { BrokerLog, fromStored, toStored, type LogRecord } from './broker-log.ts';
import { checkName, checkPublish, checkSubscription, deletedTopic, toMessage } from './model.ts';
import type { Message, MessageInput, SubscriptionConfig, TopicConfig } from './model.ts';
import { alreadyExists, notFound, shortName } from './pubsub-error.ts';
import { SubscriptionQueue } from './subscription-queue.ts';

export type SubscriptionChange = 'created' | 'updated' | 'deleted';

export class Broker {
  readonly topics = new Map<string, TopicConfig>();
  readonly #queues = new Map<string, SubscriptionQueue>();
  readonly #listeners = new Map<string, Set<(message: Message) => void>>();
  readonly #changeListeners: ((change: SubscriptionChange, queue: SubscriptionQueue) => void)[] = [];
  readonly #clock: Clock;
  readonly #log: BrokerLog;
  #lastId = 0;

  constructor(dir: string, clock: Clock) {
    this.#clock = clock;
    this.#log = new BrokerLog(dir);
    for (const record of this.#log.read()) this.#replay(record);
    this.#log.rewrite(this.#records());
  }

  createTopic(topic: TopicConfig): TopicConfig {
    checkName('topics', topic.name);
    if (this.topics.has(topic.name)) throw alreadyExists(topic.name);
    return this.#saveTopic(topic);
  }

  updateTopic(topic: TopicConfig): TopicConfig {
    this.topic(topic.name);
    return this.#saveTopic(topic);
  }

  topic(name: string): TopicConfig {
    const topic = this.topics.get(name);
    if (!topic) throw notFound(name);
    return topic;
  }

  /** Its subscriptions stay, with what they already hold, and show the topic as deleted. */
  deleteTopic(name: string): void {
    this.topic(name);
    this.#append({ what: 'topic-deleted', name });
    this.#forgetTopic(name);
  }

  publish(topic: string, inputs: MessageInput[]): string[] {
    this.topic(topic);
    checkPublish(inputs);
    const now = this.#clock.nowMs();
    const messages = inputs.map((input) => toMessage(input, this.#nextId(now), now));
    const queues = this.subscriptionsOf(topic);
    if (queues.length > 0) {
      this.#append({
        what: 'published',
        subscriptions: queues.map((queue) => queue.config.name),
        messages: messages.map(toStored),
      });
    }
    for (const queue of queues) for (const message of messages) queue.add(message);
    for (const queue of queues) queue.dispatch();
    for (const listener of this.#listeners.get(topic) ?? []) messages.forEach(listener);
    return messages.map((message) => message.id);
  }

  /** Hears what is published from now on; remembers nothing. The answer ends it. */
  listen(topic: string, listener: (message: Message) => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  createSubscription(config: SubscriptionConfig): SubscriptionQueue {
    checkSubscription(config);
    this.topic(config.topic);
    if (this.#queues.has(config.name)) throw alreadyExists(config.name);
    this.#append({ what: 'subscription', subscription: config });
    const queue = this.#addQueue(config);
    this.#tell('created', queue);
    return queue;
  }

  updateSubscription(config: SubscriptionConfig): SubscriptionQueue {
    const queue = this.queue(config.name);
    checkSubscription(config);
    this.#append({ what: 'subscription', subscription: config });
    queue.config = config;
    this.#tell('updated', queue);
    return queue;
  }

  deleteSubscription(name: string): void {
    const queue = this.queue(name);
    this.#append({ what: 'subscription-deleted', name });
    this.#queues.delete(name);
    queue.delete();
    this.#tell('deleted', queue);
  }

  queue(name: string): SubscriptionQueue {
    const queue = this.#queues.get(name);
    if (!queue) throw notFound(name);
    return queue;
  }

  get queues(): SubscriptionQueue[] {
    return [...this.#queues.values()];
  }

  subscriptionsOf(topic: string): SubscriptionQueue[] {
    return this.queues.filter((queue) => queue.config.topic === topic);
  }

  onSubscriptionChange(listener: (change: SubscriptionChange, queue: SubscriptionQueue) => void): void {
    this.#changeListeners.push(listener);
  }

  /** Drops what is older than its subscription keeps, also where nobody asks for messages. */
  dropOld(): void {
    for (const queue of this.queues) queue.forget(this.#clock.nowMs() - queue.config.messageRetentionMs);
  }

  close(): void {
    for (const queue of this.queues) queue.close();
    this.#log.close();
  }

  #saveTopic(topic: TopicConfig): TopicConfig {
    this.#append({ what: 'topic', topic });
    this.topics.set(topic.name, topic);
    return topic;
  }

  #forgetTopic(name: string): void {
    this.topics.delete(name);
    for (const queue of this.subscriptionsOf(name)) queue.config = { ...queue.config, topic: deletedTopic };
  }

  #addQueue(config: SubscriptionConfig): SubscriptionQueue {
    const subscription = config.name;
    const queue = new SubscriptionQueue(config, this.#clock, {
      settled: (ids) => this.#append({ what: 'settled', subscription, ids }),
      attempted: (id, attempts) => this.#append({ what: 'attempted', subscription, id, attempts }),
      deadLettered: (message, attempts) => this.#deadLetter(queue.config, message, attempts),
    });
    this.#queues.set(subscription, queue);
    return queue;
  }

  /** As in the service, a dead letter to a topic that is gone is simply lost. */
  #deadLetter(config: SubscriptionConfig, message: Message, attempts: number): void {
    const topic = config.deadLetter?.topic;
    if (topic === undefined || !this.topics.has(topic)) return;
    const source = {
      CloudPubSubDeadLetterSourceDeliveryCount: String(attempts),
      CloudPubSubDeadLetterSourceSubscription: shortName(config.name),
      CloudPubSubDeadLetterSourceSubscriptionProject: config.name.split('/')[1] ?? '',
      CloudPubSubDeadLetterSourceTopicPublishTime: new Date(message.publishTimeMs).toISOString(),
    };
    this.publish(topic, [{ ...message, attributes: { ...message.attributes, ...source } }]);
  }

  #tell(change: SubscriptionChange, queue: SubscriptionQueue): void {
    for (const listener of this.#changeListeners) listener(change, queue);
  }

  /** Ids only ever rise, over restarts too, because the clock's microseconds are their floor. */
  #nextId(nowMs: number): string {
    this.#lastId = Math.max(this.#lastId + 1, nowMs * 1000);
    return String(this.#lastId);
  }

  #append(record: LogRecord): void {
    this.#log.append(record);
    // After the current change is complete in memory: the rewritten log must contain it.
    if (this.#log.isLong) queueMicrotask(() => this.#log.isLong && this.#log.rewrite(this.#records()));
  }

  #records(): LogRecord[] {
    const records: LogRecord[] = [...this.topics.values()].map((topic) => ({ what: 'topic', topic }));
    for (const queue of this.queues) {
      const subscription = queue.config.name;
      records.push({ what: 'subscription', subscription: queue.config });
      for (const message of queue.backlog) {
        records.push({ what: 'published', subscriptions: [subscription], messages: [toStored(message)] });
        const attempts = queue.attemptsOf(message.id);
        if (attempts > 0) records.push({ what: 'attempted', subscription, id: message.id, attempts });
      }
    }
    return records;
  }

  #replay(record: LogRecord): void {
    switch (record.what) {
      case 'topic':
        this.topics.set(record.topic.name, record.topic);
        break;
      case 'topic-deleted':
        this.#forgetTopic(record.name);
        break;
      case 'subscription': {
        const known = this.#queues.get(record.subscription.name);
        if (known) known.config = record.subscription;
        else this.#addQueue(record.subscription);
        break;
      }
      case 'subscription-deleted':
        this.#queues.delete(record.name);
        break;
      case 'published':
      case 'settled':
      case 'attempted':
        this.#replayMessages(record);
        break;
    }
  }

  #replayMessages(record: LogRecord & { what: 'published' | 'settled' | 'attempted' }): void {
    if (record.what === 'published') {
      for (const stored of record.messages) {
        this.#lastId = Math.max(this.#lastId, Number(stored.id));
        for (const name of record.subscriptions) this.#queues.get(name)?.add(fromStored(stored));
      }
    } else {
      const queue = this.#queues.get(record.subscription);
      if (record.what === 'settled') queue?.restoreSettled(record.ids);
      else queue?.restoreAttempts(record.id, record.attempts);
    }
  }
}
