/**
 * For journeys: a local cloud in a process of its own (so that it can be killed), small
 * jobs in real R, and what they must equal.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { request } from '../cli/control.ts';
import { follow } from '../cli/follow.ts';
import { isNothing, whatIsLeft } from '../cli/left.ts';
import { openSession, readStatus, type Session } from '../cli/session.ts';
import { submitFolder } from '../cli/submit-folder.ts';
import type { JobStatus } from '../functions/job/job-status.ts';
import type { LedgerLine } from '../functions/job/ledger.ts';
import { readLedger } from '../functions/reconcile/read-ledger.ts';
import { readEndpoints } from '../local-cloud/composition/endpoints.ts';
import { waitFor } from './wait-for.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
/** Less than a journey's limit, so that what it waits for is told; a shared machine may be several times slower. */
export const patienceSeconds = 150;

export class Journey {
  readonly folder = mkdtempSync(join(tmpdir(), 'ff-journey-'));
  readonly stateDir = join(this.folder, 'state');
  #process: ChildProcess | null = null;

  async start(tickSeconds = 5): Promise<Session> {
    const args = ['local-cloud/main.ts', '--state', this.stateDir, '--tick-seconds', String(tickSeconds)];
    const env = { ...process.env, R_LIBS: join(project, '.local/R') };
    const child = spawn(process.execPath, args, { cwd: project, env, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (text: Buffer) => appendFileSync(join(this.folder, 'local-cloud.log'), text));
    this.#process = child;
    await waitFor(
      'the local cloud answers',
      async () => {
        assert.equal(child.exitCode, null, `the local cloud ended: ${this.log()}`);
        const endpoints = readEndpoints(this.stateDir);
        if (endpoints?.pid !== child.pid || endpoints?.admin.url === '') return false;
        const answer = await fetch(`${endpoints?.admin.url}/health`, {
          headers: { authorization: `Bearer ${endpoints?.admin.token}` },
        }).catch(() => null);
        return answer?.ok === true;
      },
      patienceSeconds,
    );
    return openSession({ state: this.stateDir });
  }

  log(): string {
    const file = join(this.folder, 'local-cloud.log');
    return existsSync(file) ? readFileSync(file, 'utf8').slice(-4000) : '';
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async cleanUp(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * Writes a job folder. `TRACE` in the script stands for a file to which its tasks append a line each time they run.
   */
  jobFolder(name: string, script: string, jobFile = 'script: run.R\n'): string {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'run.R'), script.replaceAll('TRACE', JSON.stringify(this.traceFile(name))));
    writeFileSync(join(folder, 'job.yaml'), jobFile);
    return folder;
  }

  traceFile(name: string): string {
    return join(this.folder, `${name}.trace`);
  }

  /** How often each iteration has begun, by its label. */
  runs(name: string): Map<string, number> {
    const counts = new Map<string, number>();
    const text = existsSync(this.traceFile(name)) ? readFileSync(this.traceFile(name), 'utf8') : '';
    for (const label of text.split('\n').filter((line) => line !== '')) counts.set(label, (counts.get(label) ?? 0) + 1);
    return counts;
  }
}

/** Submits and waits for the end of the attempt that this starts. */
export async function runJob(session: Session, folder: string, job: string): Promise<JobStatus> {
  await submitFolder(session, folder, job);
  return ended(session, job, 0);
}

export async function ended(session: Session, job: string, afterAttempt: number): Promise<JobStatus> {
  const timeout = delay(patienceSeconds * 1000, null, { ref: false });
  const status = await Promise.race([follow(session, job, { afterAttempt, onChange: () => undefined }), timeout]);
  if (status === null)
    throw new Error(`job ${job} did not end: ${JSON.stringify(await readStatus(session, job), null, 1)}`);
  return status;
}

/** Cancels the job when so many results are saved; answers what it keeps, once nothing else is left of it. */
export async function cancelWhenSaved(session: Session, job: string, results: number): Promise<LedgerLine[]> {
  const saved = async (): Promise<number> => (await readStatus(session, job))?.tasks.inBucket ?? 0;
  await waitFor(`${results} results are saved`, async () => (await saved()) >= results, patienceSeconds);
  await request(session, job, 'cancel');
  assert.equal((await ended(session, job, 0)).phase, 'cancelled');
  await assertNothingLeft(session);
  return readLedger(session.buckets, job);
}

/**
 * Resumes it until it has succeeded; what was kept has not run again. `trace` is what a task of
 * the line's iteration leaves in the trace.
 */
export async function resumeToEnd(
  session: Session,
  journey: Journey,
  job: string,
  kept: readonly LedgerLine[],
  trace: (line: LedgerLine) => string,
): Promise<JobStatus> {
  const before = new Map(journey.runs(job));
  await request(session, job, 'resume');
  const status = await ended(session, job, 1);
  assert.equal(status.phase, 'succeeded', JSON.stringify(status.reason));
  const again = kept.map(trace).filter((text) => journey.runs(job).get(text) !== before.get(text));
  assert.deepEqual(again, []);
  return status;
}

export async function output(session: Session, job: string, attempt: number, name: string): Promise<Buffer> {
  const object = await session.buckets.results.read(`${job}/attempt-${attempt}/outputs/${name}`, 1024 ** 3);
  assert.ok(object, `${name} is among the results`);
  return object.bytes;
}

/** What the same script gives in plain R with %do%: the value saved in `name`. */
export async function plainR(folder: string, name: string): Promise<Buffer> {
  const [value] = await plainFiles(folder, [name]);
  assert.ok(value);
  return value;
}

/** What the same script writes in plain R with %do%, run once. */
export async function plainFiles(folder: string, names: readonly string[], args: string[] = []): Promise<Buffer[]> {
  const script = 'library(foreach); registerDoSEQ(); source("run.R")';
  const copy = mkdtempSync(join(tmpdir(), 'ff-plain-'));
  try {
    await run('cp', ['-r', `${folder}/.`, copy]);
    await run('Rscript', ['--vanilla', '-e', script, ...args], {
      cwd: copy,
      env: { ...process.env, R_LIBS: join(project, '.local/R') },
    });
    return names.map((name) => readFileSync(join(copy, name)));
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** Whether two saved R objects are identical(), as R itself says. */
export async function identicalInR(a: Buffer, b: Buffer): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'ff-rds-'));
  try {
    writeFileSync(join(folder, 'a.rds'), a);
    writeFileSync(join(folder, 'b.rds'), b);
    const { stdout } = await run('Rscript', ['--vanilla', '-e', 'cat(identical(readRDS("a.rds"), readRDS("b.rds")))'], {
      cwd: folder,
    });
    return stdout === 'TRUE';
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function assertNothingLeft(session: Session): Promise<void> {
  let left = await whatIsLeft(session);
  await waitFor(
    'nothing is left',
    async () => {
      left = await whatIsLeft(session);
      return isNothing(left);
    },
    patienceSeconds,
  ).catch(() => assert.fail(`left: ${JSON.stringify(left)}`));
}
