/** A job at its time limit. In a file of its own: the shortest limit is a minute, in which other files can run. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Session } from '../../cli/session.ts';
import { assertNothingLeft, Journey, runJob } from '../../testing/journey.ts';

const ENDLESS =
  'library(foreach)\nx <- foreach(i = 1:200, .combine = c) %dopar% { Sys.sleep(1); i }\nsaveRDS(x, "x.rds")\n';

describe('a job that reaches its time limit', () => {
  const journey = new Journey();
  let session: Session;

  before(async () => {
    session = await journey.start();
  });
  after(() => journey.cleanUp());

  it('is stopped, saved, and resumable', async () => {
    const jobFile = 'script: run.R\nworker: {cpu: 1, memory: 1Gi, max: 3}\nlimits: {time: 1m}\n';
    const status = await runJob(session, journey.jobFolder('limited', ENDLESS, jobFile), 'limited');
    assert.equal(status.phase, 'stopped');
    assert.equal(status.reason?.code, 'FF-LIMIT-TIME');
    assert.ok(status.tasks.inBucket > 0);
    await assertNothingLeft(session);
  });
});
