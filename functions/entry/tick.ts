/**
 * Every minute: every live job, everything the events may have missed, and the orphan sweep. Alone
 * it is enough; events only make it quicker.
 */
import { findJobs } from '../reconcile/find-jobs.ts';
import { freeLeakedPlaces } from '../reconcile/place-list.ts';
import { withPatience } from '../reconcile/patient-ports.ts';
import { storageClock } from '../reconcile/storage-clock.ts';
import { sweep } from '../reconcile/sweep.ts';
import { log } from '../log.ts';
import { messageOf } from '../ports/port-error.ts';
import type { Ports } from '../ports/ports.ts';
import type { Context, Event } from './context.ts';
import { publishedMs } from './pubsub-message.ts';
import { runPasses } from './run-passes.ts';
import { visitJobs } from './visit-jobs.ts';

const JOBS_AT_ONCE = 16;
/** Of the visits, so that the next tick finds this one done. */
const ROUND_MS = 50_000;
/** One job's passes at a tick: a job that drains goes on at the next one, and does not hold the others up. */
const JOB_MS = 15_000;

/** After an outage many ticks wait; the newest does the work of all. */
const STALE_MS = 120_000;

/**
 * Visits every live job, and sweeps what bills without one. What a job's pass throws is logged, not thrown. What keeps
 * one part of this from being done keeps no other; the first such error is thrown at the end.
 */
export async function tick(context: Context, event: Event = {}): Promise<void> {
  const ports = withPatience(await context.ports());
  const since = publishedMs(event);
  if (since !== undefined && (await hasWaitedTooLong(ports, since)))
    return log('NOTICE', 'a tick that waited too long: acknowledged');
  const failures: unknown[] = [];
  for (const part of [
    () => visitAll(context, ports),
    () => freeLeakedPlaces(ports.buckets.state),
    () => sweep(ports, context.settings.installation),
  ])
    await part().catch((error: unknown) => failures.push(error));
  for (const failure of failures) log('ERROR', `tick: ${messageOf(failure)}`);
  if (failures.length > 0) throw failures[0];
}

/** One job's trouble must not keep the others from their pass. What has failed comes once more, after all others. */
async function visitAll(context: Context, ports: Ports): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const round = { atOnce: JOBS_AT_ONCE, untilMs: nowMs + ROUND_MS, number: Math.floor(nowMs / 60_000) };
  const failed: string[] = [];
  const visit = async (job: string): Promise<void> => {
    await runPasses(context, job, undefined, JOB_MS).catch((error: unknown) => {
      log('ERROR', `tick: ${messageOf(error)}`, { job });
      failed.push(job);
    });
  };
  const left = await visitJobs(await findJobs(ports, nowMs), round, ports.clock, visit);
  await visitJobs(failed.splice(0), round, ports.clock, visit);
  if (left > 0) log('WARNING', `tick: ${left} jobs were not reached in time; the next one begins with others`);
}

/** An instance whose clock is ahead must not take every tick for an old one: the storage's time decides. */
async function hasWaitedTooLong({ clock, buckets }: Ports, publishedAtMs: number): Promise<boolean> {
  if (clock.nowMs() - publishedAtMs <= STALE_MS) return false;
  return (await storageClock(clock, buckets.state, null)).nowMs() - publishedAtMs > STALE_MS;
}
