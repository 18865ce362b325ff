/**
 * Notices to the Pub/Sub topic, and to the job's webhooks. No batching: a function
 * may be frozen right after it answers.
 */
import { PubSub } from '@google-cloud/pubsub';
import type { Notice, Notices } from '../ports/notices.ts';
import { messageOf, PortError } from '../ports/port-error.ts';

const PUBLISH_SECONDS = 10;
const WEBHOOK_MS = 5000;

export function connectNotices(settings: { projectId: string; topic: string }): Notices {
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
      await Promise.all(webhooks.map((url) => callWebhook(url, notice)));
    },
  };
}

/**
 * A webhook that does not answer is the receiver's loss: the topic has been told
 * already, and a pass must not hang on it.
 */
async function callWebhook(url: string, notice: Notice): Promise<void> {
  await fetch(url, {
    method: 'POST',
    redirect: 'error',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(notice),
    signal: AbortSignal.timeout(WEBHOOK_MS),
  }).catch(() => undefined);
}
