/**
 * Deterministic names: what a crash leaves behind can be found again, and "already
 * exists" means "adopt after checking labels".
 */

/** A folder's job file is the first of these that it has. */
export const JOB_FILES = ['job.yaml', 'job.yml', 'job.json'] as const;

/** In a job's folder: the job file, and what is said through control/ and status.json. All else is data. */
export const NOT_DATA = /^(job\.ya?ml|job\.json|status\.json|control\/.*)$/;

/** Prefix of every cluster of ours; followed by job id and attempt. */
const CLUSTER_PREFIX = 'ff-';

/** Labels that every billable thing carries: who installed us, and for which job. */
export const LABEL_INSTALLATION = 'foreach-fleet-installation';
export const LABEL_JOB = 'foreach-fleet-job';
/** On a cluster: UNIX seconds by which the job's limits have ended it, whoever can read its record or not. */
export const LABEL_ENDS_BY = 'foreach-fleet-ends-by';

/** GKE allows 40 characters: 3 + a job id of at most 32 + '-' + an attempt of at most 4 digits. */
export function clusterName(job: string, attempt: number): string {
  return `${CLUSTER_PREFIX}${job}-${attempt}`;
}

/** Job id of a cluster name, or undefined when the name is not of our form. */
export function jobOfCluster(name: string): string | undefined {
  return /^ff-([a-z](?:[-a-z0-9]{0,30}[a-z0-9])?)-[0-9]{1,4}$/.exec(name)?.[1];
}

/** The labels of everything billable of a job: whose it is, and for which job. */
export function clusterLabels(installation: string, job: string): Record<string, string> {
  return { [LABEL_INSTALLATION]: installation, [LABEL_JOB]: job };
}

/** Where a job's objects lie in the three buckets. */
export const paths = {
  folder: (job: string) => `jobs/${job}/`,
  control: (job: string, what: string) => `jobs/${job}/control/${what}.json`,
  status: (job: string) => `jobs/${job}/status.json`,
  record: (job: string) => `jobs/${job}.json`,
  /** When all folders were searched last, by its time. */
  searched: 'searched',
  live: (job: string) => `live/${job}`,
  /** The record as the last finished pass has left it: for the case that the record itself cannot be read. */
  previousRecord: (job: string) => `previous/${job}.json`,
  /** A record that could not be read, as it was: for people. */
  unreadableRecord: (job: string, generation: string) => `set-aside/${job}/${generation}.json`,
  resumeLedger: (job: string, attempt: number) => `resume/${job}/attempt-${attempt}.jsonl`,
  /** Signed URLs of the job's data files. */
  fileList: (job: string, attempt: number) => `inputs/${job}/attempt-${attempt}.json`,
  attempt: (job: string, attempt: number) => `${job}/attempt-${attempt}/`,
  ledgerSegment: (job: string, attempt: number, segment: number) =>
    `${job}/attempt-${attempt}/ledger/${String(segment).padStart(6, '0')}.jsonl`,
  errorSegment: (job: string, attempt: number, segment: number) =>
    `${job}/attempt-${attempt}/errors/${String(segment).padStart(6, '0')}.jsonl`,
  /** Named by the place of its first line in the stream, so that nothing has to be counted. */
  loopSegment: (job: string, attempt: number, first: string) => `${job}/attempt-${attempt}/loops/${first}.jsonl`,
  iteration: (job: string, attempt: number, loop: number, iteration: number) =>
    `${job}/attempt-${attempt}/loop-${loop}/iteration-${String(iteration).padStart(6, '0')}.rds`,
  /**
   * Where pods may put results that are too large for Redis: the common beginning of
   * their names, which the ledger does not share.
   */
  largeResults: (job: string, attempt: number) => `${job}/attempt-${attempt}/loop-`,
  exports: (job: string, attempt: number) => `${job}/attempt-${attempt}/exports/`,
  /** As `iteration`, of a second result of an iteration whose plain name is taken by other bytes. */
  otherIteration: (job: string, attempt: number, loop: number, iteration: number, sha256: string) =>
    `${job}/attempt-${attempt}/loop-${loop}/iteration-${String(iteration).padStart(6, '0')}-${sha256.slice(0, 16)}.rds`,
  /** Named by its content as well: a file of that name can only hold these bytes. */
  part: (job: string, attempt: number, loop: number, segment: number, sha256: string) =>
    `${job}/attempt-${attempt}/loop-${loop}/part-${String(segment).padStart(6, '0')}-${sha256.slice(0, 16)}.rds`,
  /** A value that is not what its worker computed: kept for people, and named by no ledger. */
  quarantine: (job: string, attempt: number, loop: number, iteration: number, sha256: string) =>
    `${job}/attempt-${attempt}/quarantine/loop-${loop}-iteration-${iteration}-${sha256.slice(0, 16)}.bin`,
  outputs: (job: string, attempt: number) => `${job}/attempt-${attempt}/outputs/`,
};

/** Job id of an object below `jobs/` in the upload bucket, or undefined when the object belongs to no job. */
export function jobOfUpload(objectName: string): string | undefined {
  return /^jobs\/([a-z](?:[-a-z0-9]{0,30}[a-z0-9])?)\/./.exec(objectName)?.[1];
}
