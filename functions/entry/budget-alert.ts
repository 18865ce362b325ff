/**
 * The billing budget is used up: every live job is paused, which saves its results and
 * deletes its cluster; all can be resumed.
 */
import { z } from 'zod';
import { paths } from '../job/names.ts';
import { inParallel } from '../in-parallel.ts';
import { log } from '../log.ts';
import { findLiveJobs } from '../reconcile/find-jobs.ts';
import type { Context, Event } from './context.ts';
import { decodeMessage } from './pubsub-message.ts';
import { runPasses } from './run-passes.ts';

/** Cloud Billing, "Set up programmatic notifications": the fields of a notification that matter here. */
const notification = z.object({ costAmount: z.number(), budgetAmount: z.number().positive() });

const JOBS_AT_ONCE = 8;

/** Asks every live job to pause when the project's budget is used up. Throws what is worth another delivery. */
export async function budgetAlert(context: Context, event: Event): Promise<void> {
  const parsed = notification.safeParse(decodeMessage(event)?.data);
  if (!parsed.success) return log('WARNING', 'not a budget notification: acknowledged', { event: event.id });
  const { costAmount, budgetAmount } = parsed.data;
  if (costAmount < budgetAmount) return;
  const { buckets } = await context.ports();
  const reason = JSON.stringify({ by: 'budget', text: `the budget of ${budgetAmount} is used up (${costAmount})` });
  // Every job is asked before any pass begins: one that drains slowly, or fails,
  // must not keep the others from being asked.
  const jobs = await findLiveJobs(buckets);
  const refused: unknown[] = [];
  await inParallel(JOBS_AT_ONCE, jobs, async (job) => {
    await buckets.uploads
      .write(paths.control(job, 'pause'), reason, { contentType: 'application/json' })
      .catch((error: unknown) => refused.push(error));
  });
  await inParallel(JOBS_AT_ONCE, jobs, (job) => runPasses(context, job).catch(() => undefined));
  // The event comes again for those that could not be asked; for the others a second request changes nothing.
  if (refused.length > 0) throw new AggregateError(refused, `${refused.length} jobs could not be asked to pause`);
}
