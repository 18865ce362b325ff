/** What follows from a record that was saved: its copy, what users see of it, and notices. */
import type { JobRecord } from '../job/job-record.ts';
import { statusView } from '../job/job-status.ts';
import { log } from '../log.ts';
import { messageOf } from '../ports/port-error.ts';
import type { Ports } from '../ports/ports.ts';
import { keepRecord, saveStatus } from './record-store.ts';
import { tryAgain } from './try-again.ts';

/** One that is refused does not keep the other from being written. */
export async function show(ports: Ports, record: JobRecord, generation: string): Promise<void> {
  const { clock, buckets } = ports;
  const kept = tryAgain(clock, () => keepRecord(buckets.state, record, generation));
  const told = kept
    .catch(() => undefined)
    .then(() => tryAgain(clock, () => saveStatus(buckets, statusView(record, clock.nowMs(), generation))));
  await Promise.all([kept, told]);
}

/** At least once: a notice leaves the record only after it was published. */
export async function publishNotices(ports: Ports, record: JobRecord): Promise<JobRecord> {
  const left: JobRecord['notices'] = [];
  for (const notice of record.notices) {
    try {
      await ports.notices.publish({ ...notice, job: record.job, attempt: record.attempt }, record.spec?.notify ?? []);
    } catch (error) {
      log('WARNING', `publishing notice ${notice.id}: ${messageOf(error)}`, { job: record.job });
      left.push(notice);
    }
  }
  return { ...record, notices: left.slice(-20) };
}
