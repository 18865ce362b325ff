/**
 * One delivery of one event to one function: the request, the scripted faults, the verdict.
 * Retrying is the subscription's business.
 */
import { once } from 'node:events';
import { messageOf } from '../error-text.ts';
import { sleep } from '../clock.ts';
import type { LocalContext } from '../context.ts';
import { InjectedFault, type FaultRule } from '../faults.ts';
import { post } from '../pubsub/http-post.ts';
import type { HttpEvent } from './cloud-events.ts';

export interface DeliveryOptions {
  functionUrl(name: string): Promise<string>;
  requestTimeoutMs: number;
  signal: AbortSignal;
}

const acknowledging = new Set([102, 200, 201, 202, 204]);

/** True when the event is done with: handled, or lost by a scripted fault. */
export async function deliver(
  context: LocalContext,
  name: string,
  event: HttpEvent,
  options: DeliveryOptions,
): Promise<boolean> {
  const { signal } = options;
  const before = await untilAborted(injected(context, name, 'before'), signal);
  if (before && before.effect !== 'duplicate') return failedBefore(context, before, options);
  const isHandled = await send(context, name, event, options);
  if (before?.effect === 'duplicate') return (await send(context, name, event, options)) && isHandled;
  const after = await untilAborted(injected(context, name, 'after'), signal);
  if (after?.effect === 'duplicate') return (await send(context, name, event, options)) && isHandled;
  return isHandled && after === undefined;
}

async function injected(context: LocalContext, name: string, when: 'before' | 'after'): Promise<FaultRule | undefined> {
  try {
    await context.faults.check('eventarc', `deliver ${name}`, when);
    return undefined;
  } catch (error) {
    if (error instanceof InjectedFault) return error.rule;
    throw error;
  }
}

async function failedBefore(context: LocalContext, rule: FaultRule, options: DeliveryOptions): Promise<boolean> {
  if (rule.effect === 'drop') return true;
  if (rule.effect === 'hang') await untilAborted(sleep(context.clock, options.requestTimeoutMs), options.signal);
  return rule.effect === 'status' && acknowledging.has(rule.status ?? 0);
}

/**
 * The end of the local cloud ends every wait: what is waited for may take ten minutes, and may fail when nobody waits
 * for it any more.
 */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  signal.throwIfAborted();
  const over = new AbortController();
  const aborted = once(signal, 'abort', { signal: over.signal }).then((): never => {
    throw signal.reason;
  });
  aborted.catch(() => undefined);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    over.abort();
  }
}

async function send(context: LocalContext, name: string, event: HttpEvent, options: DeliveryOptions): Promise<boolean> {
  try {
    const url = await untilAborted(options.functionUrl(name), options.signal);
    const answer = await post(url, event.headers, event.body, {
      timeoutMs: options.requestTimeoutMs,
      signal: options.signal,
    });
    context.books.call('eventarc', `deliver ${name}`, answer.status);
    if (acknowledging.has(answer.status)) return true;
    context.log('eventarc', `${name} answered ${answer.status}: ${answer.body.slice(0, 300)}`);
  } catch (error) {
    if (!options.signal.aborted) context.log('eventarc', `${name} was not reached: ${messageOf(error)}`);
  }
  return false;
}
