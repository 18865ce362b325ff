// A reporter for node's test runner that writes only what a test file comes to, as JSON: the counts, and of each test
// that failed its name and why. Plain JavaScript: the runner loads it itself.
import { inspect } from 'node:util';

const mostErrorLines = 40;
const mostExplanationLines = 120;

export default async function* summarise(events) {
  const failures = [];
  for await (const { type, data } of events) {
    // A suite or test with parts fails with each part, which is named by itself.
    const isByPart = type === 'test:fail' && data.details.error?.failureType === 'subtestsFailed';
    if (type === 'test:fail' && data.todo === undefined && !isByPart)
      failures.push({ name: data.name, why: why(data) });
    if (type === 'test:summary') yield JSON.stringify({ counts: data.counts, failures });
  }
}

/** The error with its stack, and what test/support/failure-report.ts has added. */
function why({ details: { error } }) {
  const cause = error?.cause instanceof Error ? inspect(error.cause) : String(error?.cause ?? error?.message);
  const explanation = error?.explanation ?? '';
  return [...bounded(cause, mostErrorLines), ...(explanation === '' ? [] : bounded(explanation, mostExplanationLines))];
}

/** Its first and last lines: the error's message stands first, the latest events last. */
function bounded(text, most) {
  const lines = text.split('\n').map((line) => (line.length > 500 ? `${line.slice(0, 500)} …` : line));
  if (lines.length <= most) return lines;
  const half = most / 2;
  return [...lines.slice(0, half), `… ${lines.length - most} lines …`, ...lines.slice(-half)];
}
