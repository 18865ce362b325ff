/**
 * Jobs on the local cloud whose parts fail. The functions' process is killed at one line of its log after another, and
 * storage and GKE answer some calls with errors, before or after their effect. Real R, Redis and functions-framework.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it, type TestContext } from 'node:test';
import type { Session } from '../../cli/session.ts';
import { submitFolder } from '../../cli/submit-folder.ts';
import { readEndpoints } from '../../local-cloud/composition/endpoints.ts';
import type { FaultRule } from '../../local-cloud/faults.ts';
import { assertNothingLeft, ended, identicalInR, Journey, output, plainR } from '../../testing/journey.ts';

const LONGEST_MS = 20 * 60_000;
const script = `
library(foreach)
value <- foreach(i = 1:12, .combine = c) %dopar% {
  cat(i, "\\n", sep = "", file = TRACE, append = TRUE)
  if (nzchar(Sys.getenv("FF_JOB"))) Sys.sleep(1)
  set.seed(i); round(rnorm(1), 6)
}
saveRDS(value, "value.rds")
`;
const jobFile = 'script: run.R\nworker: {cpu: 1, memory: 1Gi, max: 3}\n';

async function start(t: TestContext): Promise<{ journey: Journey; session: Session }> {
  const journey = new Journey();
  t.after(() => journey.cleanUp());
  return { journey, session: await journey.start() };
}

/** What goes wrong does so from the upload to the end: not to the test's own client before and after. */
async function mustSucceed(
  journey: Journey,
  session: Session,
  job: string,
  faults: readonly FaultRule[] = [],
): Promise<void> {
  const folder = journey.jobFolder(job, script, jobFile);
  await submitFolder(session, folder, job);
  await setFaults(journey.stateDir, faults);
  const status = await ended(session, job, 0);
  await setFaults(journey.stateDir, []);
  assert.equal(status.phase, 'succeeded', JSON.stringify(status.reason));
  const value = await output(session, job, status.attempt, 'value.rds');
  assert.ok(await identicalInR(value, await plainR(folder, 'value.rds')));
}

/** The functions' process of this local cloud; undefined between two of them. */
function functionsPid(stateDir: string): number | undefined {
  const cloud = readEndpoints(stateDir)?.pid;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const [command, stat] = ['cmdline', 'stat'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8'));
        return command?.includes('functions-host.ts') === true && stat?.split(') ')[1]?.split(' ')[1] === String(cloud);
      } catch {
        return false;
      }
    });
}

/** Kills each process when it has written one line more than the one before; answers how many it has killed. */
async function killAtLines(stateDir: string, most: number, signal: AbortSignal): Promise<number> {
  const log = join(stateDir, 'logs', 'functions.log');
  const lines = (): number => (existsSync(log) ? readFileSync(log, 'utf8').split('{"severity"').length - 1 : 0);
  let killed = 0;
  for (let from = lines(); killed < most && !signal.aborted;) {
    await delay(20);
    if (lines() - from <= killed) continue;
    const pid = functionsPid(stateDir);
    if (pid === undefined) continue;
    process.kill(pid, 'SIGKILL');
    killed += 1;
    from = lines();
  }
  return killed;
}

async function setFaults(stateDir: string, rules: readonly FaultRule[]): Promise<void> {
  const { url, token } = readEndpoints(stateDir)!.admin;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}/faults`, { method: 'PUT', headers, body: JSON.stringify({ rules }) });
  assert.equal(answer.status, 200, await answer.text());
}

describe('a job on real parts', () => {
  it('succeeds though the functions are killed at one log line after another', { timeout: LONGEST_MS }, async (t) => {
    const { journey, session } = await start(t);
    const over = new AbortController();
    const killing = killAtLines(journey.stateDir, 12, over.signal);
    await mustSucceed(journey, session, 'killed');
    over.abort();
    const killed = await killing;
    t.diagnostic(`${killed} processes of the functions were killed`);
    assert.ok(killed > 0);
    await assertNothingLeft(session);
  });

  const unlucky: FaultRule[] = ['storage', 'gke', 'compute'].flatMap((service) =>
    (['before', 'after'] as const).map((when): FaultRule => ({
      service,
      method: '*',
      when,
      effect: 'status',
      status: 503,
      probability: 0.05,
    })),
  );
  it('succeeds though storage and GKE answer one call in ten with 503', { timeout: LONGEST_MS }, async (t) => {
    const { journey, session } = await start(t);
    await mustSucceed(journey, session, 'unlucky', unlucky);
    await assertNothingLeft(session);
  });
});
