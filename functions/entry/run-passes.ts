/**
 * Runs passes over a job until nothing more follows by itself. Decides ack or retry: returning acknowledges the event, throwing has it
 * delivered again. A record that cannot be understood is acknowledged: repeating would not help, and the tick reports it every minute.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { log } from '../log.ts';
import { messageOf, PortError } from '../ports/port-error.ts';
import { reconcileJob } from '../reconcile/reconcile-job.ts';
import type { Context } from './context.ts';

/** Well below the platform's limit of 540 s, so that a pass that has begun can end. */
const BUDGET_MS = 120_000;
const BETWEEN_PASSES_MS = 1000;
const BETWEEN_LOOKS_MS = 300;

export async function runPasses(context: Context, job: string, eventMs?: number): Promise<void> {
  // A pass that follows by itself is not asked for by the event, so no earlier look can have covered it.
  let since = eventMs;
  const ports = await context.ports();
  const until = ports.clock.nowMs() + BUDGET_MS;
  try {
    for (;;) {
      const result = await reconcileJob(ports, context.settings, job, since);
      if (result.did === 'acted') since = undefined;
      const repeat = result.did === 'left-to-another' || (result.did === 'acted' && result.again);
      if (!repeat) return;
      if (ports.clock.nowMs() > until)
        throw new PortError('FF-PASS-BUDGET', `job ${job}: not finished within one invocation`, { retry: true });
      await delay(result.did === 'left-to-another' ? BETWEEN_LOOKS_MS : BETWEEN_PASSES_MS);
    }
  } catch (error) {
    const retry = !(error instanceof PortError) || error.retry;
    log(retry ? 'WARNING' : 'ERROR', messageOf(error), {
      job,
      code: error instanceof PortError ? error.code : 'FF-UNEXPECTED',
      retry,
    });
    if (retry) throw error;
  }
}
