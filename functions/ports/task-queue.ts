/** Redis of one job, in our words. Values of results are opaque bytes: nothing here understands R. */
import type { ContainerDeath, ExplainedDeath } from '../job/death.ts';
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
  /** Iterations that wait for a worker with more memory. */
  largeWaiting: number;
  /** Iterations that died with their worker's container, for a cause that nobody has told yet; some of very many. */
  deaths: ContainerDeath[];
  /** Places of values that are not what they must be, some of them when there are many: they are left out. */
  refused: string[];
}

/** A file that the script has written, as the driver says. */
export interface OutputEntry {
  name: string;
  bytes: number;
  sha256: string;
}

/**
 * A journalled result and its value. Null: there is none; 'too-large': it is larger than its entry says, and was
 * not read.
 */
export interface OutboxItem {
  entry: JournalEntry;
  value: Buffer | 'too-large' | null;
}

export type ReportKind = 'errors' | 'loops';

export interface TaskQueue {
  /**
   * `before` is what the last pass saw: loops that had ended then never change, and are
   * not read again while the same driver runs.
   */
  view(nowMs: number, before: Progress | null): Promise<QueueView>;
  /**
   * Oldest journalled results that are not yet backed up: at most `maxEntries`, and about `maxBytes` of values; and
   * positions of entries among them that are no results.
   */
  outbox(maxEntries: number, maxBytes: number): Promise<{ items: OutboxItem[]; refused: string[] }>;
  /**
   * To be called when the entries are durable in the bucket: Redis may forget them
   * (values stay until the driver has them too).
   */
  confirm(entries: JournalEntry[]): Promise<void>;
  /** The results of these entries do not count: the iterations are free to be computed again. */
  reject(entries: JournalEntry[]): Promise<void>;
  /** Takes entries that say nothing (any more) off the list, by position; nothing else changes. */
  forget(ids: readonly string[]): Promise<void>;
  /** Reports not yet backed up, as the JSON text the engine wrote: errors of iterations, or descriptions of loops. */
  reports(kind: ReportKind, maxEntries: number): Promise<{ id: string; json: string }[]>;
  confirmReports(kind: ReportKind, ids: string[]): Promise<void>;
  /** The driver and the workers finish what runs and start nothing new. */
  stop(reason: string): Promise<void>;
  setGate(tasks: number | 'open'): Promise<void>;
  renewLease(): Promise<void>;
  /** Null: there is nothing of that name. */
  answerUrlRequests(answers: Record<string, SignedUrl | null>): Promise<void>;
  /** Causes that are no longer what they were stay as they are: the iteration has died again. */
  explainDeaths(deaths: readonly ExplainedDeath[]): Promise<void>;
  /** Files that the script has written, the first of very many; and how many entries are none. */
  outputs(): Promise<{ items: OutputEntry[]; refused: number }>;
  close(): void;
}

export interface TaskQueues {
  /** @throws PortError FF-QUEUE-UNREACHABLE (retry), as every method: it is an alarm and never "empty". */
  open(endpoint: { host: string; port: number; password: string }): Promise<TaskQueue>;
}
