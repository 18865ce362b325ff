/**
 * `replay JOB LOOP ITERATION`: runs one iteration on this machine with the arguments, objects, data and random numbers
 * that it had on its worker. What it had comes from its error report, or else from the description of its loop; both
 * are R data, and R data can hold code. They are given to R on this request only, never otherwise.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { type JobSpec, loadedNames } from '../functions/job-file/job-spec.ts';
import { type ErrorReport, type LoopDescription, parseLoopDescriptions } from '../functions/job/error-report.ts';
import { parseJson } from '../functions/job/json-lines.ts';
import { readSegments } from '../functions/reconcile/read-segments.ts';
import { readErrors } from './error-reports.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { fetchJobFiles, type JobFiles } from './job-files.ts';
import { findR, type REnd, runFunction, runInteractive } from './r-process.ts';
import { tellDamaged } from './output.ts';
import { reach, type Session } from './session.ts';

export interface ReplayRequest {
  job: string;
  loop: number;
  iteration: number;
  /** Null: the newest that knows of this iteration. */
  attempt: number | null;
  to: string;
  /** Whether files that are not loaded are fetched as well. */
  allFiles: boolean;
  interactive: boolean;
  json: boolean;
}

const ended = z.object({
  outcome: z.enum(['succeeded', 'same-error', 'other-error', 'ended-r']),
  message: z.string().nullish(),
  class: z.array(z.string()).optional(),
  call: z.string().nullish(),
  traceback: z.array(z.string()).optional(),
  warnings: z.array(z.string()).optional(),
  seconds: z.number().optional(),
  /** Of the value, as str() shows it; the value itself is in value.rds. */
  value: z.string().optional(),
});

/** How a run without a terminal ended. */
export type ReplayOutcome = z.output<typeof ended>;

const outcomeFile = z.union([
  ended,
  z.object({ outcome: z.literal('no-data'), message: z.string() }),
  z.object({ outcome: z.literal('not-run'), message: z.string() }),
]);

export interface Replayed {
  job: string;
  loop: number;
  iteration: number;
  attempt: number;
  to: string;
  files: JobFiles['files'];
  report: ErrorReport | null;
  /** Null after an interactive session. */
  outcome: ReplayOutcome | null;
}

/** What R reads: the report, and what the iteration needs. */
type Source = ErrorReport & Pick<LoopDescription, 'attempt' | 'task'> & { job: string };

export async function replayIteration(
  session: Session,
  request: ReplayRequest,
  tell: (text: string) => void,
  fetching: (name: string, bytes: number) => void,
): Promise<Replayed> {
  const { job, loop, iteration } = request;
  const { source, report } = await findSource(session, request);
  const env = await findR();
  const to = resolve(request.to);
  const work = join(to, 'job');
  await mkdir(work, { recursive: true });
  const { attempt } = source;
  const { spec, files } = await fetchJobFiles(session, job, {
    attempt,
    to: work,
    all: request.allFiles,
    tell: fetching,
  });
  for (const file of files.filter(({ changed }) => changed))
    tell(`note: ${file.name} has changed since attempt ${attempt} began`);
  await writeSource(to, source, spec);
  const options = { cwd: work, env: { ...env, ...spec.env, FF_JOB: job, FF_ATTEMPT: String(attempt) } };
  const replayed = { job, loop, iteration, attempt, to, files, report };
  if (request.interactive) {
    await runSession(to, options);
    return { ...replayed, outcome: null };
  }
  const end = await runFunction('replay_batch', to, { ...options, quiet: request.json });
  return { ...replayed, outcome: await readOutcome(to, end, report) };
}

/** The newest report of the iteration, and what can be run. */
async function findSource(
  session: Session,
  request: ReplayRequest,
): Promise<{ source: Source; report: ErrorReport | null }> {
  const { job, loop, iteration } = request;
  const isAsked = (found: ErrorReport): boolean => request.attempt === null || found.attempt === request.attempt;
  const errors = await readErrors(session, job);
  const report = errors.findLast((one) => one.loop === loop && one.iteration === iteration && isAsked(one)) ?? null;
  const attempt = report?.attempt ?? request.attempt;
  if (report?.replay !== undefined && attempt !== null) return { source: { ...report, job, attempt }, report };
  const described = await readDescriptions(session, job);
  const found = described.findLast((one) => one.loop === loop && (attempt === null || one.attempt === attempt));
  if (found?.task !== undefined)
    return { source: { ...report, job, loop, iteration, attempt: found.attempt, task: found.task }, report };
  throw noReplay(request, report, found !== undefined);
}

async function readDescriptions(session: Session, job: string): Promise<LoopDescription[]> {
  const { results } = session.buckets;
  return reach(session, () => readSegments(results, job, 'loops', parseLoopDescriptions, tellDamaged));
}

function noReplay(request: ReplayRequest, report: ErrorReport | null, loopIsKnown: boolean): CommandError {
  const { job, loop, iteration, attempt } = request;
  const where = `loop ${loop}, iteration ${iteration}${attempt === null ? '' : ` of attempt ${attempt}`}`;
  const errors = `foreach-fleet errors ${job}   shows every iteration that has failed`;
  if (report === null && !loopIsKnown)
    return new CommandError('FF-NOT-FAILED', `${where} has not failed so far in job ${job}`, errors, EXIT.invalid);
  const remedy =
    'run it by hand: put large objects into a data file of the job, which is loaded here as on the ' +
    'workers, and submit again';
  const why = 'what it needs (arguments and exported objects) was too large to keep';
  return new CommandError('FF-NO-REPLAY', `${where} cannot be replayed: ${why}`, remedy, EXIT.invalid);
}

async function writeSource(to: string, source: Source, spec: JobSpec): Promise<void> {
  for (const name of ['outcome.json', 'value.rds']) await rm(join(to, name), { force: true });
  const load = loadedNames(spec);
  await writeFile(
    join(to, 'report.json'),
    JSON.stringify({ ...source, load, script: spec.script, commandArguments: spec.arguments }),
  );
  await writeFile(join(to, 'start.R'), `.First.sys()\nforeachfleet:::replay_start(${JSON.stringify(to)})\n`);
}

/** replay_start() of the package ends R with these when there is nothing to run. */
const NO_DATA = 9;
const NOT_PREPARED = 10;

async function runSession(to: string, options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<void> {
  const { code } = await runInteractive(join(to, 'start.R'), options);
  if (code === NO_DATA) throw tooLarge('R says above why');
  if (code === NOT_PREPARED) throw notPrepared('R says above why');
}

async function readOutcome(to: string, end: REnd, report: ErrorReport | null): Promise<ReplayOutcome> {
  const text = await readFile(join(to, 'outcome.json'), 'utf8').catch(() => '');
  const told = parseJson(text, outcomeFile);
  if (told === undefined) {
    const how = end.signal ? `was ended by ${end.signal}` : `ended with status ${end.code}`;
    const again = report?.class?.includes('fleetLostError') === true;
    return { outcome: again ? 'same-error' : 'ended-r', message: `R ${how} in mid-iteration` };
  }
  if (told.outcome === 'no-data') throw tooLarge(told.message);
  if (told.outcome === 'not-run') throw notPrepared(told.message);
  return told;
}

function tooLarge(message: string): CommandError {
  return new CommandError('FF-NO-REPLAY', message, 'replay an iteration that has failed', EXIT.invalid);
}

function notPrepared(message: string): CommandError {
  return new CommandError(
    'FF-REPLAY-SETTING',
    `R could not be made ready for the iteration: ${message}`,
    'install the package that is missing, or repair the data file that is named, then repeat',
  );
}
