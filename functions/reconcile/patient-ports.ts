/**
 * Ports whose calls are tried again at once. A pass makes some ten calls before it may act: where each third one is
 * refused, beyond the client's own retries, most passes would end before they have done anything. All of these calls
 * answer a question, or may be done twice. Of writes to buckets only those to the results bucket are of that kind: what
 * is there is written once and compared afterwards. What other writes answer may tell that somebody else was quicker,
 * so they are left to who makes them.
 */
import type { Bucket, Buckets } from '../ports/bucket.ts';
import type { Ports } from '../ports/ports.ts';
import type { TaskQueue, TaskQueues } from '../ports/task-queue.ts';
import { tryAgain } from './try-again.ts';

type Again = <T>(call: () => Promise<T>) => Promise<T>;

/** The same ports, for a pass or a tick. */
export function withPatience(ports: Ports): Ports {
  const again: Again = (call) => tryAgain(ports.clock, call);
  return { ...ports, buckets: patientBuckets(ports.buckets, again), queues: patientQueues(ports.queues, again) };
}

function patientBuckets(buckets: Buckets, again: Again): Buckets {
  const { results } = buckets;
  return {
    uploads: withPatientReads(buckets.uploads, again),
    state: withPatientReads(buckets.state, again),
    results: {
      ...withPatientReads(results, again),
      write: (name, bytes, options) => again(() => results.write(name, bytes, options)),
    },
    foreign: (name) => withPatientReads(buckets.foreign(name), again),
  };
}

function withPatientReads(bucket: Bucket, again: Again): Bucket {
  return {
    name: bucket.name,
    read: (name, maxBytes) => again(() => bucket.read(name, maxBytes)),
    info: (name) => again(() => bucket.info(name)),
    list: (prefix, options) => again(() => bucket.list(prefix, options)),
    bytesBelow: (prefix) => again(() => bucket.bytesBelow(prefix)),
    listFolders: (prefix) => again(() => bucket.listFolders(prefix)),
    write: (name, bytes, options) => bucket.write(name, bytes, options),
    writeChunks: (name, chunks, options) => bucket.writeChunks(name, chunks, options),
    remove: (name, options) => bucket.remove(name, options),
    signedUrl: (name, options) => bucket.signedUrl(name, options),
    signedUpload: (prefix, options) => bucket.signedUpload(prefix, options),
  };
}

function patientQueues(queues: TaskQueues, again: Again): TaskQueues {
  return { open: async (endpoint) => patientQueue(await again(() => queues.open(endpoint)), again) };
}

/** Rejecting is not for twice: the iteration may have been computed anew meanwhile. */
function patientQueue(queue: TaskQueue, again: Again): TaskQueue {
  return {
    view: (nowMs, before) => again(() => queue.view(nowMs, before)),
    outbox: (entries, bytes) => again(() => queue.outbox(entries, bytes)),
    confirm: (entries) => again(() => queue.confirm(entries)),
    reject: (entries) => queue.reject(entries),
    forget: (ids) => again(() => queue.forget(ids)),
    reports: (kind, most) => again(() => queue.reports(kind, most)),
    confirmReports: (kind, ids) => again(() => queue.confirmReports(kind, ids)),
    stop: (reason) => again(() => queue.stop(reason)),
    setGate: (tasks) => again(() => queue.setGate(tasks)),
    renewLease: () => again(() => queue.renewLease()),
    answerUrlRequests: (answers) => again(() => queue.answerUrlRequests(answers)),
    explainDeaths: (deaths) => again(() => queue.explainDeaths(deaths)),
    outputs: () => again(() => queue.outputs()),
    close: () => queue.close(),
  };
}
