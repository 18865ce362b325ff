/**
 * Pure: from what is known and seen to what should be. Picks the rule by phase; user
 * requests and limits come first, in every phase.
 */
import type { Observation } from '../job/observation.ts';
import type { JobRecord } from '../job/job-record.ts';
import { withCluster, withEnding } from '../job/known-record.ts';
import type { PassSettings } from '../job/settings.ts';
import { isTerminal } from '../job/phase.ts';
import { limitStored } from './limit-stored.ts';
import { enforceLimits, meter } from './plan-budget.ts';
import { planCanary } from './plan-canary.ts';
import { planCreating } from './plan-creating.ts';
import { planDeleting } from './plan-deleting.ts';
import { planDraining } from './plan-draining.ts';
import { planRequests } from './plan-requests.ts';
import { planRunning } from './plan-running.ts';
import { planStarting } from './plan-starting.ts';
import { planWaiting } from './plan-waiting.ts';
import { iso, stay, type Step } from './step.ts';

/** What one pass makes of record and observation: the next record, and the actions once it is saved. Pure. */
export function plan(record: JobRecord, seen: Observation, settings: PassSettings): Step {
  const metered = meter(record, seen, settings);
  const asked = planRequests(withProgress(metered, seen), seen);
  const limited = limitStored(enforceLimits(asked.record, seen.nowMs), seen);
  const step = planPhase(limited, seen, settings);
  return { record: step.record, actions: [...asked.actions, ...step.actions] };
}

function planPhase(record: JobRecord, seen: Observation, settings: PassSettings): Step {
  if (isTerminal(record.phase)) return stay(record);
  switch (record.phase) {
    case 'waiting':
      return planWaiting(record, seen, settings);
    case 'creating':
      return planCreating(withCluster(record), seen, settings);
    case 'starting':
      return planStarting(withCluster(record), seen);
    case 'canary':
    case 'approval':
      return planCanary(withCluster(record), seen, settings);
    case 'running':
      return planRunning(withCluster(record), seen, settings);
    case 'draining':
      return planDraining(withEnding(record), seen);
    case 'deleting':
      return planDeleting(withCluster(record), seen);
  }
}

/** Keeps the last readable progress, and since when nothing has moved although there is work. */
function withProgress(record: JobRecord, seen: Observation): JobRecord {
  if (seen.progress === null || seen.progress === 'unknown') return record;
  const before = record.progress;
  const moved = before === null || seen.progress.done + seen.progress.failed > before.done + before.failed;
  const work = seen.progress.waiting + seen.progress.running > 0;
  const since = record.stalledSince ?? iso(seen.nowMs);
  return { ...record, progress: seen.progress, stalledSince: moved || !work ? null : since };
}
