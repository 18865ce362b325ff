/**
 * `errors ID`: every error report of a job, from the results bucket; those that are
 * alike are shown once, with their number.
 */
import type { JobStatus } from '../functions/job/job-status.ts';
import { type ErrorReport, parseErrorReports } from '../functions/job/error-report.ts';
import { readSegments } from '../functions/reconcile/read-segments.ts';
import { duration, tellDamaged } from './output.ts';
import type { Session } from './session.ts';
import { reach } from './session.ts';

const ITERATIONS_SHOWN = 8;

/** Oldest first. */
export async function readErrors(session: Session, job: string): Promise<ErrorReport[]> {
  const { results } = session.buckets;
  const read = () => readSegments(results, job, 'errors', parseErrorReports, tellDamaged);
  return withRefutations(await reach(session, read));
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

/** At least one. */
type Alike = [ErrorReport, ...ErrorReport[]];

/**
 * Errors that are alike: same loop, class and call, and a message that differs in
 * numbers only. The newest attempts last.
 */
export function groupErrors(reports: readonly ErrorReport[]): Alike[] {
  const groups = new Map<string, Alike>();
  for (const report of reports) {
    const message = (report.message ?? '').replace(/[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?/gi, '#');
    const call = (report.call ?? '').replace(/\d+/g, '#');
    const key = JSON.stringify([report.loop, report.class, message, call, report.refuted !== undefined]);
    const group = groups.get(key);
    if (group) group.push(report);
    else groups.set(key, [report]);
  }
  return [...groups.values()];
}

/** One group: how many, which iterations, the first in full, and the command that runs it again. */
export function groupLines(job: string, group: Alike): string[] {
  const [first] = group;
  const lines = errorLines(first);
  if (group.length > 1) {
    const iterations = [...new Set(group.map((report) => report.iteration))];
    const shown = iterations.slice(0, ITERATIONS_SHOWN).join(', ');
    const more = iterations.length > ITERATIONS_SHOWN ? ` and ${iterations.length - ITERATIONS_SHOWN} more` : '';
    lines.unshift(`${group.length} errors like this, in loop ${first.loop}, iterations ${shown}${more}; the first:`);
  }
  return [...lines, `  run it again here: ${replayCommand(job, first)}`];
}

export function replayCommand(job: string, report: ErrorReport): string {
  return `foreach-fleet replay ${job} ${report.loop} ${report.iteration}`;
}

export function errorLines(report: ErrorReport): string[] {
  const where = report.worker ? `, ${report.worker}${report.node ? ` on ${report.node}` : ''}` : '';
  const lines = [
    `loop ${report.loop}, iteration ${report.iteration} (try ${report.try ?? 1} of attempt ` +
      `${report.attempt}${where}): ${report.message}`,
  ];
  if (report.refuted !== undefined) {
    lines.push(
      `  refuted: the iteration succeeded on ${report.refuted}; this is no failure of the job but of ${report.worker}`,
    );
  }
  const detail = (label: string, text: string | undefined): void => {
    if (text) lines.push(`  ${label}: ${text}`);
  };
  detail('class', report.class?.join(', '));
  detail('arguments', report.arguments);
  detail('call', report.call);
  detail('traceback', report.traceback?.join('\n'));
  detail('warnings', report.warnings?.join('\n'));
  detail('output', report.output);
  detail('took', tookText(report));
  detail('session', report.sessionInfo);
  return lines;
}

function tookText({ seconds, memoryMb }: ErrorReport): string {
  const time = seconds === undefined ? '' : seconds < 60 ? `${seconds} s` : duration(seconds);
  return [time, typeof memoryMb === 'number' ? `R had ${memoryMb} MiB of memory` : '']
    .filter((part) => part)
    .join('; ');
}

/** When no iteration has failed: what else there is to know. */
export function noErrorLines(status: JobStatus): string[] {
  const { job, reason, phase } = status;
  if (phase !== 'failed' || reason === null) return ['no error so far'];
  return [
    `no iteration has failed; the job failed for another reason: ${reason.message}`,
    `next: foreach-fleet logs ${job} --role driver`,
  ];
}
