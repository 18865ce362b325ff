/** `errors ID`: every error report of a job, from the results bucket: iteration, arguments, message, call, traceback, warnings, output. */
import type { Session } from './session.ts';
import { reach } from './session.ts';

export interface ErrorReport {
  loop?: number;
  iteration?: number;
  attempt?: number;
  try?: number;
  worker?: string;
  node?: string;
  seconds?: number;
  message?: string;
  class?: string[];
  call?: string;
  traceback?: string[];
  arguments?: string;
  warnings?: string[];
  output?: string;
  memoryMb?: number;
  final?: boolean;
  /** The worker on which the iteration succeeded: the error was its worker's own, and is no failure of the job. */
  refuted?: string;
}

const MAX_SEGMENT_BYTES = 64 * 1024 ** 2;

export async function readErrors(session: Session, job: string): Promise<ErrorReport[]> {
  const bucket = session.buckets.results;
  const segments = await reach(session, () => bucket.list(`${job}/`, { glob: `${job}/attempt-*/errors/*.jsonl` }));
  const reports: ErrorReport[] = [];
  for (const segment of segments) {
    const object = await bucket.read(segment.name, MAX_SEGMENT_BYTES);
    const lines = (object?.bytes.toString('utf8') ?? '').split('\n').filter((line) => line !== '');
    reports.push(...lines.map((line) => JSON.parse(line) as ErrorReport));
  }
  return withRefutations(reports);
}

/** A line with `refuted` and no message is about the earlier errors of its loop, iteration and worker. */
export function withRefutations(reports: ErrorReport[]): ErrorReport[] {
  const errors: ErrorReport[] = [];
  for (const report of reports) {
    if (report.refuted === undefined) errors.push(report);
    else errors.forEach((error, index) => (errors[index] = sameTry(error, report) ? refute(error, report) : error));
  }
  return errors;
}

function sameTry(a: ErrorReport, b: ErrorReport): boolean {
  return a.attempt === b.attempt && a.loop === b.loop && a.iteration === b.iteration && a.worker === b.worker;
}

function refute(error: ErrorReport, by: ErrorReport): ErrorReport {
  return { ...error, final: false, ...(by.refuted === undefined ? {} : { refuted: by.refuted }) };
}

export function errorLines(report: ErrorReport): string[] {
  const lines = [
    `loop ${report.loop}, iteration ${report.iteration} (try ${report.try ?? 1} of attempt ${report.attempt}, ${report.worker}): ${report.message}`,
  ];
  if (report.refuted !== undefined) {
    lines.push(
      `  refuted: the iteration succeeded on ${report.refuted}; this is no failure of the job but of ${report.worker}`,
    );
  }
  const detail = (label: string, text: string | undefined): void => {
    if (text) lines.push(`  ${label}: ${text.split('\n').join(`\n  ${' '.repeat(label.length + 2)}`)}`);
  };
  detail('class', report.class?.join(', '));
  detail('arguments', report.arguments);
  detail('call', report.call);
  detail('traceback', report.traceback?.join('\n'));
  detail('warnings', report.warnings?.join('\n'));
  detail('output', report.output);
  return lines;
}
