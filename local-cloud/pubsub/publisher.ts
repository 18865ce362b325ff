/** google.pubsub.v1.Publisher on the broker. */
import type { Broker } from './broker.ts';
import { unary, type UnaryMethod } from './grpc-server.ts';
import type { TopicConfig } from './model.ts';
import { page } from './paging.ts';
import { fromTopic, mergeMasked, toTopic, type WireMessage, type WireTopic } from './wire.ts';

const changeable: Record<string, keyof TopicConfig> = {
  labels: 'labels',
  message_retention_duration: 'messageRetentionMs',
};

export function publisherMethods(broker: Broker): Record<string, UnaryMethod> {
  return {
    CreateTopic: unary((wire: WireTopic) => fromTopic(broker.createTopic(toTopic(wire)))),
    UpdateTopic: unary(({ topic, updateMask }: { topic: WireTopic; updateMask: { paths: string[] } | null }) => {
      const stored = broker.topic(topic.name);
      return fromTopic(broker.updateTopic(mergeMasked(stored, toTopic(topic), updateMask?.paths ?? [], changeable)));
    }),
    GetTopic: unary(({ topic }: { topic: string }) => fromTopic(broker.topic(topic))),
    DeleteTopic: unary(({ topic }: { topic: string }) => {
      broker.deleteTopic(topic);
      return {};
    }),
    ListTopics: unary((request: { project: string; pageSize: number; pageToken: string }) => {
      const names = [...broker.topics.keys()].filter((name) => name.startsWith(`${request.project}/topics/`));
      const { items, nextPageToken } = page(names, request);
      return { topics: items.map((name) => fromTopic(broker.topic(name))), nextPageToken };
    }),
    ListTopicSubscriptions: unary((request: { topic: string; pageSize: number; pageToken: string }) => {
      broker.topic(request.topic);
      const { items, nextPageToken } = page(
        broker.subscriptionsOf(request.topic).map((queue) => queue.config.name),
        request,
      );
      return { subscriptions: items, nextPageToken };
    }),
    Publish: unary(({ topic, messages }: { topic: string; messages: WireMessage[] }) => ({
      messageIds: broker.publish(topic, messages),
    })),
  };
}
