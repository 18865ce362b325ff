/**
 * The two events that the functions get, in the shape that Eventarc sends: CloudEvents 1.0 over HTTP in binary content
 * mode. Pure: what happened in, headers and body out.
 */
import * as z from 'zod';
import type { Message } from '../pubsub/model.ts';
import { wrapMessage } from '../pubsub/push-delivery.ts';

export interface HttpEvent {
  headers: Record<string, string>;
  body: string;
}

/** The members of an object's metadata that the event needs; the body carries the whole of it. */
export const finalizedObject = z.looseObject({
  bucket: z.string(),
  name: z.string(),
  updated: z.exactOptional(z.string()),
});
export type FinalizedObject = Pick<z.infer<typeof finalizedObject>, 'bucket' | 'name' | 'updated'>;

export const storageFinalized = 'google.cloud.storage.object.v1.finalized';
export const messagePublished = 'google.cloud.pubsub.topic.v1.messagePublished';

/**
 * `transport` is the Pub/Sub message in which Eventarc carries the event: its id is the
 * event's, so a repeated delivery keeps it.
 */
export function storageEvent(object: FinalizedObject, transport: Message): HttpEvent {
  return {
    headers: {
      'ce-id': transport.id,
      'ce-source': `//storage.googleapis.com/projects/_/buckets/${object.bucket}`,
      'ce-type': storageFinalized,
      'ce-specversion': '1.0',
      'ce-time': object.updated ?? new Date(transport.publishTimeMs).toISOString(),
      'ce-subject': headerValue(`objects/${object.name}`),
      'ce-bucket': object.bucket,
      'content-type': 'application/json',
    },
    body: JSON.stringify(object),
  };
}

export function pubsubEvent(message: Message, topic: string, subscription: string): HttpEvent {
  return {
    headers: {
      'ce-id': message.id,
      'ce-source': `//pubsub.googleapis.com/${topic}`,
      'ce-type': messagePublished,
      'ce-specversion': '1.0',
      'ce-time': new Date(message.publishTimeMs).toISOString(),
      'content-type': 'application/json',
    },
    body: JSON.stringify(wrapMessage(message, subscription)),
  };
}

/**
 * The HTTP binding of CloudEvents percent-encodes what a header cannot hold:
 * outside printable ASCII, space, `"` and `%`.
 */
function headerValue(text: string): string {
  return text.replace(/[^\x21-\x7e]|["%]/gu, (character) =>
    [...Buffer.from(character, 'utf8')].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
