/** What the command's exit code says; part of its interface (README). */
export const EXIT = {
  ok: 0,
  /** Something unexpected; the message says what. */
  failure: 1,
  /** The command line or the job folder is wrong. */
  invalid: 2,
  /** The job ended as failed. */
  jobFailed: 3,
  /** The job ended as cancelled, stopped or paused: it can be resumed. */
  jobEndedEarly: 4,
  /** There is no such job. */
  noJob: 5,
  /** Neither a local cloud nor an installation can be reached. */
  unreachable: 6,
  /** replay: the iteration failed again with the error that it had. */
  sameError: 7,
  /** replay: it failed in another way. */
  otherError: 8,
} as const;

/** An error with a stable code and a remedy, to be shown as three short lines instead of a stack. */
export class CommandError extends Error {
  readonly code: string;
  readonly remedy: string;
  readonly exitCode: number;

  constructor(code: string, message: string, remedy: string, exitCode: number = EXIT.failure) {
    super(message);
    this.code = code;
    this.remedy = remedy;
    this.exitCode = exitCode;
  }
}
