/** Stable, for logs and the catalogue docs/errors.md: FF-CLUSTER-STOCKOUT, FF-BUCKET, … */
export type ErrorCode = `FF-${string}`;

/**
 * The one error class that crosses a port. `retry` means: the same call may succeed later, so
 * the pass ends and a later one tries again.
 */
export class PortError extends Error {
  readonly code: ErrorCode;
  readonly retry: boolean;
  /** How long the other side wants to be left alone; null: it does not say. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: { retry: boolean; cause?: unknown; retryAfterSeconds?: number | null },
  ) {
    super(message, { cause: options.cause });
    this.name = 'PortError';
    this.code = code;
    this.retry = options.retry;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}

/** A write lost its precondition: somebody else wrote first. */
export class PreconditionError extends PortError {
  constructor(what: string, cause?: unknown) {
    super('FF-PRECONDITION', `writing ${what}: it has changed since it was read`, { retry: true, cause });
    this.name = 'PreconditionError';
  }
}

/** The message of anything thrown, for wrapping. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
