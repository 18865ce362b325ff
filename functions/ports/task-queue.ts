/** Redis of one job, in our words. Values of results are opaque bytes: nothing here understands R. */
import type { LedgerLine } from '../job/ledger.ts';
import type { Gate, Progress, WorkerProgress } from '../job/progress.ts';

/** A journalled result: what its line in the ledger will say, and where the value is until then. */
export interface JournalEntry extends Omit<LedgerLine, 'object' | 'part'> {
  /** Position in the outbox. */
  id: string;
  /** Set when the pod has uploaded the value itself: an object name below the attempt's folder. */
  object: string | null;
  /** MD5 of such an object, in hexadecimal. */
  md5: string | null;
}

/** A URL that carries its own permission to read one object, and until when it can be used. */
export interface SignedUrl {
  url: string;
  goodUntilSeconds: number;
}

export interface QueueView {
  progress: Progress;
  workers: WorkerProgress[];
  gate: Gate;
  /** Names of objects that pods have requested a signed URL of; some of them when there are many. */
  urlRequests: string[];
}

export type ReportKind = 'errors' | 'loops';

export interface TaskQueue {
  /**
   * `before` is what the last pass saw: loops that had ended then never change, and are
   * not read again while the same driver runs.
   */
  view(nowMs: number, before: Progress | null): Promise<QueueView>;
  /** Oldest journalled results that are not yet backed up: at most `maxEntries`, and about `maxBytes` of values. */
  outbox(maxEntries: number, maxBytes: number): Promise<{ entry: JournalEntry; value: Buffer | null }[]>;
  /**
   * To be called when the entries are durable in the bucket: Redis may forget them
   * (values stay until the driver has them too).
   */
  confirm(entries: JournalEntry[]): Promise<void>;
  /** The results of these entries do not count: the iterations are free to be computed again. */
  reject(entries: JournalEntry[]): Promise<void>;
  /** Takes entries without any value off the list; nothing else changes. */
  forget(entries: JournalEntry[]): Promise<void>;
  /** Reports not yet backed up, as the JSON text the engine wrote: errors of iterations, or descriptions of loops. */
  reports(kind: ReportKind, maxEntries: number): Promise<{ id: string; json: string }[]>;
  confirmReports(kind: ReportKind, ids: string[]): Promise<void>;
  /** The driver and the workers finish what runs and start nothing new. */
  stop(reason: string): Promise<void>;
  setGate(tasks: number | 'open'): Promise<void>;
  renewLease(): Promise<void>;
  /** Null: there is nothing of that name. */
  answerUrlRequests(answers: Record<string, SignedUrl | null>): Promise<void>;
  outputs(): Promise<{ name: string; bytes: number; sha256: string }[]>;
  close(): void;
}

export interface TaskQueues {
  /** @throws PortError FF-QUEUE-UNREACHABLE (retry): it is an alarm and never "empty". */
  open(endpoint: { host: string; port: number; password: string }): Promise<TaskQueue>;
}
