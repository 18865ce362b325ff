/** The billing budget is used up: every live job is paused, which saves its results and deletes its cluster; all can be resumed. */
import { z } from 'zod';
import { paths } from '../job/names.ts';
import { log } from '../log.ts';
import { findJobs } from '../reconcile/find-jobs.ts';
import type { Context, Event } from './context.ts';
import { decodeMessage } from './pubsub-message.ts';
import { runPasses } from './run-passes.ts';

/** Cloud Billing, "Set up programmatic notifications": the fields of a notification that matter here. */
const notification = z.object({ costAmount: z.number(), budgetAmount: z.number().positive() });

export async function budgetAlert(context: Context, event: Event): Promise<void> {
  const parsed = notification.safeParse(decodeMessage(event)?.data);
  if (!parsed.success) return log('WARNING', 'not a budget notification: acknowledged', { event: event.id });
  const { costAmount, budgetAmount } = parsed.data;
  if (costAmount < budgetAmount) return;
  const { buckets } = await context.ports();
  for (const job of await findJobs(buckets)) {
    const reason = JSON.stringify({ by: 'budget', text: `the budget of ${budgetAmount} is used up (${costAmount})` });
    await buckets.uploads.write(paths.control(job, 'pause'), reason, { contentType: 'application/json' });
    await runPasses(context, job);
  }
}
