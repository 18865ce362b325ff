/**
 * One JSON line per event, as Cloud Logging reads it; always with job and pass when there is one. Never given secrets.
 */

export type Severity = 'DEBUG' | 'INFO' | 'NOTICE' | 'WARNING' | 'ERROR';

/** One line of JSON on stdout, as Cloud Logging reads it. */
export function log(severity: Severity, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ severity, message, ...fields })}\n`);
}
