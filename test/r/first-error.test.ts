// The error that ends a loop is that of the lowest iteration that fails, as %do% shows it, whoever fails first.
// Its call is the code of the loop.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import { killPod } from '../../testing/pod-processes.ts';
import { Lab, type Running } from '../../testing/lab.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { succeeded } from '../../testing/succeeded.ts';
import { tracedLines } from '../support/traced-lines.ts';

let lab: Lab;
let trace: string;
let go: string;
beforeEach(async () => {
  lab = await Lab.start();
  trace = join(lab.dir, 'trace');
  go = join(lab.dir, 'go');
});
afterEach(() => lab.stop());

const ITERATIONS = 60;

/**
 * Every second iteration fails. The second waits before it does, and those that the other workers come to at last keep
 * them from the rest.
 */
const code = (): string => `
  shown <- tryCatch(foreach(i = 1:${ITERATIONS}) %dopar% {
    cat(i, "\\n", file = "${trace}", append = TRUE)
    if (i == 2 || i > 10) while (!file.exists("${go}")) Sys.sleep(0.1)
    if (i %% 2 == 0) stop("no fit for ", i)
    i
  }, error = function(e) c(conditionMessage(e), as.character(conditionCall(e)[[1]])))
  cat(shown, "\\n")`;

const runs = (): number[] => tracedLines(trace).map(Number);
const begun = (iteration: number, times = 1): Promise<true> =>
  waitFor(`iteration ${iteration} has begun`, () => runs().filter((run) => run === iteration).length >= times);

/** A failure above the second is known, and nothing above waits any more. */
async function failedAbove(): Promise<void> {
  await waitFor('one has failed', async () => Number(await lab.redis.hget(redisKeys.loop(1), 'failed')) >= 1);
  await waitFor('nothing waits', async () => (await lab.redis.llen(redisKeys.queue)) === 0);
}

async function shows(session: Running): Promise<void> {
  await succeeded(session);
  assert.ok(session.lines.includes('task 2 failed - "no fit for 2" { '), session.lines.join('\n'));
}

test('a quick failure waits for the iterations below it, and nothing above it begins', async () => {
  for (const pod of ['w1', 'w2', 'w3']) lab.worker(pod);
  await lab.workersReady(3);
  const session = lab.session(code(), ', task_size = 1L');
  await begun(2);
  await failedAbove();
  writeFileSync(go, '');
  await shows(session);
  // two workers were kept by one each
  assert.ok(new Set(runs().filter((run) => run > 10)).size <= 2, runs().join(' '));
});

test('an iteration below that is lost with its machine runs again before the loop ends', async () => {
  const workers = new Map(['w1', 'w2', 'w3'].map((pod) => [pod, lab.worker(pod)]));
  await lab.workersReady(3);
  const session = lab.session(code(), ', task_size = 1L');
  await begun(2);
  await failedAbove();
  const entries = Object.entries(await lab.redis.hgetall(redisKeys.workers));
  const [pod] = entries.find(([, entry]) => entry.includes('"iterations":[2]')) ?? assert.fail(JSON.stringify(entries));
  await killPod(workers.get(pod)!);
  lab.worker('w4');
  await begun(2, 2);
  writeFileSync(go, '');
  await shows(session);
});
