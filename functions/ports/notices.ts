/** Lifecycle changes, told to whoever listens: the Pub/Sub topic always, the job's webhooks if set. */
export interface Notice {
  id: string;
  job: string;
  attempt: number;
  event: string;
  at: string;
  text: string;
}

export interface Notices {
  /** At least once; a notice's id lets the receiver drop repeats. */
  publish(notice: Notice, webhooks: readonly string[]): Promise<void>;
}
