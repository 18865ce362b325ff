/**
 * Pure: why containers of workers died, from what Kubernetes says of them now. Every pass compares all deaths that have
 * no explanation yet with the pods; one that was explained is no longer among them.
 */
import type { Action } from '../job/action.ts';
import type { ContainerDeath, ContainerEnd, DeathCause, ExplainedDeath, PodEnd } from '../job/death.ts';
import type { Observation } from '../job/observation.ts';

const NO_MORE_KNOWN = 'killed its container was ended with it';

/** Tells the driver what a pod's end says of why a worker died; no action where nothing is new. */
export function explainDeaths({ deaths, podEnds }: Pick<Observation, 'deaths' | 'podEnds'>): Action[] {
  const explained = deaths.flatMap((death): ExplainedDeath[] => {
    const cause = causeOf(death, podEnds[death.pod] ?? null);
    return cause === null ? [] : [{ id: death.id, was: death.cause, cause }];
  });
  return explained.length > 0 ? [{ do: 'explain-deaths', deaths: explained }] : [];
}

/** Null: it is not known yet. */
function causeOf(death: ContainerDeath, end: PodEnd): DeathCause | null {
  if (end === null) return null;
  if (end === 'gone') return NO_MORE_KNOWN;
  // The kubelet has not told yet of this end, only of one before it.
  if (end.finishedSeconds < Math.floor(death.beganSeconds)) return null;
  // Only the last end is told, and this pod has died again since.
  if (end.finishedSeconds > death.countedSeconds) return NO_MORE_KNOWN;
  return end.reason === 'OOMKilled' ? `memory ${limitText(end)}` : `${NO_MORE_KNOWN} (${end.reason}, ${end.exitCode})`;
}

function limitText({ memoryLimit }: ContainerEnd): string {
  return memoryLimit === null ? 'no limit of its own' : `limit ${memoryLimit}`;
}
