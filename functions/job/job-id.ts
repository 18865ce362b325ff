// The rule for job ids. A job id becomes part of cluster names, labels and object paths, so nothing else may pass.
import { shorten } from '../job-file/problem.ts';
import type { Problem } from '../job-file/problem.ts';

/**
 * Letters a–z, digits and hyphens, at most 32, beginning with a letter and not ending
 * with a hyphen: fits every name made from it.
 */
export const jobIdPattern = /^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$/;

/** The job id, or what is wrong with the text (a folder name under jobs/). */
export function parseJobId(text: string): { jobId: string } | { problem: Problem } {
  if (jobIdPattern.test(text)) return { jobId: text };
  return {
    problem: {
      code: 'FF-SPEC-JOB-ID',
      path: '',
      message: `"${shorten(text, 80)}" cannot be a job id: ${describeFault(text)}`,
      remedy: suggestRemedy(text),
    },
  };
}

function describeFault(text: string): string {
  if (text === '') return 'it is empty';
  if (text.length > 32) return 'it is longer than 32 characters';
  if (/[A-Z]/.test(text)) return 'it contains capital letters';
  if (/[^-a-z0-9]/.test(text)) return 'it contains something other than a-z, 0-9 and "-"';
  return text.endsWith('-') ? 'it ends with "-"' : 'it does not begin with a letter';
}

function suggestRemedy(text: string): string {
  const candidate = text
    .slice(0, 64)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 32)
    .replace(/-+$/, '');
  const rule = 'Name the job folder with a-z, 0-9 and "-", at most 32 characters, beginning with a letter';
  return jobIdPattern.test(candidate) && candidate.length > 1 ? `${rule}, such as "${candidate}".` : `${rule}.`;
}
