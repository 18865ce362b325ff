/**
 * Stands in for functions/index.ts where a test is about what carries events to functions. Every call is appended to
 * the file named by FIXTURE_CALLS; the HTTP function `status` answers with its environment. FIXTURE_SCRIPT names a file
 * that says how to answer: JSON {"<function>": ["fail", "exit", ...]}, one word per call, then success.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { cloudEvent, http, type CloudEvent } from '@google-cloud/functions-framework';

const callsFile = process.env['FIXTURE_CALLS'] ?? '';
const scriptFile = process.env['FIXTURE_SCRIPT'] ?? '';

export interface FixtureCall {
  function: string;
  event: CloudEvent<Record<string, any>>;
}

for (const name of ['jobSubmitted', 'progressReported', 'jobCompleted', 'tick', 'budgetAlert']) {
  cloudEvent(name, (event: CloudEvent<Record<string, any>>) => {
    const earlier = countCalls(name);
    appendFileSync(callsFile, `${JSON.stringify({ function: name, event })}\n`);
    const behaviour = script()[name]?.[earlier];
    if (behaviour === 'exit') process.exit(1);
    if (behaviour === 'fail') throw new Error('scripted failure');
  });
}

http('status', (_request, response) => {
  response.json({ environment: process.env });
});

console.log(JSON.stringify({ severity: 'INFO', message: 'fixture functions loaded' }));

function countCalls(name: string): number {
  if (!existsSync(callsFile)) return 0;
  const lines = readFileSync(callsFile, 'utf8').split('\n');
  return lines.filter((line) => line.includes(`"function":"${name}"`)).length;
}

function script(): Record<string, string[]> {
  return existsSync(scriptFile) ? (JSON.parse(readFileSync(scriptFile, 'utf8')) as Record<string, string[]>) : {};
}
