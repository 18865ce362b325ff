/** An iteration needs more memory than its worker may have: the kubelet kills the container, and the user is told. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Session } from '../../cli/session.ts';
import { assertNothingLeft, Journey, output, runJob } from '../../testing/journey.ts';

const LIMIT_MIB = 640;
const WORKER = `worker: {cpu: 1, memory: ${LIMIT_MIB}Mi, max: 3}\n`;
/** Values are written, so that they are resident; it waits until the kubelet has looked, where there is a limit. */
const SCRIPT = `library(foreach)
x <- foreach(i = 1:6, .errorhandling = "pass") %dopar% {
  if (i == 5) { large <- rep(1, ${LIMIT_MIB} * 2^17 * 1.5); WAIT; length(large) }
  i
}
last <- if (inherits(x[[5]], "error")) conditionMessage(x[[5]]) else x[[5]]
writeLines(as.character(c(unlist(x[-5]), last)), "x.txt")
`;

describe('a job of which an iteration needs too much memory', () => {
  const journey = new Journey();
  let session: Session;

  before(async () => {
    session = await journey.start();
  });
  after(() => journey.cleanUp());

  it('says so, with the limit, and has all other results', async () => {
    const jobFile = `script: run.R\n${WORKER}tasks: {tries: 2, moreMemory: false}\n`;
    const status = await runJob(
      session,
      journey.jobFolder('large', SCRIPT.replace('WAIT', 'Sys.sleep(3600)'), jobFile),
      'large',
    );
    assert.equal(status.phase, 'succeeded', JSON.stringify(status.reason));
    const why = `it ran out of memory 2 times (limit ${LIMIT_MIB}Mi; worker.memory in job.yaml)`;
    const said = `iteration 5 was given up: ${why}`;
    assert.deepEqual(
      String(await output(session, 'large', 1, 'x.txt'))
        .trim()
        .split('\n'),
      ['1', '2', '3', '4', '6', said],
    );
    assert.deepEqual(
      status.errors.recent.map(({ iteration, message }) => [iteration, message]),
      [[5, said]],
    );
    await assertNothingLeft(session);
  });

  it('runs it on a worker with more memory', async () => {
    // Only there it ends: where it has no room it waits for the kubelet.
    const wait = 'if (Sys.getenv("FF_LARGE") == "") Sys.sleep(3600)';
    const jobFile = `script: run.R\n${WORKER}`;
    const status = await runJob(session, journey.jobFolder('larger', SCRIPT.replace('WAIT', wait), jobFile), 'larger');
    assert.equal(status.phase, 'succeeded', JSON.stringify(status.reason));
    const values = String(await output(session, 'larger', 1, 'x.txt')).trim();
    assert.equal(values, '1\n2\n3\n4\n6\n5');
    assert.deepEqual(status.errors, { count: 0, recent: [] });
    await assertNothingLeft(session);
  });
});
