/**
 * Cloud Scheduler with one job: a message to a topic every interval. The next one is due an interval after the last was
 * published, also over a restart. What fell due while the local cloud was down is made up for by one message. Two never
 * run at once because the trigger of the function handles one event at a time.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { LocalContext } from '../context.ts';
import { replaceText } from '../disk.ts';
import type { RunningPubsub } from '../pubsub/pubsub.ts';
import { readJsonIfWhole } from '../read-json.ts';

const lastRun = z.object({ lastRunMs: z.number() });

export interface RunningScheduler {
  /** Publishes at once (as `gcloud scheduler jobs run` does); the interval starts anew. */
  runNow(): void;
  stop(): void;
}

export function startScheduler(
  context: LocalContext,
  options: { pubsub: RunningPubsub; topic: string; intervalMs: number },
): RunningScheduler {
  const dir = join(context.stateDir, 'scheduler');
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'last-run.json');
  let cancel = (): void => {};
  let isStopped = false;
  const plan = (lastRunMs: number): void => {
    cancel();
    const delayMs = Math.max(0, lastRunMs + options.intervalMs - context.clock.nowMs());
    cancel = context.clock.after(Math.min(delayMs, options.intervalMs), run);
  };
  const run = (): void => {
    if (isStopped) return;
    options.pubsub.publish(options.topic, { data: 'tick' });
    const nowMs = context.clock.nowMs();
    replaceText(file, JSON.stringify({ lastRunMs: nowMs }));
    plan(nowMs);
  };
  plan(readJsonIfWhole(file, lastRun)?.lastRunMs ?? context.clock.nowMs());
  return {
    runNow: run,
    stop: () => {
      isStopped = true;
      cancel();
    },
  };
}
