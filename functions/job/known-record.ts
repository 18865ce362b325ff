/**
 * The record as a phase may rely on it: what an earlier phase has found out is there,
 * and the types say so. Nothing is changed.
 */
import { assert } from './assert.ts';
import type { ClusterRecord, Ending, JobRecord } from './job-record.ts';
import type { JobSpec } from '../job-file/job-spec.ts';

/** The job file was read and is sound: every phase after `waiting`. */
export type RecordWithSpec = JobRecord & { spec: JobSpec };

/** A cluster was asked for: from `creating` until the end. */
export type RecordWithCluster = RecordWithSpec & { cluster: ClusterRecord };

/** The attempt is being ended, and how it ends is known: `draining`, mostly `deleting`. */
export type EndingRecord = RecordWithCluster & { ending: Ending };

/** The record with its job file. Throws where a phase promises one and there is none. */
export function withSpec(record: JobRecord): RecordWithSpec {
  const { spec } = record;
  assert(spec !== null, `job ${record.job} is ${record.phase}, so its job file was read`);
  return { ...record, spec };
}

/** The record with its job file and the cluster that was asked for. Throws as withSpec() does. */
export function withCluster(record: JobRecord): RecordWithCluster {
  const { cluster } = record;
  assert(cluster !== null, `job ${record.job} is ${record.phase}, so its cluster was asked for`);
  return { ...withSpec(record), cluster };
}

/** The record with cluster and reason of its end. Throws as withSpec() does. */
export function withEnding(record: JobRecord): EndingRecord {
  const { ending } = record;
  assert(ending !== null, `job ${record.job} is ${record.phase}, so how it ends is known`);
  return { ...withCluster(record), ending };
}
