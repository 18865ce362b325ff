/**
 * Notices to the Pub/Sub topic, and to the job's webhooks. No batching: a function
 * may be frozen right after it answers.
 */
import { PubSub } from '@google-cloud/pubsub';
import type { Notice, Notices } from '../ports/notices.ts';
import { log } from '../log.ts';
import { messageOf, PortError } from '../ports/port-error.ts';
import { callWebhook } from './webhook.ts';

const PUBLISH_SECONDS = 10;

/** Notices to a Pub/Sub topic and to webhooks. A secret signs what webhooks get. Throws PortError FF-NOTICE. */
export function connectNotices(settings: { projectId: string; topic: string; webhookSecret: string | null }): Notices {
  const topic = new PubSub({ projectId: settings.projectId }).topic(settings.topic, {
    batching: { maxMessages: 1 },
    gaxOpts: { timeout: PUBLISH_SECONDS * 1000 },
  });
  return {
    async publish(notice: Notice, webhooks: readonly string[]): Promise<void> {
      const { id, job, event } = notice;
      try {
        await topic.publishMessage({ json: notice, attributes: { id, job, event } });
      } catch (cause) {
        throw new PortError('FF-NOTICE', `publishing to ${settings.topic}: ${messageOf(cause)}`, {
          retry: true,
          cause,
        });
      }
      await Promise.all(webhooks.map((url) => tellWebhook(url, notice, settings.webhookSecret)));
    },
  };
}

/**
 * A webhook that does not answer is the receiver's loss: the topic has been told
 * already, and a pass must not hang on it.
 */
async function tellWebhook(url: string, notice: Notice, secret: string | null): Promise<void> {
  await callWebhook(url, notice, { secret }).catch((error: unknown) =>
    log('WARNING', `${messageOf(error)}: ${new URL(url).hostname} was not told of ${notice.event}`, {
      job: notice.job,
      code: 'FF-WEBHOOK',
    }),
  );
}
