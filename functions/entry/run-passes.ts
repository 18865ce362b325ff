/**
 * Runs passes over a job until nothing more follows by itself. Decides ack or retry: returning acknowledges the
 * event, throwing has it delivered again. A record that cannot be understood is acknowledged: repeating would not
 * help, and the tick reports it every minute.
 */
import { log } from '../log.ts';
import { messageOf, PortError } from '../ports/port-error.ts';
import type { Ports } from '../ports/ports.ts';
import { withPatience } from '../reconcile/patient-ports.ts';
import { reconcileJob } from '../reconcile/reconcile-job.ts';
import type { Context } from './context.ts';

/** Well below the platform's limit of 540 s, so that a pass that has begun can end. */
const BUDGET_MS = 120_000;
const BETWEEN_PASSES_MS = 1000;
const BETWEEN_LOOKS_MS = 300;

/**
 * Passes over one job until nothing follows by itself or `budgetMs` are over. `eventMs` is when the event was
 * published.
 */
export async function runPasses(
  context: Context,
  job: string,
  eventMs?: number,
  budgetMs: number = BUDGET_MS,
): Promise<void> {
  try {
    const ports = withPatience(await context.ports());
    await passUntilQuiet(context, ports, job, eventMs, budgetMs);
  } catch (error) {
    const known = error instanceof PortError ? error : null;
    const retry = known?.retry ?? true;
    log(retry ? 'WARNING' : 'ERROR', messageOf(error), { job, code: known?.code ?? 'FF-UNEXPECTED', retry });
    if (retry) throw error;
  }
}

async function passUntilQuiet(
  context: Context,
  ports: Ports,
  job: string,
  eventMs: number | undefined,
  budgetMs: number,
): Promise<void> {
  const until = ports.clock.nowMs() + budgetMs;
  // A pass that follows by itself is not asked for by the event, so no earlier look can have covered it.
  let since = eventMs;
  for (;;) {
    const result = await reconcileJob(ports, context.settings, job, since);
    if (result.did === 'acted') since = undefined;
    const isBusy = result.did === 'left-to-another';
    if (!isBusy && !(result.did === 'acted' && result.again)) return;
    if (ports.clock.nowMs() > until)
      throw new PortError('FF-PASS-BUDGET', `job ${job}: not finished within one invocation`, { retry: true });
    await ports.clock.sleep(isBusy ? BETWEEN_LOOKS_MS : BETWEEN_PASSES_MS);
  }
}
