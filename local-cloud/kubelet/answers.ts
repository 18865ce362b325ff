/**
 * What the API server answers, as one of the kubelet's types. It is looked at as far as its kind goes; its fields have
 * passed the server's own checks. Throws for anything else.
 */
import * as z from 'zod';
import { isPlain } from '../is-plain.ts';
import type { EventObject, Lease, NodeObject, Pod, Service, TokenRequest, WithData } from './types.ts';

/** A list as the server pages it. Its items do not name their kind. */
export interface ListOf<T> {
  metadata?: { resourceVersion?: string };
  items?: T[];
}

export const asPod = reader<Pod>('Pod');
export const asPods = reader<ListOf<Pod>>('PodList');
export const asNode = reader<NodeObject>('Node');
export const asLease = reader<Lease>('Lease');
export const asEvents = reader<ListOf<EventObject>>('EventList');
export const asServices = reader<ListOf<Service>>('ServiceList');
export const asSecret = reader<WithData>('Secret');
export const asConfigMap = reader<WithData>('ConfigMap');
export const asTokenRequest = reader<TokenRequest>('TokenRequest');

/** What an answer that is no object of a kind says: a refusal, or the end of a watch. */
export const status = z.object({
  code: z.number().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
});

function reader<T>(kind: string): (answer: unknown) => T {
  const schema = z.custom<T>((answer) => isPlain(answer) && answer['kind'] === kind, `no ${kind}`);
  return (answer) => schema.parse(answer);
}
