/**
 * Why a job waits: a fixed list of codes, each with its sentence, how long it may take, and what then happens. The page
 * docs/decision-codes.md says the same to users, and a test compares. What the cluster or the cloud said stands in the
 * record's own text (`waitingFor`).
 */

interface WaitReason {
  sentence: string;
  /** Null: as long as the job's own limits allow. */
  limitSeconds: number | null;
  /** What happens after the limit. */
  then: string;
}

const BY_LIMITS = 'the money and time limits of the job end it';

export const WAIT_REASONS = {
  files: { sentence: 'files that the job file names are not there', limitSeconds: 1800, then: 'the job fails' },
  data: { sentence: 'data in other buckets is not there', limitSeconds: 1800, then: 'the job fails' },
  place: {
    sentence: 'all places for clusters are taken',
    limitSeconds: null,
    then: 'it costs nothing, and goes on when a place is free',
  },
  cluster: { sentence: 'the cluster is being made', limitSeconds: null, then: BY_LIMITS },
  start: {
    sentence: 'Redis, driver and workers start',
    limitSeconds: 1200,
    then: 'the attempt fails with what the pods said',
  },
  machines: {
    sentence: 'the cloud has no machines of a kind, and another kind is asked for',
    limitSeconds: null,
    then: 'the workers that are there go on; without any the attempt fails after 30 minutes',
  },
  canary: { sentence: 'the first tasks are tried', limitSeconds: null, then: BY_LIMITS },
  approval: { sentence: 'a person has to approve growth', limitSeconds: null, then: BY_LIMITS },
  'image-pull': {
    sentence: 'the image of the workers cannot be pulled',
    limitSeconds: 1800,
    then: 'the attempt fails with what the pods said',
  },
  'pods-crash': {
    sentence: 'workers end as soon as they have started',
    limitSeconds: 1800,
    then: 'the attempt fails with what the pods said',
  },
  'pods-pending': {
    sentence: 'no machine has room for a worker',
    limitSeconds: 1800,
    then: 'the attempt fails with what the pods said',
  },
  'pods-start': {
    sentence: 'workers have not become ready yet',
    limitSeconds: 1800,
    then: 'the attempt fails with what the pods said',
  },
  'running-tasks': {
    sentence: 'tasks that run may finish before the attempt ends',
    limitSeconds: 600,
    then: 'the cluster is deleted without them',
  },
  results: { sentence: 'the bucket does not take the results yet', limitSeconds: null, then: BY_LIMITS },
  redis: {
    sentence: 'Redis cannot be read, and may hold results',
    limitSeconds: 1800,
    then: 'the cluster is deleted without them',
  },
  'debug-hold': { sentence: 'the job file says `debugHold`', limitSeconds: null, then: 'the cluster is deleted' },
  deletion: { sentence: 'the cluster is being deleted', limitSeconds: null, then: 'it is asked for again' },
} as const satisfies Record<string, WaitReason>;

export type WaitCode = keyof typeof WAIT_REASONS;

export const WAIT_CODES = Object.keys(WAIT_REASONS).filter(isWaitCode);

function isWaitCode(text: string): text is WaitCode {
  return Object.hasOwn(WAIT_REASONS, text);
}

/** As the record has it: what it waits for, and since when. */
export interface Waiting {
  code: WaitCode;
  since: string;
}

/** As users see it; null: the job does not wait. */
export function waitingView(
  waiting: Waiting | null,
  said: string | null,
): { code: WaitCode; said: string; since: string; until: string | null; then: string } | null {
  if (waiting === null || said === null) return null;
  const { limitSeconds, then } = WAIT_REASONS[waiting.code];
  const until = limitSeconds === null ? null : new Date(Date.parse(waiting.since) + limitSeconds * 1000).toISOString();
  return { code: waiting.code, said, since: waiting.since, until, then };
}

/** Which trouble of a pod, in Kubernetes' own words, is which reason. */
export function waitCodeOfTrouble(trouble: string | null): WaitCode {
  if (trouble === null) return 'pods-start';
  if (/ImagePull|ErrImage|InvalidImageName|ImageInspect/.test(trouble)) return 'image-pull';
  if (/Unschedulable|Insufficient|nodes are available/.test(trouble)) return 'pods-pending';
  return /CrashLoopBackOff|Error|OOMKilled|Evicted|Failed/.test(trouble) ? 'pods-crash' : 'pods-start';
}
